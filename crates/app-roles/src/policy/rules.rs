//! The content of a policy file.

use time::OffsetDateTime;

use super::{
    acknowledgement::Acknowledgement,
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
    /// The warnings about no single rule that the authors accept.
    pub(super) acknowledged: Vec<Acknowledgement>,
}

/// The rules in force where no policy could be read.
pub(super) static NO_RULES: Rules = Rules::none();

impl Rules {
    /// No rules at all.
    pub(super) const fn none() -> Self {
        Self {
            protected: Vec::new(),
            allow: Vec::new(),
            baseline: Vec::new(),
            acknowledged: Vec::new(),
        }
    }

    /// The content of the file at a time, without the rules that have expired.
    pub(super) fn at(&self, now: OffsetDateTime) -> RulesInForce<'_> {
        RulesInForce { rules: self, now }
    }

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

/// The content of a policy file at a time. Decisions see the rules through it only, so none can be made by
/// a rule that has expired.
#[derive(Debug, Clone, Copy)]
pub(super) struct RulesInForce<'a> {
    rules: &'a Rules,
    now: OffsetDateTime,
}

impl<'a> RulesInForce<'a> {
    /// The time.
    pub(super) fn now(self) -> OffsetDateTime {
        self.now
    }

    /// What no rule can touch.
    pub(super) fn protected(self) -> &'a [Protected] {
        &self.rules.protected
    }

    /// What is allowed on request.
    pub(super) fn allow(self) -> impl Iterator<Item = &'a Rule> {
        self.rules.allow.iter().filter(move |rule| rule.grant.is_in_force(self.now))
    }

    /// The grants of the baseline, in the order of the file.
    pub(super) fn baseline_grants(self) -> impl Iterator<Item = &'a Grant> {
        self.rules.baseline_grants().filter(move |grant| grant.is_in_force(self.now))
    }
}
