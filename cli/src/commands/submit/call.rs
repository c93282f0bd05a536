//! The call, and calling again while the broker cannot do it.

use std::time::{Duration, SystemTime};

use azure_core::http::Url;
use azure_rest::{
    client::causes,
    retry::{Attempt, Deadline, retry, retry_after},
};
use reqwest::{Response, StatusCode};
use serde_json::{Map, Value};

use super::Submission;
use crate::{
    arguments::GlobalOptions, broker_api::BrokerApi, failure::Failure, output::Progress, session,
};

/// The media type of a request, and of a problem (RFC 9457, "Problem Details for HTTP APIs").
const JSON: &str = "application/json";

/// The broker's answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) body: Value,
}

/// Sends the request until there is an answer that is about the request and not about the moment.
pub(super) async fn send(
    global: &GlobalOptions,
    submission: &Submission,
    request: &Map<String, Value>,
) -> Result<Answer, Failure> {
    let (_, timing) = session::graph(global)?;
    let api = BrokerApi::open(global, &submission.broker)?;
    let url = api.address(&submission.route)?;
    let progress = Progress::start("asking the broker …");
    let deadline = Deadline::after(Duration::from_secs(u64::from(submission.wait)));
    retry("ask the broker", &timing.calls, deadline, || async {
        let attempt = once(&api, &url, request).await;
        if let Attempt::Again { error, .. } = &attempt {
            progress.say(&format!("{}; trying again …", error.sentence));
        }
        attempt
    })
    .await
}

async fn once(
    api: &BrokerApi,
    url: &Url,
    request: &Map<String, Value>,
) -> Attempt<Answer, Failure> {
    let call = api.client.post(url.clone()).header("Accept", JSON).json(request);
    let call = match api.authorize(call).await {
        Ok(call) => call,
        Err(failure) => return Attempt::Stop(failure),
    };
    let response = match call.send().await {
        Ok(response) => response,
        Err(error) => {
            let host = url.host_str().unwrap_or_default();
            let causes = causes(&error.without_url());
            let error = Failure::failed(format!("the broker at {host} does not answer: {causes}"))
                .hint("check --broker; a request that was sent twice is done once");
            return Attempt::Again { after: None, error };
        }
    };
    let status = response.status();
    let after = retry_after(response.headers(), SystemTime::now());
    let is_passing = matches!(
        status,
        StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::TOO_MANY_REQUESTS
            | StatusCode::GATEWAY_TIMEOUT
            | StatusCode::INTERNAL_SERVER_ERROR
    );
    let body = body(response).await;
    if is_passing {
        let error =
            Failure::failed(format!("the broker cannot do it now: {}", detail(status, &body)))
                .hint("send the same later: what is done by then is not done twice");
        return Attempt::Again { after, error };
    }
    Attempt::Done(Answer { status, body })
}

/// What the broker, or whatever stands before it, says; nothing where it is no JSON.
async fn body(response: Response) -> Value {
    let bytes = response.bytes().await.unwrap_or_default();
    serde_json::from_slice(&bytes).unwrap_or_default()
}

/// What a problem says for people, else its status.
pub(super) fn detail(status: StatusCode, body: &Value) -> String {
    let detail = body.get("detail").and_then(Value::as_str);
    detail.map_or_else(|| format!("it answered {status}"), str::to_owned)
}
