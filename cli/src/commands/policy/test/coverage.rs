//! Which rules the tests cover.

use app_roles::policy::{BaselineRule, Policy};

use super::evaluation::Evaluated;

/// How many tests show what a rule does. Only tests that have passed count.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Covered {
    pub(super) rule: String,
    /// Whether the rule is one of the baseline.
    pub(super) is_baseline: bool,
    /// The tests that the rule allows.
    pub(super) allows: usize,
    /// The denied tests in which the rule lacks exactly one thing.
    pub(super) denies: usize,
}

impl Covered {
    /// Whether one test shows that the rule allows, and another that it denies.
    pub(super) fn is_complete(&self) -> bool {
        self.allows > 0 && self.denies > 0
    }
}

/// The coverage of all rules, in the order of the file.
#[derive(Debug)]
pub(super) struct Coverage(pub(super) Vec<Covered>);

impl Coverage {
    /// Counts the tests of each rule.
    pub(super) fn of<'a, 'b: 'a>(
        policy: &Policy,
        tests: impl Iterator<Item = &'a Evaluated<'b>>,
    ) -> Self {
        let baseline: Vec<_> = policy.baseline().iter().map(BaselineRule::name).collect();
        let rules = policy.summaries().into_iter().map(|summary| Covered {
            is_baseline: baseline.contains(&summary.rule.as_str()),
            rule: summary.rule,
            allows: 0,
            denies: 0,
        });
        let mut coverage = Self(rules.collect());
        for test in tests {
            if let Some(covered) = test.allowing_rule().and_then(|rule| coverage.rule(rule)) {
                covered.allows += 1;
            }
            for rule in test.denying_rules() {
                if let Some(covered) = coverage.rule(rule) {
                    covered.denies += 1;
                }
            }
        }
        coverage
    }

    fn rule(&mut self, name: &str) -> Option<&mut Covered> {
        self.0.iter_mut().find(|covered| covered.rule == name)
    }

    /// The number of rules that lack a test.
    pub(super) fn incomplete(&self) -> usize {
        self.0.iter().filter(|covered| !covered.is_complete()).count()
    }
}
