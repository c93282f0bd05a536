//! The broker's own opinion of itself.

use azure_rest::client::causes;
use serde_json::{Map, Value};

use super::finding::Finding;
use crate::{
    arguments::{BrokerAddress, GlobalOptions},
    broker_api::BrokerApi,
    failure::Failure,
};

const CHECK: &str = "the broker's health";

/// Where the broker says how it is, below its address.
const PATH: &str = "api/health";

pub(super) async fn examine(global: &GlobalOptions, address: &BrokerAddress) -> Finding {
    if address.broker.as_deref().is_none_or(str::is_empty) {
        return Finding::not_checked(CHECK, "--broker");
    }
    match ask(global, address).await {
        Err(failure) => Finding::failed(CHECK, &failure),
        Ok(checks) => of_checks(&checks),
    }
}

/// The broker's checks: a word for each, `ok`, `failed` or `notChecked`.
async fn ask(
    global: &GlobalOptions,
    address: &BrokerAddress,
) -> Result<Map<String, Value>, Failure> {
    let api = BrokerApi::anonymous(global, address)?;
    let url = api.address(PATH)?;
    let failed = |error: reqwest::Error| {
        Failure::failed(format!("{url} does not answer: {}", causes(&error.without_url())))
    };
    let response = api.client.get(url.clone()).send().await.map_err(failed)?;
    let status = response.status();
    let body: Value = response.json().await.unwrap_or_default();
    match body.get("checks") {
        Some(Value::Object(checks)) => Ok(checks.clone()),
        _ => Err(Failure::failed(format!("it answered {status}, and not what the broker answers"))
            .hint("--broker names the function app; is it running, and deployed with Health?")),
    }
}

fn of_checks(checks: &Map<String, Value>) -> Finding {
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
    Finding::bad(CHECK, format!("failed: {failed}")).advice("the broker's log says why")
}
