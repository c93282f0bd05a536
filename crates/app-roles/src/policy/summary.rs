//! The limits and the descriptive fields of rules, for readers of a policy.

use super::{
    approval::ApprovalTerms,
    rule::{Grant, RuleNotes},
    rules::Rules,
};
use crate::duration::AssignmentDuration;

/// The limits and the descriptive fields of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleSummary {
    /// The rule's name.
    pub rule: String,
    /// The longest time that an assignment may last.
    pub max_duration: Option<AssignmentDuration>,
    /// The number of writes that a requester may make within an hour.
    pub max_writes_per_hour: Option<u32>,
    /// Who must approve what it allows.
    pub approval: Option<ApprovalTerms>,
    /// The description, owner and last day.
    pub notes: RuleNotes,
}

impl RuleSummary {
    pub(super) fn of(grant: &Grant) -> Self {
        let Grant { rule, max_duration, max_writes_per_hour, approval, notes, .. } = grant;
        let (rule, max_duration) = (rule.clone(), *max_duration);
        let max_writes_per_hour = *max_writes_per_hour;
        Self {
            rule,
            max_duration,
            max_writes_per_hour,
            approval: approval.clone(),
            notes: notes.clone(),
        }
    }
}

/// All rules, in the order of the file: those on request, and then those of the baseline.
pub(super) fn summaries(rules: &Rules) -> Vec<RuleSummary> {
    rules.all_grants().map(RuleSummary::of).collect()
}
