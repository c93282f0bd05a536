//! The timer that ends assignments.
//!
//! The host does not retry a failed run; the next one starts from the table as it is then.

use azure_rest::retry::Deadline;
use broker::EndsReport;
use functions_handler::{
    invocation::Invocation,
    reply::{Outputs, Reply},
};
use tracing::Instrument as _;

use super::delivery;
use crate::app::App;

/// Runs once. The scheduled time of the run is ignored.
pub async fn run(app: &App, invocation: &Invocation) -> Reply {
    let deadline = Deadline::after(app.timing.end_assignments);
    let ask = delivery::of_timer(invocation, deadline);
    match app.broker.end_assignments(&ask).instrument(delivery::span(&ask)).await {
        Ok(EndsReport { due, done }) => {
            tracing::debug!(event = "end.run", due, done, "looked for ends that have come");
            Reply::Succeeded(Outputs::default())
        }
        Err(reason) => {
            tracing::error!(event = "end.failed", "the next run tries again: {reason}");
            Reply::Failed("no end could be read; the handler's log says why".to_owned())
        }
    }
}
