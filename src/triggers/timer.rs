//! The timer that compares the whole tenant with the baseline.
//!
//! A run plans and writes nothing. Each check that it plans goes into a queue of its own, so that fresh
//! events are not behind them, and has its own deliveries and its own record there. The host does not
//! retry a failed run; the next one starts from the state of the tenant then.

use app_roles::event::BaselineCheckRequested;
use azure_rest::retry::Deadline;
use function_folders::use_case::CHECK_BINDING;
use functions_handler::reply::{Outputs, Reply};

use crate::app::App;

/// Runs once. When the run was due makes no difference.
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
