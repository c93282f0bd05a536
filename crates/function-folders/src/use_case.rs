//! Which use case a function folder selects, and which bindings it needs for that.
//!
//! The trigger's type and the name of its binding select the use case. A folder that is copied and
//! renamed therefore keeps it: this is how a team gets a queue of its own.

use app_roles::requester::Requester;

use crate::function_json::{Binding, FunctionFolder, HOST_CONNECTION};

/// The trigger binding that delivers a request.
pub const REQUEST_BINDING: &str = "request";

/// The trigger binding that delivers events about resources.
pub const EVENT_BINDING: &str = "resourceEvent";

/// The trigger binding of a health check, over HTTP or by a timer.
pub const HEALTH_BINDING: &str = "health";

/// The trigger binding of the timer that compares the tenant with the baseline.
pub const RECONCILE_BINDING: &str = "reconcile";

/// The trigger binding of the timer that ends assignments.
pub const END_BINDING: &str = "end";

/// The trigger binding of the timer that settles intents that were left open.
pub const SETTLE_BINDING: &str = "settle";

/// The trigger binding that delivers a call about approvals.
pub const APPROVAL_BINDING: &str = "approval";

/// The trigger binding of the timer that finishes approvals.
pub const APPROVALS_BINDING: &str = "approvals";

/// The output binding for results.
pub const RESULT_BINDING: &str = "result";

/// The output binding for requests that were given up.
pub const FAILED_BINDING: &str = "failed";

/// The output binding for baseline checks.
pub const CHECK_BINDING: &str = "check";

/// The output binding for HTTP responses.
pub const RESPONSE_BINDING: &str = "response";

/// The queue for requests that were given up, in the host's own storage account.
pub const FAILED_QUEUE: &str = "app-role-failed";

/// What a function does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UseCase {
    /// Works on requests from a storage queue.
    RequestQueue {
        /// The requester of every message: write access to the queue is what proves it.
        requester: Requester,
    },
    /// Answers requests over HTTP.
    RequestEndpoint,
    /// Works on events from a storage queue.
    EventQueue {
        /// The requester of requests that events carry.
        requester: Requester,
    },
    /// Works on events that Event Grid pushes.
    PushedEvents {
        /// The requester of requests that events carry.
        requester: Requester,
    },
    /// Answers health checks.
    Health,
    /// Makes the health checks when the timer fires.
    TimedHealth,
    /// Compares the tenant with the baseline when the timer fires.
    Reconcile,
    /// Removes the assignments whose end has come when the timer fires.
    EndAssignments,
    /// Settles intents that were left open when the timer fires.
    SettleIntents,
    /// Shows approvals over HTTP, and takes the decisions of approvers.
    ApprovalEndpoint,
    /// Carries out what was approved, and expires what was not, when the timer fires.
    FinishApprovals,
}

impl UseCase {
    /// The use case that a folder selects. The error says what is wrong with the folder's bindings.
    pub fn of(folder: &FunctionFolder) -> Result<Self, String> {
        match (folder.trigger.kind.as_str(), folder.trigger.name.as_str()) {
            ("queueTrigger", REQUEST_BINDING) => {
                check_queue_outputs(folder)?;
                Ok(Self::RequestQueue { requester: queue_requester(folder)? })
            }
            ("queueTrigger", EVENT_BINDING) => {
                check_queue_outputs(folder)?;
                Ok(Self::EventQueue { requester: queue_requester(folder)? })
            }
            ("eventGridTrigger", EVENT_BINDING) => {
                check_queue_outputs(folder)?;
                Ok(Self::PushedEvents { requester: event_grid_requester(folder)? })
            }
            ("httpTrigger", REQUEST_BINDING) => {
                check_response(folder).map(|()| Self::RequestEndpoint)
            }
            ("httpTrigger", HEALTH_BINDING) => check_response(folder).map(|()| Self::Health),
            ("timerTrigger", HEALTH_BINDING) => Ok(Self::TimedHealth),
            ("timerTrigger", RECONCILE_BINDING) => {
                check_queue_output(folder, CHECK_BINDING).map(|()| Self::Reconcile)
            }
            ("timerTrigger", END_BINDING) => Ok(Self::EndAssignments),
            ("timerTrigger", SETTLE_BINDING) => Ok(Self::SettleIntents),
            ("httpTrigger", APPROVAL_BINDING) => {
                check_response(folder).map(|()| Self::ApprovalEndpoint)
            }
            ("timerTrigger", APPROVALS_BINDING) => Ok(Self::FinishApprovals),
            (kind, name) => Err(unknown(kind, name)),
        }
    }
}

/// Names the triggers that exist.
fn unknown(kind: &str, name: &str) -> String {
    format!(
        "no use case belongs to a {kind} named {name:?}; this broker knows queueTrigger and \
         httpTrigger named \"{REQUEST_BINDING}\", queueTrigger and eventGridTrigger named \
         \"{EVENT_BINDING}\", httpTrigger and timerTrigger named \"{HEALTH_BINDING}\", httpTrigger \
         named \"{APPROVAL_BINDING}\", and timerTrigger named \"{RECONCILE_BINDING}\", \
         \"{END_BINDING}\", \"{SETTLE_BINDING}\" and \"{APPROVALS_BINDING}\""
    )
}

