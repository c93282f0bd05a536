//! The settings in `host.json` that the handler depends on.

use std::path::Path;

use serde::Deserialize;
use wire_formats::json;

use crate::file_fault::{FileFault, Lookup};

/// The host's default for `maxDequeueCount` ("Azure Queue storage trigger and bindings", host.json
/// settings).
const DEFAULT_MAX_DEQUEUE_COUNT: u32 = 5;

/// Prefix of app settings that override `host.json` ("host.json reference").
const OVERRIDE_PREFIX: &str = "AzureFunctionsJobHost__extensions__queues__";

/// The settings in `host.json` that the handler depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostJson {
    /// How often the host delivers a failing message before it moves it to the poison queue.
    pub max_dequeue_count: u32,
}

#[derive(Deserialize)]
struct Wire {
    extensions: Option<WireExtensions>,
}

#[derive(Deserialize, Default)]
struct WireExtensions {
    queues: Option<WireQueues>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct WireQueues {
    max_dequeue_count: Option<u32>,
    message_encoding: Option<String>,
}

impl HostJson {
    /// Reads `host.json` below `app_root`. App settings override it, as they do for the host.
    pub fn read(app_root: &Path, setting: Lookup<'_>) -> Result<Self, FileFault> {
        let file = app_root.join("host.json");
        let fault = |problem: String| FileFault { file: file.clone(), problem };
        let bytes = std::fs::read(&file)
            .map_err(|error| fault(format!("cannot be read: {}", error.kind())))?;
        let wire: Wire = json::from_slice_with_comments(&bytes)
            .map_err(|error| fault(error.in_document("the document")))?;
        let queues = wire.extensions.unwrap_or_default().queues.unwrap_or_default();
        let encoding =
            setting(&format!("{OVERRIDE_PREFIX}messageEncoding")).or(queues.message_encoding);
        if encoding.as_deref() != Some("none") {
            return Err(fault(
                "extensions.queues.messageEncoding must be \"none\": otherwise the host moves \
                 every message in plain text to the poison queue"
                    .to_owned(),
            ));
        }
        let max_dequeue_count = match setting(&format!("{OVERRIDE_PREFIX}maxDequeueCount")) {
            Some(text) => text.parse().map_err(|_| {
                fault(format!("{OVERRIDE_PREFIX}maxDequeueCount must be a whole number"))
            })?,
            None => queues.max_dequeue_count.unwrap_or(DEFAULT_MAX_DEQUEUE_COUNT),
        };
        Ok(Self { max_dequeue_count })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<u32, String> {
        let root = tempfile::tempdir().unwrap();
        std::fs::write(root.path().join("host.json"), text).unwrap();
        let read = HostJson::read(root.path(), &|_| None);
        read.map(|settings| settings.max_dequeue_count).map_err(|fault| fault.problem)
    }

    #[test]
    fn a_file_is_the_same_in_every_form_that_the_host_reads() {
        let plain = r#"{"extensions":{"queues":{"messageEncoding":"none","maxDequeueCount":9}}}"#;
        for text in [
            plain.to_owned(),
            format!("\u{feff}{plain}"),
            format!("/* ours */ {plain} // \"maxDequeueCount\": 1"),
            plain.replace("9}", "9, /* nine */ }"),
        ] {
            assert_eq!(read(&text), Ok(9), "{text}");
        }
        let null = plain.replace('9', "null");
        assert_eq!(read(&null), Ok(DEFAULT_MAX_DEQUEUE_COUNT));
    }

    #[test]
    fn null_is_the_same_as_an_absent_section() {
        for text in [
            "{}",
            r#"{"extensions":null}"#,
            r#"{"extensions":{"queues":null}}"#,
            r#"{"extensions":{"queues":{"messageEncoding":null}}}"#,
        ] {
            let fault = read(text).unwrap_err();
            assert!(fault.starts_with("extensions.queues.messageEncoding must be"), "{fault}");
        }
    }

    #[test]
    fn a_fault_names_its_place_in_plain_words() {
        for (text, told) in [
            ("", "the document: is empty"),
            ("[]", "the document: must be a JSON object, but is an array"),
            ("{ // open", "the document: is not complete"),
            (r#"{"extensions":7}"#, "extensions: must be a JSON object, but is a number"),
            (
                r#"{"extensions":{"queues":{"maxDequeueCount":"9"}}}"#,
                "extensions.queues.maxDequeueCount: must be a whole number, but is a string",
            ),
        ] {
            let fault = read(text).unwrap_err();
            assert!(fault.starts_with(told), "{text}: {fault}");
        }
    }
}
