//! Requests over HTTP. A request that waits for approval is asked about until it is final.

use std::time::Duration;

use app_roles::ids::ApprovalId;
use azure_core::http::Url;
use azure_rest::retry::Deadline;
use reqwest::StatusCode;
use serde_json::Value;

use super::{
    arguments::Sending,
    asked::{Asked, State},
    log::Log,
    refusal,
};
use crate::{
    broker_api::BrokerApi,
    broker_call::{self, Answer, Unanswered},
    broker_result,
    cloud::Cloud,
    failure::Failure,
    options::GlobalOptions,
};

/// The wait between two questions about a request that waits for a person.
const POLL: Duration = Duration::from_secs(10);

/// The way over HTTP.
pub(super) struct ByHttp {
    api: BrokerApi,
    url: Url,
    poll: Duration,
}

impl ByHttp {
    /// A client of the broker. Nothing is sent yet.
    pub(super) fn open(
        global: &GlobalOptions,
        cloud: &Cloud,
        sending: &Sending,
    ) -> Result<Self, Failure> {
        let api = BrokerApi::authenticated(global, cloud, &sending.broker)?;
        let url = api.url(&sending.route)?;
        Ok(Self { api, url, poll: cloud.paced(POLL) })
    }

    /// The address of the broker's function.
    pub(super) fn address(&self) -> &str {
        self.url.as_str()
    }

    /// Sends a request, and waits for its first result.
    pub(super) async fn ask(&self, asked: &Asked, deadline: Deadline, log: &Log) {
        asked.set(State::Called);
        let body = asked.written.json();
        let tell = |text: &str| log.tell(text);
        let answer = broker_call::send_until((&self.api, &self.url), Some(&body), deadline, tell);
        match answer.await {
            Ok(answer) => match result(answer) {
                Ok(result) => drop(asked.take_result(result)),
                Err(failure) => asked.set(State::Failed(failure)),
            },
            Err(Unanswered::Lost(failure)) => asked.set(State::Lost(failure)),
            Err(unanswered) => asked.set(State::Failed(unanswered.into())),
        }
    }

    /// Asks what became of a request that waits for approval, until it is final.
    pub(super) async fn wait(
        &self,
        asked: &Asked,
        approval: ApprovalId,
        (deadline, log): (Deadline, &Log),
    ) {
        let mut url = self.url.clone();
        url.query_pairs_mut().append_pair("approval", &approval.to_string());
        loop {
            if deadline.remaining() <= self.poll {
                return;
            }
            log.tell(&format!("waiting for the approvers of {approval} …"));
            tokio::time::sleep(self.poll).await;
            let tell = |text: &str| log.tell(text);
            let answer = broker_call::send_until((&self.api, &url), None, deadline, tell).await;
            let read = match answer {
                Ok(answer) if answer.status == StatusCode::ACCEPTED => continue,
                Ok(answer) => result(answer),
                Err(Unanswered::Unsent(failure)) => Err(failure),
                // There is no time left. The request still waits.
                Err(Unanswered::Unavailable(_) | Unanswered::Lost(_)) => return,
            };
            match read {
                Ok(result) if asked.take_result(result.clone()) => return,
                Ok(_) => {}
                Err(failure) => return asked.set(State::Failed(unread(approval, failure))),
            }
        }
    }
}

/// Explains that nothing more can be learned of a request that waits for approval.
fn unread(approval: ApprovalId, failure: Failure) -> Failure {
    let sentence = format!(
        "request {approval} waits for approval, and what became of it cannot be read: {}",
        failure.sentence
    );
    Failure { sentence, ..failure }
}

/// Returns the result in an answer. A refusal has one too, if the broker has read the request.
fn result(answer: Answer) -> Result<Value, Failure> {
    if !broker_result::roles(&answer.body).is_empty() {
        return Ok(answer.body);
    }
    Err(if answer.status.is_success() {
        Failure::failed("the answer did not come from the broker").hint("check the URL of --broker")
    } else {
        refusal::of_answer(&answer)
    })
}
