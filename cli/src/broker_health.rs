//! The broker's health endpoint. It needs no key and no sign-in.

use serde_json::{Map, Value};

use crate::{
    broker_api::BrokerApi,
    cloud::Cloud,
    failure::Failure,
    http,
    options::{BrokerAddress, GlobalOptions},
    output::Progress,
};

/// The path of the health endpoint.
const PATH: &str = "api/health";

/// The length of a SHA-256 in hexadecimal.
const DIGEST_LENGTH: usize = 64;

/// The broker's answer.
#[derive(Debug)]
pub(crate) struct BrokerHealth {
    /// The checks, each with `ok`, `failed` or `notChecked`.
    pub(crate) checks: Map<String, Value>,
    /// The SHA-256 of the policy in force. `None` if none is, or an old broker does not state it.
    pub(crate) policy_sha256: Option<String>,
    /// The broker's version. An old broker does not state it.
    pub(crate) version: Option<String>,
}

impl BrokerHealth {
    /// Returns whether the broker denies everything, because it has no policy.
    pub(crate) fn lacks_policy(&self) -> bool {
        self.checks.get("policy").is_some_and(|word| word == "failed")
    }
}

/// Asks the broker.
pub(crate) async fn ask(
    global: &GlobalOptions,
    address: &BrokerAddress,
) -> Result<BrokerHealth, Failure> {
    let _progress = Progress::start("asking the broker about its health …");
    let api = BrokerApi::anonymous(&Cloud::read(global)?, address)?;
    let response = http::send(api.get(api.url(PATH)?).await?).await?;
    let status = response.status();
    let body: Value = http::json(response).await.unwrap_or_default();
    let Some(Value::Object(checks)) = body.get("checks") else {
        return Err(Failure::failed(format!(
            "the answer is not that of a broker (HTTP status {status})"
        ))
        .hint("check --broker, and that the function app runs and has the function Health"));
    };
    let digest = body.get("policySha256").and_then(Value::as_str);
    let digest = digest.filter(|text| is_digest(text)).map(str::to_owned);
    let version = body.get("brokerVersion").and_then(Value::as_str).map(str::to_owned);
    Ok(BrokerHealth { checks: checks.clone(), policy_sha256: digest, version })
}

fn is_digest(text: &str) -> bool {
    text.len() == DIGEST_LENGTH
        && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}