/// The requester of a queue. Its messages prove one only if the host passes on their bytes unchanged.
fn queue_requester(folder: &FunctionFolder) -> Result<Requester, String> {
    let trigger = &folder.trigger;
    if trigger.data_type.as_deref() != Some("binary") {
        return Err(format!(
            "the trigger {:?} must have \"dataType\": \"binary\"; without it, the host lets a message \
             overwrite its own delivery count",
            trigger.name
        ));
    }
    let queue = trigger.queue_name.as_deref().unwrap_or_default();
    Requester::parse(&format!("queue:{queue}"))
        .map_err(|error| format!("the trigger's queueName is {queue:?}: {error}"))
}

fn event_grid_requester(folder: &FunctionFolder) -> Result<Requester, String> {
    let name = &folder.name;
    Requester::parse(&format!("eventgrid:{name}"))
        .map_err(|error| format!("the function is named {name:?}: {error}"))
}

/// The outputs of a function that works on messages.
fn check_queue_outputs(folder: &FunctionFolder) -> Result<(), String> {
    check_queue_output(folder, RESULT_BINDING)?;
    check_failed(folder)
}

/// Checks that requests that were given up go where only operators can read and replay them.
fn check_failed(folder: &FunctionFolder) -> Result<(), String> {
    check_queue_output(folder, FAILED_BINDING)?;
    let is_elsewhere = |output: &&Binding| {
        output.name == FAILED_BINDING
            && (output.queue_name.as_deref() != Some(FAILED_QUEUE)
                || output.connection() != HOST_CONNECTION)
    };
    match folder.outputs.iter().find(is_elsewhere) {
        None => Ok(()),
        Some(output) => Err(format!(
            "the output binding {FAILED_BINDING:?} must have queueName {FAILED_QUEUE:?} and connection \
             {HOST_CONNECTION:?}, and has {:?} and {:?}: failed requests are for operators only",
            output.queue_name.as_deref().unwrap_or_default(),
            output.connection(),
        )),
    }
}

fn check_queue_output(folder: &FunctionFolder, name: &str) -> Result<(), String> {
    let is_it = |output: &Binding| output.kind == "queue" && output.name == name;
    check(folder, is_it, || {
        format!(
            "an output binding of type \"queue\" named {name:?} is missing; the host silently drops a \
             message for a binding that does not exist"
        )
    })
}

fn check_response(folder: &FunctionFolder) -> Result<(), String> {
    let is_it = |output: &Binding| output.kind == "http" && output.name == RESPONSE_BINDING;
    check(folder, is_it, || {
        format!(
            "an output binding of type \"http\" named {RESPONSE_BINDING:?} is missing; without it, the \
             host answers every call with 200"
        )
    })
}

fn check(
    folder: &FunctionFolder,
    is_it: impl Fn(&Binding) -> bool,
    problem: impl FnOnce() -> String,
) -> Result<(), String> {
    if folder.outputs.iter().any(is_it) { Ok(()) } else { Err(problem()) }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::{app_settings::AppSettings, function_json::FunctionFolders};

    /// The use case of a folder with these bindings.
    fn selected(bindings: &Value) -> Result<UseCase, String> {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("Copy");
        std::fs::create_dir(&folder).unwrap();
        let text = json!({ "bindings": bindings }).to_string();
        std::fs::write(folder.join("function.json"), text).unwrap();
        let folders = FunctionFolders::read(root.path(), &AppSettings::default()).unwrap();
        UseCase::of(&folders.functions[0])
    }

    fn trigger(kind: &str, name: &str) -> Value {
        json!({ "type": kind, "direction": "in", "name": name, "route": "copy/{id?}",
                "authLevel": "function", "schedule": "30 * * * * *" })
    }

    fn response() -> Value {
        json!({ "type": "http", "direction": "out", "name": RESPONSE_BINDING })
    }

    #[test]
    fn calls_about_approvals_without_a_response_are_refused() {
        let problem = selected(&json!([trigger("httpTrigger", APPROVAL_BINDING)])).unwrap_err();
        assert!(problem.contains("type \"http\" named \"response\" is missing"), "{problem}");
    }

    #[test]
    fn a_trigger_without_a_use_case_is_refused_with_the_names_of_all_that_have_one() {
        for (kind, name) in [
            ("timerTrigger", APPROVAL_BINDING),
            ("httpTrigger", APPROVALS_BINDING),
            ("queueTrigger", APPROVAL_BINDING),
            ("httpTrigger", "Approval"),
        ] {
            let problem = selected(&json!([trigger(kind, name), response()])).unwrap_err();
            let told = format!("no use case belongs to a {kind} named {name:?}");
            assert!(problem.starts_with(&told), "{problem}");
            for known in [
                REQUEST_BINDING,
                EVENT_BINDING,
                HEALTH_BINDING,
                RECONCILE_BINDING,
                END_BINDING,
                SETTLE_BINDING,
                APPROVAL_BINDING,
                APPROVALS_BINDING,
            ] {
                assert!(problem.contains(&format!("{known:?}")), "{known}: {problem}");
            }
        }
    }

    /// Such a copy asks callers for a key, too. The key does not say who decides.
    #[test]
    fn a_copy_that_asks_for_a_key_takes_calls_about_approvals() {
        let endpoint = json!([trigger("httpTrigger", APPROVAL_BINDING), response()]);
        assert_eq!(selected(&endpoint), Ok(UseCase::ApprovalEndpoint));
    }

    #[test]
    fn a_timer_named_approvals_finishes_approvals() {
        let timer = json!([trigger("timerTrigger", APPROVALS_BINDING)]);
        assert_eq!(selected(&timer), Ok(UseCase::FinishApprovals));
    }
}
