//! Requests that wait for approval.
//!
//! A request that a rule allows after an approval is kept in a table, with ids in place of names. Approvers
//! decide on a digest of what it means. With enough approvals, it takes the path of every request: both
//! gates again, an intent, the write, the record. If it means something else by then, its approvers are
//! asked again.

mod asking;
mod carry_out;
mod closing;
mod conclude;
mod deciding;
mod events;
mod late_denial;
mod parts;
mod proof;
mod reading;
mod review;
mod room;
#[cfg(test)]
mod sample_row;
mod timer;
mod turns;
mod view;

use app_roles::{
    approval_view::{ApprovalList, ApprovalView},
    ids::ApprovalId,
    request::Request,
};
pub(crate) use parts::ApprovalParts;

use crate::{
    answer::Answer,
    ask::Ask,
    ballot::{Ballot, BallotOutcome, WaitingRequest},
    decide::Decided,
    directory::Target,
    stop::{Again, Stop},
};

/// Requests that wait for approval: one method for each operation on them.
pub struct Approvals {
    parts: ApprovalParts,
}

impl Approvals {
    pub(crate) fn new(parts: ApprovalParts) -> Self {
        Self { parts }
    }

    /// Keeps a request that needs an approval, and answers that it waits.
    pub(crate) async fn keep(
        &self,
        request: (&Ask, &Request),
        target: &Target,
        decided: Vec<Decided>,
    ) -> Result<Answer, Stop> {
        self.parts.ask(request, target, decided).await
    }

    /// The answer to a message whose request is already kept. `None` if it is not kept.
    pub(crate) async fn of_message(&self, ask: &Ask) -> Result<Option<Answer>, Stop> {
        self.parts.of_message(ask).await
    }

    /// The requests that wait for a decision of the caller, oldest first. The error means that the table
    /// cannot be read now.
    pub async fn list(&self, ask: &Ask) -> Result<ApprovalList, Again> {
        self.parts.list(ask).await
    }

    /// A request that the caller is an approver of. `None` for other callers, and for an unknown id. The
    /// error means that the table cannot be read now.
    pub async fn show(&self, ask: &Ask, id: ApprovalId) -> Result<Option<ApprovalView>, Again> {
        self.parts.show(ask, id).await
    }

    /// Takes a decision of the caller. The last decision that is needed carries the request out at once.
    /// The error means that the decision may not count yet: the caller must repeat it.
    pub async fn decide(
        &self,
        ask: &Ask,
        id: ApprovalId,
        ballot: &Ballot,
    ) -> Result<BallotOutcome, Again> {
        self.parts.decide(ask, id, ballot).await
    }

    /// A request of the caller's own. The error means that the table cannot be read now.
    pub async fn of_requester(&self, ask: &Ask, id: ApprovalId) -> Result<WaitingRequest, Again> {
        self.parts.of_requester(ask, id).await
    }

    /// Continues unfinished work, for a timer. What fails is left to the next run. The error means that the
    /// table cannot be read now.
    pub async fn run(&self, ask: &Ask) -> Result<(), Again> {
        self.parts.run(ask).await
    }
}
