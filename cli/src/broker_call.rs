//! Calls to the broker, and their retries.

use std::{
    cell::Cell,
    time::{Duration, SystemTime},
};

use azure_core::http::Url;
use azure_rest::retry::{Attempt, Deadline, retry, retry_after};
use reqwest::{StatusCode, header::ACCEPT};
use serde_json::Value;

use crate::{
    broker_api::BrokerApi,
    failure::Failure,
    http::{self, NoAnswer},
    output::Progress,
};

/// The media type of results. Problem details (RFC 9457) are JSON too.
const JSON: &str = "application/json";

/// Statuses of a broker that may succeed later.
const RETRIED: [StatusCode; 4] = [
    StatusCode::TOO_MANY_REQUESTS,
    StatusCode::INTERNAL_SERVER_ERROR,
    StatusCode::SERVICE_UNAVAILABLE,
    StatusCode::GATEWAY_TIMEOUT,
];

/// Statuses after which the broker may still be at work on a request: its host has failed, or something
/// between here and there has stopped waiting for it.
const UNCERTAIN: [StatusCode; 2] = [StatusCode::INTERNAL_SERVER_ERROR, StatusCode::GATEWAY_TIMEOUT];

/// The problem of a request beyond the limit of its rule (`docs/http-api.md`).
const RATE_LIMITED: &str = "urn:app-role-broker:problem:rate-limited";

/// The broker's answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    /// The JSON document; null if the body is not JSON.
    pub(crate) body: Value,
}

/// Why there is no answer of the broker.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unanswered {
    /// Nothing was sent, and trying again would not help: for example, there is no token.
    #[error("{0}")]
    Unsent(Failure),
    /// The broker was not reached, or it was unavailable, until there was no time left.
    #[error("{0}")]
    Unavailable(Failure),
    /// A request was sent, and its answer did not arrive. The broker may have the request.
    #[error("{0}")]
    Lost(Failure),
}

impl From<Unanswered> for Failure {
    fn from(unanswered: Unanswered) -> Self {
        match unanswered {
            Unanswered::Unsent(failure)
            | Unanswered::Unavailable(failure)
            | Unanswered::Lost(failure) => failure,
        }
    }
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
    let answer = send_until((api, url), sent, Deadline::after(wait), |text| progress.say(text));
    answer.await.map_err(|unanswered| match unanswered {
        Unanswered::Lost(failure) if sent.is_some() => {
            let sentence = format!("{}; the broker may have what was sent", failure.sentence);
            Failure { sentence, ..failure }.after_a_change(true)
        }
        other => other.into(),
    })
}

/// Does the same until a deadline. `tell` reports the progress.
pub(crate) async fn send_until(
    (api, url): (&BrokerApi, &Url),
    sent: Option<&Value>,
    deadline: Deadline,
    tell: impl Fn(&str),
) -> Result<Answer, Unanswered> {
    let is_lost = Cell::new(false);
    let answer = retry("ask the broker", api.timing(), deadline, || async {
        let attempt = send_once(api, url, sent).await;
        if let Attempt::Again { error, .. } = &attempt {
            is_lost.set(is_lost.get() || matches!(error, Unanswered::Lost(_)));
            tell(&format!("{error}; retrying …"));
        }
        attempt
    });
    // An attempt that did not reach the broker says nothing about one before it.
    answer.await.map_err(|error| if is_lost.get() { Unanswered::Lost(error.into()) } else { error })
}

async fn send_once(
    api: &BrokerApi,
    url: &Url,
    sent: Option<&Value>,
) -> Attempt<Answer, Unanswered> {
    let call = match sent {
        Some(body) => api.post(url.clone()).await.map(|call| call.json(body)),
        None => api.get(url.clone()).await,
    };
    let call = match call {
        Ok(call) => call.header(ACCEPT, JSON),
        Err(failure) => return Attempt::Stop(Unanswered::Unsent(failure)),
    };
    let hint = "check --broker; it is safe to send the request again";
    let lost = |failure: Failure| Attempt::Again {
        after: None,
        error: Unanswered::Lost(failure.hint(hint)),
    };
    let response = match http::send(call).await {
        Ok(response) => response,
        Err(NoAnswer { failure, is_sent: true }) => return lost(failure),
        Err(NoAnswer { failure, is_sent: false }) => {
            let error = Unanswered::Unavailable(failure.hint(hint));
            return Attempt::Again { after: None, error };
        }
    };
    let after = retry_after(response.headers(), SystemTime::now());
    let status = response.status();
    let answer = match http::body(response).await {
        Ok(bytes) => {
            Answer { status, body: wire_formats::json::from_slice(&bytes).unwrap_or_default() }
        }
        Err(failure) => return lost(failure),
    };
    if RETRIED.contains(&answer.status) && !answer.is_rate_limited() {
        let failure = Failure::failed(format!("the broker is unavailable: {}", answer.detail()))
            .hint("try again later; it is safe to send the request again");
        let is_lost = UNCERTAIN.contains(&status);
        let error =
            if is_lost { Unanswered::Lost(failure) } else { Unanswered::Unavailable(failure) };
        return Attempt::Again { after, error };
    }
    Attempt::Done(answer)
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
