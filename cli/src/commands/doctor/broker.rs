//! The check of the broker's own health endpoint.

use serde_json::{Map, Value};

use super::finding::Finding;
use crate::{
    broker_api::BrokerApi,
    cloud::Cloud,
    failure::Failure,
    http,
    options::{BrokerAddress, GlobalOptions},
};

const CHECK: &str = "the broker's health";

/// The path of the health endpoint.
const PATH: &str = "api/health";

/// Asks the health endpoint of the broker.
pub(super) async fn check(global: &GlobalOptions, address: &BrokerAddress) -> Finding {
    if address.url().is_none() {
        return Finding::not_checked(CHECK, "--broker");
    }
    match ask(global, address).await {
        Err(failure) => Finding::failed(CHECK, &failure),
        Ok(checks) => finding_of(&checks),
    }
}

/// Returns the broker's checks, each with `ok`, `failed` or `notChecked`.
async fn ask(
    global: &GlobalOptions,
    address: &BrokerAddress,
) -> Result<Map<String, Value>, Failure> {
    let api = BrokerApi::anonymous(&Cloud::read(global)?, address)?;
    let response = http::send(api.get(api.url(PATH)?)).await?;
    let status = response.status();
    let body: Value = http::json(response).await.unwrap_or_default();
    match body.get("checks") {
        Some(Value::Object(checks)) => Ok(checks.clone()),
        _ => Err(Failure::failed(format!(
            "the answer is not that of a broker (HTTP status {status})"
        ))
        .hint("check --broker, and that the function app runs and has the function Health")),
    }
}

fn finding_of(checks: &Map<String, Value>) -> Finding {
    let with = |word: &str| {
        let names =
            checks.iter().filter(|(_, value)| *value == word).map(|(name, _)| name.as_str());
        names.collect::<Vec<_>>().join(", ")
    };
    let failed = with("failed");
    if failed.is_empty() {
        let not_checked = with("notChecked");
        let found = format!("ok: {}", with("ok"));
        return match not_checked.as_str() {
            "" => Finding::ok(CHECK, found),
            not_checked => Finding::ok(CHECK, found).advice(format!("not checked: {not_checked}")),
        };
    }
    Finding::bad(CHECK, format!("failed: {failed}")).advice("see the broker's log")
}
