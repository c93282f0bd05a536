//! The settings in `host.json` that the handler depends on.

use std::path::Path;

use serde::Deserialize;

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

#[derive(Deserialize, Default)]
struct Wire {
    #[serde(default)]
    extensions: WireExtensions,
}

#[derive(Deserialize, Default)]
struct WireExtensions {
    #[serde(default)]
    queues: WireQueues,
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
        let bytes =
            std::fs::read(&file).map_err(|error| fault(format!("cannot be read: {error}")))?;
        let mut deserializer = serde_json::Deserializer::from_slice(&bytes);
        let wire: Wire = serde_path_to_error::deserialize(&mut deserializer)
            .map_err(|error| fault(format!("{}: {}", error.path(), error.inner())))?;
        let queues = wire.extensions.queues;
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
