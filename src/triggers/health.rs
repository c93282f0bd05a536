//! Whether the app works, asked over HTTP by whoever watches it.

use serde::Serialize;

use super::{RESPONSE_BINDING, Workbench};
use broker::{Check, Health};
use function_folders::function_json::FunctionFolder;
use functions_handler::reply::{HttpResponse, Outputs, Reply};

/// A function that says whether the app works.
#[derive(Debug)]
pub struct HealthCheck;

/// The answer.
///
/// ```json
/// { "status": "ok", "checks": { "settings": "ok", "functions": "ok", "policy": "ok", … } }
/// ```
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Health"))]
struct Answer {
    /// Failed if any check has failed.
    status: Check,
    checks: Checks,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Checks {
    /// Always ok: a handler whose settings are at fault does not start.
    settings: Check,
    /// Every function folder could be understood.
    functions: Check,
    #[serde(flatten)]
    broker: Health,
}

impl HealthCheck {
    /// Checks that the folder has the binding that this trigger needs.
    pub fn of(folder: &FunctionFolder) -> Result<Self, String> {
        let mut outputs = folder.outputs.iter();
        if outputs.any(|output| output.kind == "http" && output.name == RESPONSE_BINDING) {
            return Ok(Self);
        }
        Err(format!("there must be an output binding of type \"http\" named {RESPONSE_BINDING:?}"))
    }

    /// Makes the checks and answers with what they found: 200, or 503 if one has failed. The answer says
    /// no more than one word for each, because anybody may ask.
    pub async fn run(&self, workbench: &Workbench) -> Reply {
        let broker = workbench.broker.health(&workbench.queues).await;
        let functions = if workbench.has_faulty_function { Check::Failed } else { Check::Ok };
        let Health { policy, token, roles, graph, table, queues } = broker;
        let has_failed =
            [functions, policy, token, roles, graph, table, queues].contains(&Check::Failed);
        let (status_code, status) =
            if has_failed { (503, Check::Failed) } else { (200, Check::Ok) };
        let answer = Answer { status, checks: Checks { settings: Check::Ok, functions, broker } };
        // Words are always representable.
        let json = serde_json::to_string(&answer).unwrap_or_default();
        let response = HttpResponse::new(status_code, "application/json", json)
            .header("Cache-Control", "no-store");
        Reply::Succeeded(Outputs::default().response(RESPONSE_BINDING, response))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use app_roles::schema::{assert_committed, written_schema};

    #[test]
    fn the_schema_of_the_answer_is_what_the_type_says() {
        assert_committed("health", &written_schema::<Answer>());
    }
}
