//! Logging: JSON lines on standard output, which the Functions host forwards to Application
//! Insights, one record a line.
//!
//! Never logged: tokens, keys, bodies of requests and results, claims of events. Ids are fields.

use tracing::{Level, Subscriber};
use tracing_subscriber::{
    EnvFilter, Layer,
    filter::{FilterExt, filter_fn},
    layer::SubscriberExt,
    registry::LookupSpan,
    util::SubscriberInitExt,
};

/// The target of the lines that are the record of what was decided and done. No setting silences
/// them: who could, could act unseen.
pub const RECORD: &str = "record";

/// What is logged unless `RUST_LOG` says otherwise.
const DEFAULT_FILTER: &str = "info";

/// Starts logging. `filter` is the value of `RUST_LOG`, in the syntax of `tracing_subscriber`.
pub fn start(filter: Option<&str>) {
    // A second start, in tests, leaves the first one in force.
    let _ = tracing_subscriber::registry().with(layer(filter)).try_init();
}

fn layer<S>(filter: Option<&str>) -> impl Layer<S>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    let chosen = EnvFilter::new(filter.unwrap_or(DEFAULT_FILTER));
    // Libraries may log headers and bodies below WARN, and those hold tokens: no setting shows them.
    // warp reports each connection that the host closes early as an error.
    let ours_or_serious = filter_fn(|metadata| {
        let target = metadata.target();
        target.starts_with("app_role_broker")
            || (*metadata.level() <= Level::WARN && !target.starts_with("warp"))
    });
    let record = filter_fn(|metadata| metadata.target() == RECORD);
    tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_ansi(false)
        .with_writer(std::io::stdout)
        .with_filter(chosen.and(ours_or_serious).or(record))
}
