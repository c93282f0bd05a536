//! The timer at which the whole tenant is compared with the baseline.
//!
//! A run plans and writes nothing: what is to be checked goes into the queue of events, where each check
//! has its own deliveries and its own record. A run that fails is not repeated by the host; the next one
//! starts from what is then the case.

use tracing::Instrument;

use super::{CHECK_BINDING, Workbench};
use app_roles::event::BaselineCheckRequested;
use azure_rest::retry::Deadline;
use function_folders::function_json::FunctionFolder;
use functions_handler::{
    invocation::Invocation,
    reply::{Outputs, Reply},
};

/// A function that plans checks at certain times.
#[derive(Debug)]
pub struct ReconcileTimer;

impl ReconcileTimer {
    /// Checks that the folder has where checks go.
    pub fn of(folder: &FunctionFolder) -> Result<Self, String> {
        let mut outputs = folder.outputs.iter();
        if !outputs.any(|output| output.kind == "queue" && output.name == CHECK_BINDING) {
            return Err(format!(
                "there must be an output binding of type \"queue\" named {CHECK_BINDING:?}: the host \
                 silently drops a message that has no binding"
            ));
        }
        Ok(Self)
    }

    /// Runs once. When it was due, and whether that is past, makes no difference.
    pub async fn run(&self, workbench: &Workbench, invocation: &Invocation) -> Reply {
        if workbench.broker.is_paused() {
            // Nothing is lost: the next run sees what this one would have seen.
            tracing::warn!(event = "broker.paused", "BROKER_MODE is paused: nothing is compared");
            return Reply::Succeeded(Outputs::default());
        }
        let span = tracing::info_span!(
            "run",
            function = invocation.function,
            invocation_id = invocation.id,
            policy_sha256 = workbench.broker.policy().sha256(),
        );
        let deadline = Deadline::after(workbench.timing.reconcile);
        let planned = workbench.broker.reconcile(deadline).instrument(span.clone()).await;
        let _inside = span.entered();
        match planned {
            Ok(checks) => reply(&checks),
            Err(error) => {
                tracing::error!(event = "reconcile.failed", "the next run tries again: {error}");
                Reply::Failed("nothing was planned; the handler's log says why".to_owned())
            }
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
