//! Logging: JSON lines on standard output, which the Functions host forwards to Application
//! Insights, one record a line.
//!
//! Never logged: tokens, keys, bodies of requests and results, claims of events. Ids are fields.

mod json_line;

use broker::RECORD;
use json_line::JsonLine;
use tracing::{Level, Subscriber};
use tracing_subscriber::{
    Layer,
    filter::{FilterExt, Targets, filter_fn},
    layer::SubscriberExt,
    registry::LookupSpan,
    util::SubscriberInitExt,
};

/// The crates whose lines are logged at any level. Libraries may log headers and bodies below WARN, and
/// those hold tokens: no setting shows them.
const OWN_CRATES: [&str; 6] = [
    "app_role_broker",
    "azure_rest",
    "broker",
    "functions_handler",
    "function_folders",
    "microsoft_graph",
];

/// What is logged unless `RUST_LOG` says otherwise.
const DEFAULT_LEVEL: Level = Level::INFO;

/// Starts logging.
///
/// `filter` is the value of `RUST_LOG`: a level, or `target=level`, or several of these with commas
/// between (`Targets` of `tracing_subscriber`). Anything else counts as absent.
pub fn start(filter: Option<&str>) {
    // A second start, in tests, leaves the first one in force.
    let _ = tracing_subscriber::registry().with(layer(filter)).try_init();
}

fn layer<S>(filter: Option<&str>) -> impl Layer<S>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    let chosen = filter.filter(|text| !text.is_empty()).and_then(|text| text.parse().ok());
    let chosen = chosen.unwrap_or_else(|| Targets::new().with_default(DEFAULT_LEVEL));
    // warp reports each connection that the host closes early as an error.
    let ours_or_serious = filter_fn(|metadata| {
        let target = metadata.target();
        OWN_CRATES.iter().any(|own| target.starts_with(own))
            || (*metadata.level() <= Level::WARN && !target.starts_with("warp"))
    });
    let record = filter_fn(|metadata| metadata.target() == RECORD);
    tracing_subscriber::fmt::layer()
        .fmt_fields(JsonLine)
        .event_format(JsonLine)
        .with_ansi(false)
        .with_writer(std::io::stdout)
        .with_filter(chosen.and(ours_or_serious).or(record))
}
