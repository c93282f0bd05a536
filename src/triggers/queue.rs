//! Requests from a storage queue.
//!
//! A reply with a status of the 200s makes the host delete the message; any other makes it deliver
//! the message again, up to `maxDequeueCount`, and then move it to the poison queue. So a final
//! outcome, good or bad, is always a success here, and a failure means: deliver again.

use base64::{Engine, engine::general_purpose::STANDARD};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tokio::time::Instant;
use tracing::Instrument;

use super::{REQUEST_BINDING, RESULT_BINDING, Workbench};
use crate::{
    VERSION,
    broker::{Context, Decision, NotYet},
    domain::{
        ids::InvocationId,
        outcome::{RoleOutcome, Status},
        request::{InvalidRequest, Request},
        requester::Requester,
        result::RequestResult,
    },
    host::{
        function_json::FunctionFolder,
        invocation::{EnvelopeFault, Invocation, QueueMetadata},
        reply::{Outputs, Reply},
    },
    remote::retry::{Deadline, millis},
};

/// A function that takes requests from a queue and writes results to another.
#[derive(Debug)]
pub struct RequestQueue {
    requester: Requester,
}

/// How long the platform keeps a managed identity's token ("Managed identities best practice
/// recommendations"): after that, no token is older than a change.
const TOKEN_CACHE: time::Duration = time::Duration::hours(24);

/// One delivery of one message.
struct Delivery<'a> {
    function: &'a str,
    invocation_id: InvocationId,
    requester: Requester,
    sent: Option<OffsetDateTime>,
    attempt: u32,
    is_last: bool,
    began: Instant,
    started_at: OffsetDateTime,
}

impl RequestQueue {
    /// Checks that the folder's bindings are what this trigger needs.
    pub fn of(folder: &FunctionFolder) -> Result<Self, String> {
        if folder.trigger.data_type.as_deref() != Some("binary") {
            return Err(format!(
                "the trigger {REQUEST_BINDING:?} must have \"dataType\": \"binary\": otherwise the \
                 host lets a message overwrite its own delivery count"
            ));
        }
        let has_results = folder
            .outputs
            .iter()
            .any(|output| output.kind == "queue" && output.name == RESULT_BINDING);
        if !has_results {
            return Err(format!(
                "there must be an output binding of type \"queue\" named {RESULT_BINDING:?}: the \
                 host silently drops a result that has no binding"
            ));
        }
        let queue = folder.trigger.queue_name.as_deref().unwrap_or_default();
        let requester = Requester::parse(&format!("queue:{queue}"))
            .map_err(|error| format!("the trigger's queueName is {queue:?}, but {error}"))?;
        Ok(Self { requester })
    }

    /// Runs one delivery to its reply.
    pub async fn run(&self, workbench: &Workbench, invocation: &Invocation) -> Reply {
        match self.delivery(workbench, invocation) {
            Ok(_) if workbench.broker.is_paused() => {
                tracing::warn!(
                    event = "broker.paused",
                    "BROKER_MODE is paused: the message goes back"
                );
                Reply::Failed("the broker is paused".to_owned())
            }
            Ok((delivery, message)) => {
                let span = tracing::info_span!(
                    "delivery",
                    function = delivery.function,
                    invocation_id = %delivery.invocation_id,
                    requester = %delivery.requester,
                    attempt = delivery.attempt,
                    policy_sha256 = workbench.broker.policy().sha256(),
                );
                delivery.answer(workbench, &message).instrument(span).await
            }
            Err(fault) => {
                tracing::error!(
                    event = "host.bad_envelope",
                    function = invocation.function,
                    "{fault}"
                );
                Reply::Failed(fault.to_string())
            }
        }
    }

    fn delivery<'a>(
        &self,
        workbench: &Workbench,
        invocation: &'a Invocation,
    ) -> Result<(Delivery<'a>, Vec<u8>), EnvelopeFault> {
        let message = invocation.binary(REQUEST_BINDING)?;
        let QueueMetadata { message_id, dequeue_count, insertion_time } =
            invocation.queue_metadata()?;
        let from_admin = message_id.is_none() || dequeue_count == 0;
        let id = invocation.id.as_deref().and_then(|id| InvocationId::parse(id).ok());
        let delivery = Delivery {
            function: &invocation.function,
            invocation_id: id.unwrap_or_else(InvocationId::random),
            requester: if from_admin { Requester::Admin } else { self.requester.clone() },
            sent: insertion_time,
            attempt: dequeue_count,
            // Nothing delivers a call of the admin endpoint again.
            is_last: from_admin || dequeue_count >= workbench.max_dequeue_count,
            began: Instant::now(),
            started_at: OffsetDateTime::now_utc(),
        };
        Ok((delivery, message))
    }
}

