//! The timer that settles intents that were left open.
//!
//! The host does not retry a failed run; the next one starts from the table as it is then.

use azure_rest::retry::Deadline;
use functions_handler::reply::{Outputs, Reply};

use crate::app::App;

/// Runs once. The scheduled time of the run is ignored.
pub async fn run(app: &App) -> Reply {
    let deadline = Deadline::after(app.timing.settle_all);
    match app.broker.settle_intents(deadline).await {
        Ok(()) => Reply::Succeeded(Outputs::default()),
        Err(error) => {
            tracing::error!(event = "settle.failed", "the next run tries again: {error}");
            Reply::Failed("no intent was read; the handler's log says why".to_owned())
        }
    }
}
