//! Requests, and the state of each.

use std::cell::{Ref, RefCell};

use app_roles::ids::ApprovalId;
use serde_json::Value;

use crate::{
    broker_result::{self, text},
    exit::Exit,
    failure::Failure,
    request::WrittenRequest,
    result::word as word_of,
};

/// A request and its state.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) written: WrittenRequest,
    state: RefCell<State>,
}

/// The state of a request.
#[derive(Debug)]
pub(super) enum State {
    /// Nothing was sent.
    NotSent,
    /// Sending has begun, and the broker may have the request.
    Called,
    /// It is in the queue, as the message with this ID.
    Queued(String),
    /// It waits for approval. This is the broker's first result.
    Pending(Value),
    /// This is the broker's final result.
    Answered(Value),
    /// It was sent, or a part of it, and there is no answer. The broker may have the request.
    Lost(Failure),
    /// It was not sent, or the answer is no result.
    Failed(Failure),
}

/// The outcome of a request, in one word for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Each role is as requested or, in a dry run, would be.
    Done,
    /// It waits for approval.
    Pending,
    /// The policy or an approver denied it.
    Denied,
    /// A name was not found, or is ambiguous.
    NotFound,
    /// It failed, or is invalid.
    Failed,
    /// Some roles were changed, and others were not.
    Partly,
    /// It is in the queue, and its result was not waited for.
    Sent,
    /// It was sent, and there was no answer, or none in time.
    NoAnswer,
    /// It was not sent.
    NotSent,
}

impl Asked {
    /// A request that was not sent yet.
    pub(super) fn new(written: WrittenRequest) -> Self {
        Self { written, state: RefCell::new(State::NotSent) }
    }

    /// How far the request is.
    pub(super) fn state(&self) -> Ref<'_, State> {
        self.state.borrow()
    }

    /// Says how far the request is.
    pub(super) fn set(&self, state: State) {
        self.state.replace(state);
    }

    /// Whether a result is about this request: by its message, or by the approval that it waits for.
    pub(super) fn is_about(&self, result: &Value) -> bool {
        match &*self.state() {
            State::Queued(id) => text(result, "messageId") == Some(id),
            State::Pending(first) => ["messageId", "approvalId"].into_iter().any(|field| {
                let id = text(first, field);
                id.is_some() && id == text(result, field)
            }),
            _ => false,
        }
    }

    /// The approval that the request waits for.
    pub(super) fn approval(&self) -> Option<ApprovalId> {
        match &*self.state() {
            State::Pending(result) => broker_result::approval(result),
            _ => None,
        }
    }

    /// Takes a result of the broker. Returns whether it is final.
    pub(super) fn take_result(&self, result: Value) -> bool {
        let is_final = broker_result::exit(&result) != Exit::Pending;
        self.set(if is_final { State::Answered(result) } else { State::Pending(result) });
        is_final
    }

    /// Whether the request has changed something, or may do so later.
    pub(super) fn may_have_changed(&self) -> bool {
        let is_real = !self.written.request().dry_run;
        is_real
            && match &*self.state() {
                State::NotSent | State::Failed(_) => false,
                State::Called | State::Queued(_) | State::Lost(_) | State::Pending(_) => true,
                State::Answered(result) => broker_result::has_changed(result),
            }
    }

    /// The outcome of the request. `waited` says whether the results of a queue were awaited.
    pub(super) fn outcome(&self, waited: bool) -> Outcome {
        match &*self.state() {
            State::NotSent => Outcome::NotSent,
            State::Queued(_) if !waited => Outcome::Sent,
            State::Called | State::Queued(_) | State::Lost(_) => Outcome::NoAnswer,
            State::Pending(_) => Outcome::Pending,
            State::Answered(result) => Outcome::of(broker_result::exit(result)),
            State::Failed(failure) => Outcome::of(failure.exit),
        }
    }

    /// The principal, the API and the roles, in the words of the request.
    pub(super) fn names(&self) -> [String; 3] {
        let roles = &self.written.request().roles;
        let roles: Vec<_> = roles.iter().map(ToString::to_string).collect();
        [self.written.name("principal"), self.written.name("api"), roles.join(", ")]
    }

    /// Says in one line what came of the request.
    pub(super) fn line(&self, waited: bool) -> String {
        let [principal, api, roles] = self.names();
        let verb = word_of(&self.written.request().action);
        let phrase = self.phrase(self.outcome(waited));
        format!("{verb} {roles} of {api} for {principal}: {phrase}")
    }

    /// Says what came of the request, in words for people.
    pub(super) fn phrase(&self, outcome: Outcome) -> &'static str {
        match outcome {
            Outcome::Done if self.written.request().dry_run => "would be done",
            outcome => outcome.phrase(),
        }
    }
}

