//! Health checks, over HTTP and by a timer.

use app_roles::VERSION;
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
/// { "status": "ok", "brokerVersion": "0.1.0", "policySha256": "9f86…",
///   "checks": { "settings": "ok", "functions": "ok", "policy": "ok", … } }
/// ```
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Health"))]
#[serde(rename_all = "camelCase")]
struct HealthReport {
    /// `failed` if any check failed.
    status: Check,
    /// The version of this program, as in results.
    broker_version: &'static str,
    /// SHA-256 of the policy in force. Absent if none is.
    #[serde(skip_serializing_if = "Option::is_none")]
    policy_sha256: Option<String>,
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
/// check, the digest of the policy and the version, and no names, because anyone may call.
pub async fn run(app: &App) -> Reply {
    let report = report(app).await;
    let status_code = if report.status == Check::Failed { 503 } else { 200 };
    // A struct of words can always be serialized.
    let json = serde_json::to_string(&report).unwrap_or_default();
    let response = HttpResponse::new(status_code, "application/json", json)
        .header("Cache-Control", "no-store");
    Reply::Succeeded(Outputs::default().response(RESPONSE_BINDING, response))
}

/// Makes the checks, and fails the run if one failed. Alerts notice failed runs, and notice when runs stop.
/// So nothing outside has to call the app, which may be closed to the internet.
pub async fn run_by_timer(app: &App) -> Reply {
    if report(app).await.status == Check::Failed {
        return Reply::Failed("a check failed; the handler's log says which".to_owned());
    }
    Reply::Succeeded(Outputs::default())
}

async fn report(app: &App) -> HealthReport {
    let broker = app.broker.health(&app.queues).await;
    let functions = if app.has_faulty_function { Check::Failed } else { Check::Ok };
    let Health { policy, token, roles, graph, table, queues } = broker;
    let has_failed =
        [functions, policy, token, roles, graph, table, queues].contains(&Check::Failed);
    let status = if has_failed { Check::Failed } else { Check::Ok };
    HealthReport {
        status,
        broker_version: VERSION,
        policy_sha256: app.broker.policy().sha256().map(str::to_owned),
        checks: Checks { settings: Check::Ok, functions, broker },
    }
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
