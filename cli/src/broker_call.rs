//! Calls to the broker, and their retries.

use std::time::{Duration, SystemTime};

use azure_core::http::Url;
use azure_rest::retry::{Attempt, Deadline, retry, retry_after};
use reqwest::{Response, StatusCode, header::ACCEPT};
use serde_json::Value;

use crate::{broker_api::BrokerApi, failure::Failure, http, output::Progress};

/// The media type of results. Problem details (RFC 9457) are JSON too.
const JSON: &str = "application/json";

/// Statuses of a broker that may succeed later.
const RETRIED: [StatusCode; 4] = [
    StatusCode::TOO_MANY_REQUESTS,
    StatusCode::INTERNAL_SERVER_ERROR,
    StatusCode::SERVICE_UNAVAILABLE,
    StatusCode::GATEWAY_TIMEOUT,
];

/// The problem of a request beyond the limit of its rule (`docs/http-api.md`).
const RATE_LIMITED: &str = "urn:app-role-broker:problem:rate-limited";

/// The broker's answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    /// The JSON document; null if the body is not JSON.
    pub(crate) body: Value,
}

/// Sends a GET request or, if `sent` is the body, a POST request. Retries while the broker is unavailable,
/// so the broker must treat a repeated body as the same request.
pub(crate) async fn send(
    api: &BrokerApi,
    url: &Url,
    sent: Option<&Value>,
    wait: Duration,
) -> Result<Answer, Failure> {
    let progress = Progress::start("waiting for the broker …");
    send_until((api, url), sent, Deadline::after(wait), |text| progress.say(text)).await
}

/// Does the same until a deadline. `tell` reports the progress.
pub(crate) async fn send_until(
    (api, url): (&BrokerApi, &Url),
    sent: Option<&Value>,
    deadline: Deadline,
    tell: impl Fn(&str),
) -> Result<Answer, Failure> {
    retry("ask the broker", api.timing(), deadline, || async {
        let attempt = send_once(api, url, sent).await;
        if let Attempt::Again { error, .. } = &attempt {
            tell(&format!("{}; retrying …", error.sentence));
        }
        attempt
    })
    .await
}

async fn send_once(api: &BrokerApi, url: &Url, sent: Option<&Value>) -> Attempt<Answer, Failure> {
    let call = match sent {
        Some(body) => api.post(url.clone()).await.map(|call| call.json(body)),
        None => api.get(url.clone()).await,
    };
    let call = match call {
        Ok(call) => call.header(ACCEPT, JSON),
        Err(failure) => return Attempt::Stop(failure),
    };
    let response = match http::send(call).await {
        Ok(response) => response,
        Err(failure) => {
            let error = failure.hint("check --broker; it is safe to send the request again");
            return Attempt::Again { after: None, error };
        }
    };
    let after = retry_after(response.headers(), SystemTime::now());
    let answer = answer(response).await;
    if RETRIED.contains(&answer.status) && !answer.is_rate_limited() {
        let error = Failure::failed(format!("the broker is unavailable: {}", answer.detail()))
            .hint("try again later; it is safe to send the request again");
        return Attempt::Again { after, error };
    }
    Attempt::Done(answer)
}

async fn answer(response: Response) -> Answer {
    let status = response.status();
    let bytes = http::body(response).await.unwrap_or_default();
    Answer { status, body: wire_formats::json::from_slice(&bytes).unwrap_or_default() }
}

impl Answer {
    /// Whether the policy allows the caller no more writes in this hour. This is an answer, not a failure
    /// of the broker.
    fn is_rate_limited(&self) -> bool {
        let kind = self.body.get("type").and_then(Value::as_str);
        kind == Some(RATE_LIMITED)
    }

    /// Returns the `detail` of problem details, or else the HTTP status.
    pub(crate) fn detail(&self) -> String {
        let detail = self.body.get("detail").and_then(Value::as_str);
        detail.map_or_else(|| format!("HTTP status {}", self.status), str::to_owned)
    }
}
