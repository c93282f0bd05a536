//! One delivery of one message.

use tracing::Span;

use super::message::decode;
use crate::triggers::{
    FAILED_BINDING, RESULT_BINDING, Workbench,
    audit::{self, AUDIT_BINDING},
    occasion::{Occasion, written},
};
use app_roles::{
    failed_request::FailedRequest,
    outcome::{RoleOutcome, Status},
    request::{InvalidRequest, Request},
};
use azure_rest::retry::Deadline;
use broker::{Context, Decision, NotYet};
use functions_handler::reply::{Outputs, Reply};
use microsoft_graph::priority::Priority;

/// Longest reason of a failed request, in characters.
const LONGEST_REASON: usize = 1000;

/// One delivery of one message.
pub(in crate::triggers) struct Delivery<'a> {
    pub(in crate::triggers) occasion: Occasion<'a>,
    pub(in crate::triggers) is_last: bool,
    /// By when there must be an answer.
    pub(in crate::triggers) deadline: Deadline,
}

impl Delivery<'_> {
    /// Gives the message back where the broker is paused; the last delivery is answered as one that
    /// failed, so that the message can be replayed.
    pub(in crate::triggers) fn paused(&self, workbench: &Workbench) -> Option<Reply> {
        if self.is_last || !workbench.broker.is_paused() {
            return None;
        }
        tracing::warn!(event = "broker.paused", "BROKER_MODE is paused: the message goes back");
        Some(Reply::Failed("the broker is paused".to_owned()))
    }

    /// The span of its lines in the log.
    pub(in crate::triggers) fn span(&self, workbench: &Workbench) -> Span {
        let occasion = &self.occasion;
        tracing::info_span!(
            "delivery",
            attempt = occasion.attempt,
            function = occasion.function,
            invocation_id = %occasion.invocation_id,
            requester = %occasion.requester,
            policy_sha256 = workbench.broker.policy().sha256(),
        )
    }

    /// Works on the message to the reply.
    pub(super) async fn answer(&self, workbench: &Workbench, message: &[u8]) -> Reply {
        self.spread_out(workbench).await;
        match decode(message) {
            Ok(request) => self.work_on(workbench, &request, message).await,
            Err(fault) => self.refuse(workbench, &fault),
        }
    }

    /// Works on a request to the reply. `message` is what is kept of it if it is given up.
    pub(in crate::triggers) async fn work_on(
        &self,
        workbench: &Workbench,
        request: &Request,
        message: &[u8],
    ) -> Reply {
        let request_id = request.request_id.as_ref().map(tracing::field::display);
        tracing::debug!(event = "request.received", request_id, "working on a request");
        let context = self.context();
        match workbench.broker.apply(context, request).await {
            Ok(decision) => {
                workbench.broker.audit(context, request, &decision);
                self.reply(workbench, Some(request), decision, Outputs::default())
            }
            Err(NotYet { last }) if self.is_last => {
                workbench.broker.audit(context, request, &last);
                self.give_up(workbench, request, message, *last)
            }
            Err(NotYet { last }) => {
                workbench.broker.audit_changes(context, request, &last);
                tracing::warn!(
                    event = "request.not_yet",
                    request_id,
                    "the host will deliver it again"
                );
                Reply::Failed("not done yet; the handler's log says why".to_owned())
            }
        }
    }

    /// Waits, by chance, before a delivery that is not the first.
    pub(in crate::triggers) async fn spread_out(&self, workbench: &Workbench) {
        if self.occasion.attempt > 1 {
            let longest = workbench.timing.redelivery_spread;
            tokio::time::sleep(longest.mul_f64(rand::random::<f64>())).await;
        }
    }

    pub(in crate::triggers) fn context(&self) -> Context<'_> {
        Context {
            invocation_id: self.occasion.invocation_id,
            requester: &self.occasion.requester,
            sent: self.occasion.sent,
            is_first_delivery: self.occasion.attempt == 1,
            deadline: self.deadline,
            priority: Priority::Normal,
        }
    }

    /// Answers what is no request.
    pub(in crate::triggers) fn refuse(
        &self,
        workbench: &Workbench,
        fault: &InvalidRequest,
    ) -> Reply {
        tracing::warn!(event = "request.invalid", kind = fault.kind(), "not a request");
        let role = RoleOutcome::new(Status::Invalid).because(&fault.to_string());
        let decision = Decision { roles: vec![role], ..Decision::default() };
        workbench.broker.audit_invalid(self.context(), &decision);
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
        match self.kept(&String::from_utf8_lossy(message.trim_ascii()), &reasons.join("; ")) {
            Ok(outputs) => self.reply(workbench, Some(request), decision, outputs),
            Err(error) => unwritable(&error),
        }
    }

    /// What keeps something that was given up for operators.
    pub(in crate::triggers) fn kept(
        &self,
        message: &str,
        reason: &str,
    ) -> Result<Outputs, serde_json::Error> {
        let failed = FailedRequest {
            request: message.to_owned(),
            reason: reason.chars().take(LONGEST_REASON).collect(),
            requester: self.occasion.requester.clone(),
            first_seen: self.occasion.sent.map(written),
            attempts: self.occasion.attempt,
        };
        Ok(Outputs::default().message(FAILED_BINDING, failed.to_json()?))
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

/// Fails for want of a text to answer with.
pub(in crate::triggers) fn unwritable(error: &dyn std::error::Error) -> Reply {
    tracing::error!(event = "result.unwritable", "{error}");
    Reply::Failed("the result or its record could not be written".to_owned())
}
