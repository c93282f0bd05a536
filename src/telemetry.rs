//! Logging: JSON lines on standard output and standard error. The Functions host stores each line as one
//! record of Application Insights.
//!
//! Never logged: tokens, keys, bodies of requests and results, claims of events. Ids are fields.

mod fields;
mod json_lines;
mod line;
mod streams;

use broker::{LogOutput, RECORD};
use json_lines::JsonLines;
use streams::Streams;
use tracing::{Level, Subscriber};
use tracing_subscriber::{
    Layer,
    filter::{FilterExt, Targets, filter_fn},
    layer::SubscriberExt,
    registry::LookupSpan,
    util::SubscriberInitExt,
};

/// The crates whose lines are logged at any level. No setting shows lines of libraries below WARN, because
/// those may contain headers and bodies, and so tokens.
const OWN_CRATES: [&str; 7] = [
    "app_role_broker",
    "azure_rest",
    "broker",
    "functions_handler",
    "function_folders",
    "microsoft_graph",
    "record",
];

/// The level without `RUST_LOG`.
const DEFAULT_LEVEL: Level = Level::INFO;

/// Starts logging.
///
/// `filter` is the value of `RUST_LOG`: a level, `target=level`, or a comma-separated list of these
/// (`Targets` of `tracing_subscriber`). Any other value is ignored.
///
/// Returns whether lines reach the host, for the broker.
#[must_use]
pub fn start(filter: Option<&str>) -> LogOutput {
    let output = LogOutput::default();
    let layer = layer(filter, Streams::new(output.clone()));
    // A second start, in tests, changes nothing.
    let _ = tracing_subscriber::registry().with(layer).try_init();
    output
}

fn layer<S>(filter: Option<&str>, streams: Streams) -> impl Layer<S>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    let chosen = filter.filter(|text| !text.is_empty()).and_then(|text| text.parse().ok());
    let chosen = chosen.unwrap_or_else(|| Targets::new().with_default(DEFAULT_LEVEL));
    let is_own = |target: &str| OWN_CRATES.iter().any(|own| target.starts_with(own));
    // warp logs an error for each connection that the host closes early.
    let ours_or_serious = filter_fn(move |metadata| {
        let target = metadata.target();
        is_own(target) || (*metadata.level() <= Level::WARN && !target.starts_with("warp"))
    });
    // The ids in the lines of the record come from spans, so no setting silences those.
    let record = filter_fn(move |metadata| {
        metadata.target() == RECORD || (metadata.is_span() && is_own(metadata.target()))
    });
    JsonLines::new(streams).with_filter(chosen.and(ours_or_serious).or(record))
}

#[cfg(test)]
mod tests;
