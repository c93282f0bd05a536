//! What an invocation has learnt about an assignment, to be stored in the row of its end.

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

/// What became of a role, and the end that it should get.
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
    /// An assignment was removed: its id, and a moment before the removal.
    Removed(String, OffsetDateTime),
    /// The assignment with this id, which should have ended, does not exist.
    Gone(String),
    /// A list that was read at this moment shows this assignment, or none of the role.
    Listed(Option<Assignment>, OffsetDateTime),
}

impl EndStep {
    /// The step that changes the row. `None` if there is nothing to undo.
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

    /// Whether the answer may be given although the step was not stored. The row then covers more than
    /// necessary, never less.
    pub(crate) fn can_be_lost(&self) -> bool {
        match self.fact {
            EndFact::Created(_) => self.end.is_some(),
            EndFact::Found(_) | EndFact::Existed(_) => false,
            _ => true,
        }
    }
}

/// The key of the end of a permitted change.
pub(crate) fn key_of(permit: &Permit) -> EndKey {
    EndKey { principal: permit.principal(), api: permit.api(), role: permit.role() }
}

/// The failure of a request for an assignment that is being removed.
pub(crate) fn try_later(being_ended: BeingEnded) -> Failure {
    Failure {
        code: Code::GraphUnavailable,
        message: format!("{being_ended}; send the request again in a minute"),
        graph_request_id: None,
    }
}
