//! Whether what somebody holds is what some rule allows.

use super::{
    BaselineQuestion, Policy, Subject, choose,
    rule::{BaselineRule, Rule, RuleAction},
};
use crate::names::ApiName;

fn each_once(names: impl Iterator<Item = ApiName>) -> Vec<ApiName> {
    let mut once = Vec::new();
    for name in names {
        if !once.contains(&name) {
            once.push(name);
        }
    }
    once
}

impl Policy {
    /// The APIs that the baseline is about, each once.
    #[must_use]
    pub fn all_baseline_apis(&self) -> Vec<ApiName> {
        each_once(self.baseline().iter().map(|rule| rule.grant.api.name()))
    }

    /// The APIs that any rule is about, each name once.
    #[must_use]
    pub fn all_apis(&self) -> Vec<ApiName> {
        let allowing = self.rules.as_ref().map_or(&[][..], |rules| &rules.allow);
        let allowed = allowing.iter().map(|rule| rule.grant.api.name());
        each_once(allowed.chain(self.all_baseline_apis()))
    }

    /// Whether some rule lets somebody assign the role to the principal, or the baseline gives it.
    ///
    /// What is protected is not asked: that the broker leaves something alone does not explain it.
    #[must_use]
    pub fn explains(&self, question: &BaselineQuestion<'_>) -> bool {
        let BaselineQuestion { principal, api, role, own } = *question;
        let Ok(rules) = &self.rules else { return false };
        let assigning =
            rules.allow.iter().filter(|rule| rule.actions.contains(&RuleAction::Assign));
        let given = rules.baseline.iter().map(BaselineRule::named);
        let candidates = assigning.map(Rule::named).chain(given).collect();
        choose(candidates, &Subject { principal, api, role, own }).is_ok()
    }
}
