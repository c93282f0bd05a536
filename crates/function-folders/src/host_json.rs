//! The settings in `host.json` that the handler depends on.

use std::path::Path;

use serde::Deserialize;
use wire_formats::json::{self, Node};

use crate::{app_settings::AppSettings, file_fault::FileFault};

/// The host's default for `maxDequeueCount` ("Azure Queue storage trigger and bindings", host.json
/// settings).
const DEFAULT_MAX_DEQUEUE_COUNT: u32 = 5;

/// Prefix of app settings that override `host.json` ("host.json reference").
const OVERRIDE_PREFIX: &str = "AzureFunctionsJobHost__extensions__queues__";

/// The keys on the way to these settings, in the spelling of the documentation.
const KEYS: [&str; 4] = ["extensions", "queues", "maxDequeueCount", "messageEncoding"];

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
    ///
    /// To the host, upper and lower case of a key do not matter, and of two keys that differ only in case the
    /// last counts (Azure Functions host, `HostJsonFileConfigurationSource`). If the handler read another
    /// value, it would mistake the last delivery, and requests would get no result.
    pub fn read(app_root: &Path, settings: &AppSettings) -> Result<Self, FileFault> {
        let file = app_root.join("host.json");
        let fault = |problem: String| FileFault { file: file.clone(), problem };
        let bytes = std::fs::read(&file)
            .map_err(|error| fault(format!("cannot be read: {}", error.kind())))?;
        let wire = json::from_slice_with_comments(&bytes)
            .and_then(|document: Node| Wire::deserialize(&document.merged().spelled(&KEYS)))
            .map_err(|error| fault(error.in_document("the document")))?;
        let queues = wire.extensions.unwrap_or_default().queues.unwrap_or_default();
        let setting = |name: &str| settings.get(&format!("{OVERRIDE_PREFIX}{name}")).map_err(fault);
        let encoding = setting("messageEncoding")?.or(queues.message_encoding.as_deref());
        if !encoding.is_some_and(|encoding| encoding.eq_ignore_ascii_case("none")) {
            return Err(fault(
                "extensions.queues.messageEncoding must be \"none\": otherwise the host moves \
                 every message in plain text to the poison queue"
                    .to_owned(),
            ));
        }
        let max_dequeue_count = match setting("maxDequeueCount")? {
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
        read_with(text, &[])
    }

    fn read_with(text: &str, settings: &[(&str, &str)]) -> Result<u32, String> {
        let settings = settings.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        let settings: AppSettings = settings.collect();
        let root = tempfile::tempdir().unwrap();
        std::fs::write(root.path().join("host.json"), text).unwrap();
        let read = HostJson::read(root.path(), &settings);
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
    fn upper_and_lower_case_of_a_key_do_not_matter_and_the_last_of_two_counts() {
        let queues = r#""messageEncoding":"None","maxDequeueCount":9"#;
        for (text, deliveries) in [
            (format!(r#"{{"Extensions":{{"QUEUES":{{{queues}}}}}}}"#), 9),
            (format!(r#"{{"extensions":{{"queues":{{{}}}}}}}"#, queues.to_uppercase()), 9),
            (format!(r#"{{"extensions":{{"queues":{{{queues},"MaxDequeueCount":3}}}}}}"#), 3),
            (format!(r#"{{"extensions":{{"queues":{{"MaxDequeueCount":3,{queues}}}}}}}"#), 9),
            (
                format!(
                    r#"{{"extensions":{{"queues":{{{queues}}}}},
                        "Extensions":{{"Queues":{{"maxdequeuecount":3}},"http":{{}}}}}}"#
                ),
                3,
            ),
            (format!(r#"{{"extensions":7,"extensions":{{"queues":{{{queues}}}}}}}"#), 9),
        ] {
            assert_eq!(read(&text), Ok(deliveries), "{text}");
        }
    }

    #[test]
    fn an_app_setting_overrides_the_file_whatever_its_case() {
        let text = r#"{"extensions":{"queues":{"messageEncoding":"base64","maxDequeueCount":9}}}"#;
        for (deliveries, encoding) in [
            (
                "AzureFunctionsJobHost__extensions__queues__maxDequeueCount",
                "AzureFunctionsJobHost__extensions__queues__messageEncoding",
            ),
            (
                "AZUREFUNCTIONSJOBHOST__EXTENSIONS__QUEUES__MAXDEQUEUECOUNT",
                "azurefunctionsjobhost__extensions__queues__messageencoding",
            ),
            (
                "AzureFunctionsJobHost:extensions:queues:maxDequeueCount",
                "AzureFunctionsJobHost__Extensions:Queues__MessageEncoding",
            ),
        ] {
            assert_eq!(read_with(text, &[(deliveries, "3"), (encoding, "NONE")]), Ok(3));
            let other = deliveries.replace("max", "mAx").replace("MAX", "mAX");
            let fault = read_with(text, &[(deliveries, "3"), (&other, "4"), (encoding, "none")]);
            let fault = fault.unwrap_err();
            assert!(fault.contains(deliveries) && fault.contains(&other), "{fault}");
        }
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
