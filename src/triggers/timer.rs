//! The timer that compares the whole tenant with the baseline.
//!
//! A run plans and writes nothing. The checks that it plans go into a queue of their own, so that fresh
//! events do not wait behind them. Each check has its own deliveries and its own record. The host does not
//! retry a failed run; the next one starts from the state of the tenant at that time.

use app_roles::event::BaselineCheckRequested;
use azure_rest::retry::Deadline;
use function_folders::use_case::CHECK_BINDING;
use functions_handler::reply::{Outputs, Reply};

use crate::app::App;

/// Runs once. The scheduled time of the run is ignored.
pub async fn run(app: &App) -> Reply {
    let deadline = Deadline::after(app.timing.reconcile);
    match app.broker.reconcile(deadline).await {
        Ok(checks) => reply(&checks),
        Err(error) => {
            tracing::error!(event = "reconcile.failed", "the next run tries again: {error}");
            Reply::Failed("nothing was planned; the handler's log says why".to_owned())
        }
    }
}

fn reply(checks: &[BaselineCheckRequested]) -> Reply {
    let mut outputs = Outputs::default();
    for check in checks {
        match check.to_json() {
            Ok(text) => outputs = outputs.message(CHECK_BINDING, text),
            Err(error) => {
                tracing::error!(event = "reconcile.failed", "a check cannot be written: {error}");
                return Reply::Failed("a check could not be written as JSON".to_owned());
            }
        }
    }
    Reply::Succeeded(outputs)
}
