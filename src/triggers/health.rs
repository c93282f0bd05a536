//! Health checks over HTTP.

use broker::{Check, Health};
use function_folders::use_case::RESPONSE_BINDING;
use functions_handler::{
    http_response::HttpResponse,
    reply::{Outputs, Reply},
};
use serde::Serialize;

use crate::app::App;

/// The response to a health check.
///
/// ```json
/// { "status": "ok", "checks": { "settings": "ok", "functions": "ok", "policy": "ok", … } }
/// ```
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Health"))]
struct HealthReport {
    /// `failed` if any check failed.
    status: Check,
    checks: Checks,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Checks {
    /// Always `ok`: a handler with a faulty setting does not start.
    settings: Check,
    /// No function folder has a fault.
    functions: Check,
    #[serde(flatten)]
    broker: Health,
}

/// Makes the checks and responds with 200, or with 503 if one failed. The response has one word for each
/// check, because anyone may call.
pub async fn run(app: &App) -> Reply {
    let broker = app.broker.health(&app.queues).await;
    let functions = if app.has_faulty_function { Check::Failed } else { Check::Ok };
    let Health { policy, token, roles, graph, table, queues } = broker;
    let has_failed =
        [functions, policy, token, roles, graph, table, queues].contains(&Check::Failed);
    let (status_code, status) = if has_failed { (503, Check::Failed) } else { (200, Check::Ok) };
    let report = HealthReport { status, checks: Checks { settings: Check::Ok, functions, broker } };
    // A struct of words can always be written.
    let json = serde_json::to_string(&report).unwrap_or_default();
    let response = HttpResponse::new(status_code, "application/json", json)
        .header("Cache-Control", "no-store");
    Reply::Succeeded(Outputs::default().response(RESPONSE_BINDING, response))
}

#[cfg(test)]
mod tests {
    use app_roles::schema::{assert_committed, written_schema};

    use super::*;

    #[test]
    fn the_schema_of_the_response_is_what_the_type_says() {
        assert_committed("health", &written_schema::<HealthReport>());
    }
}
