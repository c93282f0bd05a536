//! The terms on which a rule allows something.

use std::collections::HashSet;

use super::super::{
    approval::ApprovalTerms,
    expiry::LastDay,
    rule::{Grant, RuleAction},
};
use crate::duration::AssignmentDuration;

/// The terms on which something is allowed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccessTerms {
    /// The longest time that an assignment may last. `None` without a limit, and for actions other than
    /// assigning.
    pub max_duration: Option<AssignmentDuration>,
    /// How many writes each requester may make in an hour. `None` without a limit, and for actions that
    /// change nothing.
    pub max_writes_per_hour: Option<u32>,
    /// Who must approve it. `None` if no approval is needed.
    pub approval: Option<ApprovalTerms>,
    /// The last day on which it is allowed. `None` without one.
    pub last_day: Option<LastDay>,
}

impl AccessTerms {
    /// The terms of a rule for an action. The baseline has no action, and only its last day counts.
    pub(super) fn of(grant: &Grant, action: Option<RuleAction>) -> Self {
        let last_day = grant.notes.expires;
        let (approval, max_writes_per_hour) = (grant.approval.clone(), grant.max_writes_per_hour);
        match action {
            Some(RuleAction::Assign) => {
                Self { max_duration: grant.max_duration, max_writes_per_hour, approval, last_day }
            }
            // A revocation does not last, so a longest duration does not affect it.
            Some(RuleAction::Revoke) => {
                Self { max_duration: None, max_writes_per_hour, approval, last_day }
            }
            Some(RuleAction::Read) | None => Self { last_day, ..Self::default() },
        }
    }

    /// Whether these terms allow no more than `other`.
    pub(super) fn is_within(&self, other: &Self) -> bool {
        is_at_most(self.max_duration, other.max_duration)
            && is_at_most(self.max_writes_per_hour, other.max_writes_per_hour)
            && is_at_most(self.last_day, other.last_day)
            && (other.approval.is_none() || has_same_approval(self, other))
    }
}

/// Whether both need the same approval, in whatever order the approvers are named.
pub(super) fn has_same_approval(one: &AccessTerms, other: &AccessTerms) -> bool {
    match (&one.approval, &other.approval) {
        (None, None) => true,
        (Some(one), Some(other)) => {
            let approvers = |terms: &ApprovalTerms| terms.by().iter().copied().collect();
            let [these, those]: [HashSet<_>; 2] = [one, other].map(approvers);
            these == those && one.count() == other.count() && one.within() == other.within()
        }
        _ => false,
    }
}

/// Whether a limit is at most another one. `None` is no limit.
fn is_at_most<T: Ord>(limit: Option<T>, other: Option<T>) -> bool {
    other.is_none_or(|other| limit.is_some_and(|limit| limit <= other))
}

/// The terms that none of the others includes, in their order and each once.
pub(super) fn widest(terms: impl IntoIterator<Item = AccessTerms>) -> Vec<AccessTerms> {
    let mut widest: Vec<AccessTerms> = Vec::new();
    for next in terms {
        if !widest.iter().any(|known| next.is_within(known)) {
            widest.retain(|known| !known.is_within(&next));
            widest.push(next);
        }
    }
    widest
}
