//! The sections of host.json that this stand-in obeys ("host.json reference for Azure Functions").

use std::time::Duration;

use super::{configuration::Configuration, settings::SettingsError, time_span};

/// The default of every plan but Consumption ("host.json reference", functionTimeout).
const DEFAULT_FUNCTION_TIMEOUT: Duration = Duration::from_secs(30 * 60);
/// The host's own default; "Azure Functions custom handlers" says one minute.
const DEFAULT_INITIALIZATION_TIMEOUT: Duration = Duration::from_secs(30);

/// The defaults of "Azure Queue storage trigger and bindings", host.json settings.
const DEFAULT_BATCH_SIZE: u8 = 16;
const DEFAULT_MAX_DEQUEUE_COUNT: u32 = 5;
/// The default in the environment Development, which is what this is; elsewhere it is a minute.
const DEFAULT_MAX_POLLING_INTERVAL: Duration = Duration::from_secs(2);
/// The most messages that the service returns at once.
const LARGEST_BATCH: u8 = 32;
/// The least value of `maxPollingInterval`, and where the idle back-off starts.
pub(super) const SHORTEST_POLLING_INTERVAL: Duration = Duration::from_millis(100);

/// The default of "Azure Functions HTTP trigger", host.json settings.
const DEFAULT_ROUTE_PREFIX: &str = "api";

const DEFAULT_EXECUTABLE_PATH: &str = "customHandler:description:defaultExecutablePath";
/// Other ways to call functions over HTTP.
const FORWARDING: [&str; 2] =
    ["customHandler:enableForwardingHttpRequest", "customHandler:enableProxyingHttpRequest"];

/// `customHandler` of host.json.
#[derive(Debug)]
pub(super) struct CustomHandlerSettings {
    pub(super) default_executable_path: String,
    pub(super) default_worker_path: Option<String>,
    pub(super) worker_directory: Option<String>,
    pub(super) working_directory: Option<String>,
    pub(super) arguments: Vec<String>,
    pub(super) worker_arguments: Vec<String>,
    pub(super) stderr_is_for_errors_only: bool,
    pub(super) initialization_timeout: Duration,
}

/// `extensions.queues` of host.json.
#[derive(Clone, Copy, Debug)]
pub(super) struct QueueSettings {
    pub(super) batch_size: u8,
    pub(super) new_batch_threshold: u32,
    pub(super) max_polling_interval: Duration,
    pub(super) visibility_timeout: Duration,
    pub(super) max_dequeue_count: u32,
    pub(super) message_encoding: MessageEncoding,
}

/// `extensions.http` of host.json.
#[derive(Debug)]
pub(super) struct HttpSettings {
    /// Comes before every route; may be empty.
    pub(super) route_prefix: String,
}

/// How message texts are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MessageEncoding {
    Base64,
    None,
}

pub(super) fn function_timeout(
    configuration: &Configuration,
) -> Result<Option<Duration>, SettingsError> {
    let read = |text: &str| match text {
        "-1" => Some(None),
        text => time_span::parse(text).map(Some),
    };
    let timeout = configuration.read("functionTimeout", "a time span, or -1 for no limit", read)?;
    Ok(timeout.unwrap_or(Some(DEFAULT_FUNCTION_TIMEOUT)))
}

pub(super) fn custom_handler(
    configuration: &Configuration,
) -> Result<CustomHandlerSettings, SettingsError> {
    for path in ["customHandler", "customHandler:description"] {
        if !configuration.has(path) {
            return Err(SettingsError::Missing { path });
        }
    }
    for path in FORWARDING {
        let is_off = |text: &str| text.eq_ignore_ascii_case("false").then_some(());
        configuration.read(path, "false: this stand-in does not forward requests", is_off)?;
    }
    let optional = |path: &str| {
        let text = configuration.text(path).filter(|text| !text.is_empty());
        text.map(str::to_owned)
    };
    Ok(CustomHandlerSettings {
        default_executable_path: optional(DEFAULT_EXECUTABLE_PATH)
            .ok_or(SettingsError::Missing { path: DEFAULT_EXECUTABLE_PATH })?,
        default_worker_path: optional("customHandler:description:defaultWorkerPath"),
        worker_directory: optional("customHandler:description:workerDirectory"),
        working_directory: optional("customHandler:description:workingDirectory"),
        arguments: configuration.list("customHandler:description:arguments")?,
        worker_arguments: configuration.list("customHandler:description:workerArguments")?,
        stderr_is_for_errors_only: configuration
            .boolean("customHandler:description:useStdErrorStreamForErrorsOnly", true)?,
        initialization_timeout: configuration
            .time_span("customHandler:initializationTimeout", DEFAULT_INITIALIZATION_TIMEOUT)?,
    })
}

pub(super) fn queues(configuration: &Configuration) -> Result<QueueSettings, SettingsError> {
    let batch_size = |text: &str| text.parse().ok().filter(|n| (1..=LARGEST_BATCH).contains(n));
    let batch_size = configuration
        .read("extensions:queues:batchSize", "a number from 1 to 32", batch_size)?
        .unwrap_or(DEFAULT_BATCH_SIZE);
    let interval = |text: &str| {
        time_span::parse(text).filter(|interval| *interval >= SHORTEST_POLLING_INTERVAL)
    };
    let encoding = |text: &str| match text.to_ascii_lowercase().as_str() {
        "base64" => Some(MessageEncoding::Base64),
        "none" => Some(MessageEncoding::None),
        _ => None,
    };
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
        message_encoding: configuration
            .read("extensions:queues:messageEncoding", "base64 or none", encoding)?
            .unwrap_or(MessageEncoding::Base64),
    })
}

pub(super) fn http(configuration: &Configuration) -> HttpSettings {
    let prefix = configuration.text("extensions:http:routePrefix");
    HttpSettings { route_prefix: prefix.unwrap_or(DEFAULT_ROUTE_PREFIX).to_owned() }
}
