//! The difference between what two policies allow.
//!
//! Only the effect counts. Entries that move to another rule, rules that are split, merged, renamed or
//! reordered, and letters in another case make no difference. The comparison is by entries of rules, not by
//! principals and roles, so nothing is looked up. An entry of one policy differs if no entry of the other
//! policy covers all of it on the same terms. `containment` says why that is exact.

mod access;
mod approval_order;
mod comparison;
mod containment;
mod known_apis;
mod notes;
mod protection;
mod statements;
mod terms;

use access::Accesses;
pub use approval_order::ApproverOrder;
pub use comparison::ChangeKind;
pub use known_apis::KnownApis;
pub use notes::RuleNote;
pub use protection::{ProtectionChange, ProtectionDifference};
pub use statements::{AccessChange, NamedPrincipals, NarrowerAccess, PrivilegedPart};
pub use terms::AccessTerms;
use time::OffsetDateTime;

use super::rules::Rules;

/// How what a policy allows differs from what an older one allows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PolicyDifference {
    /// What is allowed on request.
    pub on_request: Vec<AccessChange>,
    /// What the baseline assigns without a request.
    pub baseline: Vec<AccessChange>,
    /// Rules with approval whose order decides which approvers are asked, and has changed.
    pub approvers: Vec<ApproverOrder>,
    /// The changes of what no rule can touch.
    pub protection: ProtectionDifference,
    /// Remarks that change nothing about what is allowed.
    pub notes: Vec<RuleNote>,
}

impl PolicyDifference {
    /// Whether both policies allow, assign and protect the same.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.on_request.is_empty()
            && self.baseline.is_empty()
            && self.approvers.is_empty()
            && self.protection.entries.is_empty()
    }
}

/// Compares what two policies allow at a time.
pub(super) fn between(
    (old, new): (&Rules, &Rules),
    known: &KnownApis,
    now: OffsetDateTime,
) -> PolicyDifference {
    let [before, after] = [old, new].map(|rules| Accesses::of(rules, known, now));
    let differing = comparison::compare(&before, &after);
    let (on_request, baseline): (Vec<_>, Vec<_>) =
        differing.into_iter().partition(|one| one.access.usage.requester.is_some());
    let mut notes = notes::notes((old, new), known, now);
    notes.extend(notes::assumed_own_tenant(&before, &after));
    PolicyDifference {
        on_request: statements::statements(&on_request),
        baseline: statements::statements(&baseline),
        approvers: approval_order::reordered(&before, &after),
        protection: protection::compare(old, new, known),
        notes,
    }
}

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod widening_tests;
