//! The sections of host.json that this emulator supports ("host.json reference for Azure Functions").

use std::time::Duration;

use crate::{configuration::Configuration, settings_error::SettingsError, time_span};

/// The default in the host's source; "Azure Functions custom handlers" says one minute.
const DEFAULT_INITIALIZATION_TIMEOUT: Duration = Duration::from_secs(30);

/// The defaults of "Azure Queue storage trigger and bindings", host.json settings.
const DEFAULT_BATCH_SIZE: u8 = 16;
const DEFAULT_MAX_DEQUEUE_COUNT: u32 = 5;
/// The default in the environment `Development`, as on a developer's machine. Elsewhere it is a minute.
const DEFAULT_MAX_POLLING_INTERVAL: Duration = Duration::from_secs(2);
/// The largest number of messages that the service returns at once.
const LARGEST_BATCH: u8 = 32;
/// The smallest `maxPollingInterval`, and the first polling interval of an empty queue.
pub(crate) const SHORTEST_POLLING_INTERVAL: Duration = Duration::from_millis(100);

const DEFAULT_EXECUTABLE_PATH: &str = "customHandler:description:defaultExecutablePath";

/// `customHandler` of host.json.
#[derive(Debug)]
pub(crate) struct CustomHandlerSettings {
    pub(crate) default_executable_path: String,
    pub(crate) initialization_timeout: Duration,
}

/// `extensions.queues` of host.json.
#[derive(Clone, Copy, Debug)]
pub(crate) struct QueueSettings {
    pub(crate) batch_size: u8,
    pub(crate) new_batch_threshold: u32,
    pub(crate) max_polling_interval: Duration,
    pub(crate) visibility_timeout: Duration,
    pub(crate) max_dequeue_count: u32,
}

pub(crate) fn custom_handler(
    configuration: &Configuration,
) -> Result<CustomHandlerSettings, SettingsError> {
    Ok(CustomHandlerSettings {
        default_executable_path: configuration
            .text(DEFAULT_EXECUTABLE_PATH)
            .filter(|text| !text.is_empty())
            .ok_or(SettingsError::Missing { path: DEFAULT_EXECUTABLE_PATH })?
            .to_owned(),
        initialization_timeout: configuration
            .time_span("customHandler:initializationTimeout", DEFAULT_INITIALIZATION_TIMEOUT)?,
    })
}

pub(crate) fn queues(configuration: &Configuration) -> Result<QueueSettings, SettingsError> {
    let batch_size = |text: &str| text.parse().ok().filter(|n| (1..=LARGEST_BATCH).contains(n));
    let batch_size = configuration
        .read("extensions:queues:batchSize", "a number from 1 to 32", batch_size)?
        .unwrap_or(DEFAULT_BATCH_SIZE);
    let interval = |text: &str| {
        time_span::parse(text).filter(|interval| *interval >= SHORTEST_POLLING_INTERVAL)
    };
    let encoding = |text: &str| text.eq_ignore_ascii_case("none").then_some(());
    let path = "extensions:queues:messageEncoding";
    configuration
        .read(path, "none with this emulator", encoding)?
        .ok_or(SettingsError::Missing { path })?;
    Ok(QueueSettings {
        batch_size,
        new_batch_threshold: configuration
            .integer("extensions:queues:newBatchThreshold", u32::from(batch_size / 2))?,
        max_polling_interval: configuration
            .read(
                "extensions:queues:maxPollingInterval",
                "a time span of 100 ms or more",
                interval,
            )?
            .unwrap_or(DEFAULT_MAX_POLLING_INTERVAL),
        visibility_timeout: configuration
            .time_span("extensions:queues:visibilityTimeout", Duration::ZERO)?,
        max_dequeue_count: configuration
            .integer("extensions:queues:maxDequeueCount", DEFAULT_MAX_DEQUEUE_COUNT)?,
    })
}