impl Delivery<'_> {
    async fn answer(&self, workbench: &Workbench, message: &[u8]) -> Reply {
        let request = match decode(message) {
            Ok(request) => request,
            Err(fault) => {
                tracing::warn!(event = "request.invalid", kind = fault.kind(), "not a request");
                let role = RoleOutcome::new(Status::Invalid).because(&fault.to_string());
                let decision = Decision { roles: vec![role], ..Decision::default() };
                return self.reply(workbench, None, decision);
            }
        };
        match workbench.broker.apply(self.context(workbench), &request).await {
            Ok(decision) => self.reply(workbench, Some(&request), decision),
            Err(NotYet { last }) if self.is_last => {
                tracing::error!(event = "request.given_up", "the last delivery has failed");
                self.reply(workbench, Some(&request), *last)
            }
            Err(NotYet { .. }) => {
                tracing::warn!(event = "request.not_yet", "the host will deliver it again");
                Reply::Failed("not done yet; the handler's log says why".to_owned())
            }
        }
    }

    fn context(&self, workbench: &Workbench) -> Context<'_> {
        Context {
            invocation_id: self.invocation_id,
            requester: &self.requester,
            sent: self.sent,
            is_first_delivery: self.attempt == 1,
            deadline: Deadline::after(workbench.pace.queue_message),
        }
    }

    fn reply(&self, workbench: &Workbench, request: Option<&Request>, decision: Decision) -> Reply {
        let changed = decision
            .roles
            .iter()
            .any(|role| matches!(role.status, Status::Assigned | Status::Revoked));
        let result = RequestResult {
            request_id: request.and_then(|r| r.request_id.as_ref()).map(ToString::to_string),
            invocation_id: self.invocation_id,
            function: self.function.to_owned(),
            requester: self.requester.clone(),
            action: request.map(|request| request.action),
            dry_run: request.is_some_and(|request| workbench.broker.is_dry_run(request)),
            principal: decision.principal,
            api: decision.api,
            roles: decision.roles,
            candidates: decision.candidates,
            started_at: written(self.started_at),
            duration_ms: millis(self.began.elapsed()),
            attempt: self.attempt,
            effective_by: changed.then(|| written(OffsetDateTime::now_utc() + TOKEN_CACHE)),
            policy_sha256: workbench.broker.policy().sha256().map(str::to_owned),
            broker_version: VERSION,
            truncated: false,
        };
        match result.to_json() {
            Ok(json) => Reply::Succeeded(Outputs::default().message(RESULT_BINDING, json)),
            Err(error) => {
                tracing::error!(event = "result.unwritable", "{error}");
                Reply::Failed("the result could not be written as JSON".to_owned())
            }
        }
    }
}

fn written(moment: OffsetDateTime) -> String {
    moment.format(&Rfc3339).unwrap_or_default()
}

/// Reads a message that is the JSON text itself or base64 of it; which of the two a sender's library
/// makes is not the sender's choice.
fn decode(message: &[u8]) -> Result<Request, InvalidRequest> {
    let message = message.trim_ascii();
    if message.first() == Some(&b'{') {
        return Request::decode(message);
    }
    match STANDARD.decode(message) {
        Ok(text) if !text.is_empty() => Request::decode(&text),
        _ => Err(InvalidRequest::Json {
            path: "request".to_owned(),
            problem: "neither a JSON object nor base64 of one".to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const REQUEST: &str = r#"{"principalId":"11111111-1111-1111-1111-111111111111","resourceId":"22222222-2222-2222-2222-222222222222","appRoleId":"33333333-3333-3333-3333-333333333333"}"#;

    #[test]
    fn a_message_that_is_neither_json_nor_base64_is_refused() {
        for message in ["", " ", "hello there", "[]", "\"x\"", "é"] {
            let fault = decode(message.as_bytes()).unwrap_err().to_string();
            assert!(fault.contains("neither a JSON object nor base64"), "{message:?}: {fault}");
        }
    }

    #[test]
    fn base64_of_something_else_is_refused_with_the_path() {
        let fault = decode(STANDARD.encode("{\"a\":1}").as_bytes()).unwrap_err().to_string();
        assert!(fault.starts_with("a: unknown field"), "{fault}");
    }

    proptest! {
        #[test]
        fn plain_text_and_base64_mean_the_same(before in "[ \r\n\t]{0,3}", after in "[ \r\n\t]{0,3}") {
            let plain = format!("{before}{REQUEST}{after}");
            let encoded = format!("{before}{}{after}", STANDARD.encode(REQUEST));
            prop_assert_eq!(decode(plain.as_bytes()), decode(encoded.as_bytes()));
            prop_assert!(decode(plain.as_bytes()).is_ok());
        }

        #[test]
        fn no_message_makes_decoding_panic(message: Vec<u8>) {
            let _ = decode(&message);
        }
    }
}
