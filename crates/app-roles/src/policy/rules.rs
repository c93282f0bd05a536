//! The content of a policy file.

use super::{
    protected::Protected,
    rule::{BaselineRule, Grant, Rule, RuleAction},
};

/// The content of a policy file, parsed.
#[derive(Debug)]
pub(super) struct Rules {
    /// What no rule can touch.
    pub(super) protected: Vec<Protected>,
    /// What is allowed on request.
    pub(super) allow: Vec<Rule>,
    /// What identities always hold.
    pub(super) baseline: Vec<BaselineRule>,
}

/// The rules in force where no policy could be read.
pub(super) static NO_RULES: Rules =
    Rules { protected: Vec::new(), allow: Vec::new(), baseline: Vec::new() };

impl Rules {
    /// The grants of the baseline, in the order of the file.
    pub(super) fn baseline_grants(&self) -> impl Iterator<Item = &Grant> {
        self.baseline.iter().map(|rule| &rule.grant)
    }

    /// The grants of all rules that allow a change, and not only to read.
    pub(super) fn changing_grants(&self) -> impl Iterator<Item = &Grant> {
        let changes = |rule: &&Rule| rule.actions.iter().any(|action| *action != RuleAction::Read);
        self.allow.iter().filter(changes).map(|rule| &rule.grant).chain(self.baseline_grants())
    }

    /// The grants of all rules: those on request, and then those of the baseline.
    pub(super) fn all_grants(&self) -> impl Iterator<Item = &Grant> {
        self.allow.iter().map(|rule| &rule.grant).chain(self.baseline_grants())
    }
}