impl Outcome {
    fn of(exit: Exit) -> Self {
        match exit {
            Exit::Done => Self::Done,
            Exit::Pending => Self::Pending,
            Exit::Denied => Self::Denied,
            Exit::NotFound => Self::NotFound,
            Exit::Partly => Self::Partly,
            _ => Self::Failed,
        }
    }

    /// The exit status of a request alone.
    pub(super) fn exit(self) -> Exit {
        match self {
            Self::Done | Self::Sent => Exit::Done,
            Self::Pending | Self::NoAnswer => Exit::Pending,
            Self::Denied => Exit::Denied,
            Self::NotFound => Exit::NotFound,
            Self::Partly => Exit::Partly,
            Self::Failed | Self::NotSent => Exit::Failed,
        }
    }

    /// The word in JSON.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Pending => "pending",
            Self::Denied => "denied",
            Self::NotFound => "notFound",
            Self::Failed => "failed",
            Self::Partly => "partly",
            Self::Sent => "sent",
            Self::NoAnswer => "noAnswer",
            Self::NotSent => "notSent",
        }
    }

    /// The outcome in words for people.
    fn phrase(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Pending => "waits for approval",
            Self::Denied => "denied",
            Self::NotFound => "not found",
            Self::Failed => "failed",
            Self::Partly => "partly done",
            Self::Sent => "sent",
            Self::NoAnswer => "no answer",
            Self::NotSent => "not sent",
        }
    }
}

/// Returns the exit status of all requests together.
///
/// It is that of each request if they agree. If some were done and others were refused or failed, it is
/// [`Exit::Partly`]. Requests that wait leave the exit status of the others only if one of those failed.
pub(super) fn exit_of(outcomes: &[Outcome]) -> Exit {
    let exits: Vec<_> = outcomes.iter().map(|outcome| outcome.exit()).collect();
    let has = |exit: Exit| exits.contains(&exit);
    let refused = [Exit::Failed, Exit::Denied, Exit::NotFound].into_iter().find(|exit| has(*exit));
    match refused {
        Some(_) if has(Exit::Done) => Exit::Partly,
        _ if has(Exit::Partly) => Exit::Partly,
        Some(refused) => refused,
        None if has(Exit::Pending) => Exit::Pending,
        None => Exit::Done,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exit_status_of_several_requests_says_what_came_of_all() {
        use Outcome::{Denied, Done, Failed, NoAnswer, NotFound, NotSent, Partly, Pending, Sent};
        for (outcomes, exit) in [
            (&[Done, Done][..], Exit::Done),
            (&[Sent, Sent], Exit::Done),
            (&[Done, Pending], Exit::Pending),
            (&[Done, NoAnswer], Exit::Pending),
            (&[Pending, Denied], Exit::Denied),
            (&[Denied, Denied], Exit::Denied),
            (&[NotFound, NotFound], Exit::NotFound),
            (&[Denied, Failed], Exit::Failed),
            (&[NotFound, Denied], Exit::Denied),
            (&[Done, Denied], Exit::Partly),
            (&[Sent, NotSent], Exit::Partly),
            (&[Done, Pending, NotFound], Exit::Partly),
            (&[Partly, Partly], Exit::Partly),
            (&[Partly, Pending], Exit::Partly),
            (&[Failed, NotSent], Exit::Failed),
        ] {
            assert_eq!(exit_of(outcomes), exit, "{outcomes:?}");
        }
    }
}
