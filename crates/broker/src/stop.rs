//! The ways in which work ends before everything was written.

use app_roles::{
    end::UnusableEnd,
    outcome::{Code, Failure, RoleOutcome, Status},
    policy::Denial,
    request::Expired,
    text::RequestId,
};
use azure_rest::call_error::CallError;
use microsoft_graph::error::GraphError;

use crate::answer::Answer;

/// The work could not be finished now. Another delivery may finish it.
#[derive(Debug)]
pub struct Again {
    /// Why it is not finished, for operators. Empty if nothing failed and only the list of Microsoft Graph
    /// lags.
    pub reason: String,
    /// The answers to give if there is no other delivery. They say what was done and what was not.
    pub answers: Vec<Answer>,
    /// What kind of obstacle it is, for triggers that answer it in different ways.
    pub obstacle: Obstacle,
}

/// The kind of an obstacle to work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obstacle {
    /// The broker is paused, so nothing was looked up.
    Paused,
    /// The record cannot be stored, and without it nothing is answered.
    NoRecord,
    /// Anything else, for instance a service that did not answer.
    Other,
}

/// Why work ends early.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The answer is final.
    Final(Answer),
    /// Another delivery may finish the work.
    Again(Again),
    /// No delivery can finish the work, and an operator must look at it.
    GiveUp(Again),
}

/// A message that is not a valid request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// The requester's own id of the request, if the message contains a valid one.
    pub request_id: Option<RequestId>,
    /// The kind of the fault, for the log.
    pub kind: &'static str,
    /// The fault, and what to do, in the requester's words.
    pub detail: String,
}

impl Again {
    /// Work that met an obstacle before anything was written.
    pub(crate) fn because(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), answers: Vec::new(), obstacle: Obstacle::Other }
    }

    /// Work that was done in part. The roles that were not written say why.
    pub(crate) fn after(answers: Vec<Answer>) -> Self {
        let reason = Answer::obstacles(&answers).unwrap_or_default();
        Self { reason, answers, obstacle: Obstacle::Other }
    }

    /// The answers if there is no other delivery. A request always gets one.
    pub(crate) fn into_answers(self) -> Vec<Answer> {
        if !self.answers.is_empty() {
            return self.answers;
        }
        let outcome = RoleOutcome::new(Status::Failed).with_message(&self.reason);
        let outcome = match self.obstacle {
            Obstacle::NoRecord => outcome.with_code(Code::RecordUnavailable),
            Obstacle::Paused => outcome.with_code(Code::Paused),
            Obstacle::Other => outcome,
        };
        vec![Answer::for_all(outcome)]
    }

    /// Work whose answer could not be recorded, and so is not given.
    pub(crate) fn without_record(failure: &Failure) -> Self {
        let (reason, answers) = (failure.message.clone(), Vec::new());
        Self { reason, answers, obstacle: Obstacle::NoRecord }
    }
}

impl Stop {
    /// Ends work that another delivery may finish.
    pub(crate) fn again(reason: impl Into<String>) -> Self {
        Self::Again(Again::because(reason))
    }

    /// Ends work because the broker is paused.
    pub(crate) fn paused() -> Self {
        let reason = "the broker was paused; its operators can replay the request";
        let outcome = RoleOutcome::new(Status::Failed).with_code(Code::Paused).with_message(reason);
        let answers = vec![Answer::for_all(outcome)];
        Self::Again(Again { reason: reason.to_owned(), answers, obstacle: Obstacle::Paused })
    }

    /// Ends work on a message that is not a valid request.
    pub(crate) fn unreadable(fault: &Unreadable) -> Self {
        let request_id = fault.request_id.as_ref().map(tracing::field::display);
        let kind = fault.kind;
        tracing::warn!(event = "request.invalid", request_id, kind, "the message is no request");
        Self::Final(Answer::for_all(RoleOutcome::new(Status::Invalid).with_message(&fault.detail)))
    }

    /// Ends work on a request that is too old, or may be.
    pub(crate) fn expired(expired: &Expired) -> Self {
        let message = expired.to_string();
        match expired {
            Expired::NotAfter | Expired::TooOld => {
                let outcome = RoleOutcome::new(Status::Expired).with_message(&message);
                Self::Final(Answer::for_all(outcome))
            }
            Expired::UnknownAge => {
                tracing::warn!(event = "request.age_unknown", "{message}");
                let outcome = RoleOutcome::new(Status::Failed).with_code(Code::UnknownAge);
                let answer = Answer::for_all(outcome.with_message(&message));
                Self::Again(Again::after(vec![answer]))
            }
        }
    }

    /// Ends work on a request whose assignments cannot end at the requested time.
    pub(crate) fn unusable_end(unusable: UnusableEnd) -> Self {
        let status = match unusable {
            UnusableEnd::Passed => Status::Expired,
            UnusableEnd::TooFar => Status::Invalid,
        };
        let outcome = RoleOutcome::new(status).with_message(&unusable.to_string());
        Self::Final(Answer::for_all(outcome))
    }

    /// Ends work that the policy does not allow.
    pub(crate) fn denied(denial: &Denial) -> Self {
        tracing::warn!(event = "request.denied", "{denial}");
        Self::Final(Answer::for_all(RoleOutcome::denied(denial)))
    }

    /// Ends work after a failed call to Microsoft Graph.
    pub(crate) fn failed(error: GraphError) -> Self {
        let may_pass = may_pass(&error);
        let answer = Answer::for_all(failure(error.into_failure()));
        if may_pass { Self::Again(Again::after(vec![answer])) } else { Self::Final(answer) }
    }

    /// Ends work that no requester waits for. `answers` are those that it has already given. A refusal
    /// needs an operator.
    pub(crate) fn for_operators(self, mut answers: Vec<Answer>) -> Self {
        let (is_refusal, mut again) = match self {
            Self::Final(answer) => (true, Again::after(vec![answer])),
            Self::GiveUp(again) => (true, again),
            Self::Again(again) => (false, again),
        };
        if again.reason.is_empty() {
            let roles = again.answers.iter().flat_map(|answer| &answer.roles);
            again.reason = roles.filter_map(|role| role.message.clone()).next().unwrap_or_default();
        }
        answers.append(&mut again.answers);
        again.answers = answers;
        if is_refusal { Self::GiveUp(again) } else { Self::Again(again) }
    }

    /// Adds to each answer with `complete`, for instance what is known of the principal and the API.
    pub(crate) fn with(mut self, complete: impl Fn(Answer) -> Answer) -> Self {
        match &mut self {
            Self::Final(answer) => *answer = complete(std::mem::take(answer)),
            Self::Again(again) | Self::GiveUp(again) => {
                again.answers =
                    std::mem::take(&mut again.answers).into_iter().map(complete).collect();
            }
        }
        self
    }
}

/// The outcome of a role whose call failed.
fn failure(failure: Failure) -> RoleOutcome {
    RoleOutcome::new(Status::Failed).with_failure(failure)
}

/// Logs a failed call in Graph's own words. Returns whether another delivery may succeed.
pub(crate) fn may_pass(error: &GraphError) -> bool {
    let again = error.is_worth_another_delivery();
    tracing::error!(event = "graph.failed", kind = ?error.kind(), again, "{error}");
    again
}

/// Ends work that got no answer from Azure Resource Manager. A later delivery may get one, unless the
/// answer was unreadable.
pub(crate) fn no_answer_from_arm(error: &CallError) -> Stop {
    let again = error.may_pass();
    tracing::error!(event = "arm.failed", again, "{error}");
    if again {
        Stop::again(error.to_string())
    } else {
        Stop::GiveUp(Again::because(error.to_string()))
    }
}
