//! What an invocation has learnt about an assignment, for the row of its end.

use app_roles::{
    directory::Assignment,
    outcome::{Code, Failure},
    policy::Permit,
};
use record::ends::{
    EndKey,
    rules::{BeingEnded, NewEnd, Step},
};
use time::OffsetDateTime;

/// What became of a role, and the end that it was to have.
#[derive(Debug)]
pub(crate) struct EndStep {
    /// The role.
    pub(crate) key: EndKey,
    /// What became of it.
    pub(crate) fact: EndFact,
    /// The end that the request gives it. `None` if it may stay.
    pub(crate) end: Option<NewEnd>,
}

/// What became of a role.
#[derive(Debug)]
pub(crate) enum EndFact {
    /// It was held, and nothing was written.
    Found(Assignment),
    /// The write was refused because it is held. The id is absent if it cannot be read.
    Existed(Option<Assignment>),
    /// The write created the assignment.
    Created(Assignment),
    /// For certain, nothing was written.
    NotWritten,
    /// An assignment was removed. The moment is before the removal.
    Removed(String, OffsetDateTime),
    /// The assignment that was to end does not exist.
    Gone(String),
    /// A list that was read at this moment shows this assignment, or none.
    Listed(Option<Assignment>, OffsetDateTime),
}

impl EndStep {
    /// The step as the rules take it. `None` if there is nothing to take back.
    pub(crate) fn step(&self) -> Option<(EndKey, Step<'_>)> {
        let end = self.end.as_ref();
        let step = match &self.fact {
            EndFact::Found(held) => Step::Found(held, end),
            EndFact::Existed(held) => Step::Existed(held.as_ref(), end),
            EndFact::Created(made) => Step::Created(made, end),
            EndFact::NotWritten => Step::NotWritten(end?.details.invocation_id),
            EndFact::Removed(id, at) => Step::Removed(id, *at),
            EndFact::Gone(id) => Step::Gone(id),
            EndFact::Listed(held, at) => Step::Listed(held.as_ref(), *at),
        };
        Some((self.key, step))
    }

    /// Whether the answer may be given although the step was not taken: the row then covers more than it
    /// has to, and never less.
    pub(crate) fn can_be_lost(&self) -> bool {
        match self.fact {
            EndFact::Created(_) => self.end.is_some(),
            EndFact::Found(_) | EndFact::Existed(_) => false,
            _ => true,
        }
    }
}

/// What a permit is about.
pub(crate) fn key_of(permit: &Permit) -> EndKey {
    EndKey { principal: permit.principal(), api: permit.api(), role: permit.role() }
}

/// Why nothing is said about an assignment that is being removed.
pub(crate) fn try_later(being_ended: BeingEnded) -> Failure {
    Failure {
        code: Code::GraphUnavailable,
        message: format!("{being_ended}; send the request again in a minute"),
        graph_request_id: None,
    }
}
