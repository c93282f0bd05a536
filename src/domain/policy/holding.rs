//! Whether what somebody holds is what some rule allows.

use super::{
    BaselineQuestion, Policy, Subject, choose,
    rule::{BaselineRule, Rule, RuleAction},
};
use crate::domain::names::ApiName;

impl Policy {
    /// The APIs that the baseline is about, each once.
    #[must_use]
    pub fn all_baseline_apis(&self) -> Vec<ApiName> {
        let mut names = Vec::new();
        for rule in self.baseline() {
            let name = rule.grant.api.name();
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
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
