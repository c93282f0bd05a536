//! The decision on one role: allowed, or allowed once it is approved.

use std::{collections::BTreeSet, fmt};

use super::{approval::ApprovalTerms, permit::Permit, question::OwnIdentity};
use crate::{ids::ObjectId, requester::Requester};

/// The decision on one role that a rule allows.
#[derive(Debug)]
pub enum Decision {
    /// It may be written.
    Allowed(Permit),
    /// It may be written once enough approvers have approved it.
    NeedsApproval(Unapproved),
}

impl Decision {
    /// The permit, for reading only: no write can be made with it. It may still need approval.
    #[must_use]
    pub fn permit(&self) -> &Permit {
        match self {
            Self::Allowed(permit) => permit,
            Self::NeedsApproval(unapproved) => &unapproved.permit,
        }
    }

    /// The permit if no approval is needed.
    #[must_use]
    pub fn allowed(self) -> Option<Permit> {
        match self {
            Self::Allowed(permit) => Some(permit),
            Self::NeedsApproval(_) => None,
        }
    }
}

/// What a rule allows once enough of its approvers have approved it.
///
/// Its permit cannot be taken out before that, so a write without the approvals does not compile.
#[derive(Debug)]
pub struct Unapproved {
    permit: Permit,
    terms: ApprovalTerms,
    requester: Requester,
    own: OwnIdentity,
}

/// Why an approval does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApproverObstacle {
    /// The approver has made the request.
    IsRequester,
    /// The approver is the identity that receives or loses the role.
    IsPrincipal,
    /// The approver is the broker's own identity.
    IsBroker,
    /// The rule does not name the approver.
    NotNamed,
}

impl fmt::Display for ApproverObstacle {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::IsRequester => "a request cannot be decided on by its own requester",
            Self::IsPrincipal => {
                "a request cannot be decided on by the identity that the role is for"
            }
            Self::IsBroker => "the broker's own identity cannot decide on a request",
            Self::NotNamed => "the rule does not name this approver",
        })
    }
}

impl Unapproved {
    pub(super) fn new(
        permit: Permit,
        terms: &ApprovalTerms,
        requester: &Requester,
        own: OwnIdentity,
    ) -> Self {
        Self { permit, terms: terms.clone(), requester: requester.clone(), own }
    }

    /// What the rule says about approvals.
    #[must_use]
    pub fn terms(&self) -> &ApprovalTerms {
        &self.terms
    }

    /// The permit, for reading only: no write can be made with it.
    #[must_use]
    pub fn permit(&self) -> &Permit {
        &self.permit
    }

    /// Why the approval of `approver` would not count. `None` if it counts.
    #[must_use]
    pub fn obstacle(&self, approver: ObjectId) -> Option<ApproverObstacle> {
        if !self.terms.by().contains(&approver) {
            Some(ApproverObstacle::NotNamed)
        } else if self.requester == Requester::Http(approver)
            || self.requester == Requester::Cli(approver)
        {
            Some(ApproverObstacle::IsRequester)
        } else if self.permit.principal() == approver {
            Some(ApproverObstacle::IsPrincipal)
        } else if self.own.object_id == approver {
            Some(ApproverObstacle::IsBroker)
        } else {
            None
        }
    }

    /// The approvers of the rule whose approval would count, in the order of the rule. If these are fewer
    /// than the rule needs, the request can never be approved.
    #[must_use]
    pub fn eligible(&self) -> Vec<ObjectId> {
        let named = self.terms.by().iter();
        named.filter(|one| self.obstacle(**one).is_none()).copied().collect()
    }

    /// Whether enough of these approvals count.
    #[must_use]
    pub fn is_approved_by(&self, approvers: &BTreeSet<ObjectId>) -> bool {
        self.counted(approvers).len() >= self.terms.count()
    }

    /// The permit, if enough of these approvals count. Otherwise returns `self` unchanged.
    pub fn approve(self, approvers: &BTreeSet<ObjectId>) -> Result<Permit, Self> {
        if !self.is_approved_by(approvers) {
            return Err(self);
        }
        let counted = self.counted(approvers);
        Ok(self.permit.approved(&counted))
    }

    /// The approvals that count.
    fn counted(&self, approvers: &BTreeSet<ObjectId>) -> Vec<ObjectId> {
        approvers.iter().filter(|one| self.obstacle(**one).is_none()).copied().collect()
    }
}
