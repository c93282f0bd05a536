//! The timer that finishes approvals.
//!
//! The host does not retry a failed run; the next one starts from the table as it is then.

use azure_rest::retry::Deadline;
use functions_handler::{
    invocation::Invocation,
    reply::{Outputs, Reply},
};
use tracing::Instrument as _;

use super::delivery;
use crate::app::App;

/// Runs once. The scheduled time of the run is ignored.
pub async fn run(app: &App, invocation: &Invocation) -> Reply {
    let deadline = Deadline::after(app.timing.finish_approvals);
    let ask = delivery::of_timer(invocation, deadline);
    match app.broker.approvals().run(&ask).instrument(delivery::span(&ask)).await {
        Ok(()) => Reply::Succeeded(Outputs::default()),
        Err(again) => {
            let reason = &again.reason;
            tracing::error!(event = "approvals.failed", "the next run tries again: {reason}");
            Reply::Failed("no approval could be read; the handler's log says why".to_owned())
        }
    }
}
