//! One delivery of one message.

use std::time::Duration;

use super::message::decode;
use crate::{
    broker::{Context, Decision, NotYet},
    domain::{
        failed_request::FailedRequest,
        outcome::{RoleOutcome, Status},
        request::{InvalidRequest, Request},
    },
    host::reply::{Outputs, Reply},
    remote::retry::Deadline,
    triggers::{
        FAILED_BINDING, RESULT_BINDING, Workbench,
        audit::{self, AUDIT_BINDING},
        occasion::{Occasion, written},
    },
};

/// Longest reason of a failed request, in characters.
const LONGEST_REASON: usize = 1000;

/// One delivery of one message.
pub(super) struct Delivery<'a> {
    pub(super) occasion: Occasion<'a>,
    pub(super) is_last: bool,
}

impl Delivery<'_> {
    /// Works on the message to the reply.
    pub(super) async fn answer(&self, workbench: &Workbench, message: &[u8]) -> Reply {
        tokio::time::sleep(self.spread(workbench.pace.redelivery_spread)).await;
        let request = match decode(message) {
            Ok(request) => request,
            Err(fault) => return self.refuse(workbench, &fault),
        };
        tracing::info!(
            event = "request.received",
            request_id = request.request_id.as_ref().map(tracing::field::display),
            "working on a request"
        );
        let context = self.context(workbench);
        match workbench.broker.apply(context, &request).await {
            Ok(decision) => {
                workbench.broker.audit(context, &request, &decision);
                self.reply(workbench, Some(&request), decision, Outputs::default())
            }
            Err(NotYet { last }) if self.is_last => {
                workbench.broker.audit(context, &request, &last);
                self.give_up(workbench, &request, message, *last)
            }
            Err(NotYet { last }) => {
                workbench.broker.audit_changes(context, &request, &last);
                tracing::warn!(event = "request.not_yet", "the host will deliver it again");
                Reply::Failed("not done yet; the handler's log says why".to_owned())
            }
        }
    }

    /// How long to wait before a delivery that is not the first.
    fn spread(&self, longest: Duration) -> Duration {
        if self.occasion.attempt > 1 {
            longest.mul_f64(rand::random::<f64>())
        } else {
            Duration::ZERO
        }
    }

    fn context(&self, workbench: &Workbench) -> Context<'_> {
        Context {
            invocation_id: self.occasion.invocation_id,
            requester: &self.occasion.requester,
            sent: self.occasion.sent,
            is_first_delivery: self.occasion.attempt == 1,
            deadline: Deadline::after(workbench.pace.queue_message),
        }
    }

    fn refuse(&self, workbench: &Workbench, fault: &InvalidRequest) -> Reply {
        tracing::warn!(event = "request.invalid", kind = fault.kind(), "not a request");
        let role = RoleOutcome::new(Status::Invalid).because(&fault.to_string());
        let decision = Decision { roles: vec![role], ..Decision::default() };
        workbench.broker.audit_invalid(self.context(workbench), &decision);
        self.reply(workbench, None, decision, Outputs::default())
    }

    /// Answers after the last delivery; a request that was not done is kept for operators.
    fn give_up(
        &self,
        workbench: &Workbench,
        request: &Request,
        message: &[u8],
        decision: Decision,
    ) -> Reply {
        let failures: Vec<_> =
            decision.roles.iter().filter(|role| role.status == Status::Failed).collect();
        if failures.is_empty() {
            return self.reply(workbench, Some(request), decision, Outputs::default());
        }
        tracing::error!(event = "request.given_up", "the last delivery has failed");
        let mut reasons: Vec<_> =
            failures.iter().filter_map(|role| role.message.as_deref()).collect();
        reasons.dedup();
        let failed = FailedRequest {
            request: String::from_utf8_lossy(message.trim_ascii()).into_owned(),
            reason: reasons.join("; ").chars().take(LONGEST_REASON).collect(),
            requester: self.occasion.requester.clone(),
            first_seen: self.occasion.sent.map(written),
            attempts: self.occasion.attempt,
        };
        match failed.to_json() {
            Ok(json) => {
                let outputs = Outputs::default().message(FAILED_BINDING, json);
                self.reply(workbench, Some(request), decision, outputs)
            }
            Err(error) => unwritable(&error),
        }
    }

    fn reply(
        &self,
        workbench: &Workbench,
        request: Option<&Request>,
        decision: Decision,
        outputs: Outputs,
    ) -> Reply {
        let result = self.occasion.result(workbench, request, decision);
        let rows = match audit::rows(&self.occasion, request, &result) {
            Ok(rows) => rows,
            Err(error) => return unwritable(&error),
        };
        match result.to_json() {
            Ok(json) => {
                let outputs = outputs.message(RESULT_BINDING, json);
                Reply::Succeeded(outputs.entities(AUDIT_BINDING, rows))
            }
            Err(error) => unwritable(&error),
        }
    }
}

fn unwritable(error: &dyn std::error::Error) -> Reply {
    tracing::error!(event = "result.unwritable", "{error}");
    Reply::Failed("the result or its record could not be written".to_owned())
}
