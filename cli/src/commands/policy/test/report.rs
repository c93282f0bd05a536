//! The results of all tests, for people and for programs.

use std::path::Path;

use app_roles::policy::Policy;
use serde_json::{Map, Value, json};

use super::{
    super::verdict::Verdict,
    coverage::{Coverage, Covered},
    evaluation::Evaluated,
};
use crate::{
    failure::Failure,
    output::{Line, Screen, Tone},
};

/// The results of all tests.
pub(super) struct Report<'a> {
    pub(super) policy: &'a Policy,
    pub(super) policy_file: &'a Path,
    /// The tests of each file.
    pub(super) files: Vec<(&'a str, Vec<Evaluated<'a>>)>,
    pub(super) coverage: Coverage,
    /// Whether a rule without a test is a failure.
    pub(super) requires_coverage: bool,
}

impl Report<'_> {
    /// Whether all tests have passed, and the coverage is complete if it must be.
    pub(super) fn is_good(&self) -> bool {
        self.failed() == 0 && (!self.requires_coverage || self.coverage.incomplete() == 0)
    }

    fn tests(&self) -> impl Iterator<Item = &Evaluated<'_>> {
        self.files.iter().flat_map(|(_, tests)| tests)
    }

    fn failed(&self) -> usize {
        self.tests().filter(|test| !test.has_passed()).count()
    }

    /// Prints the results.
    pub(super) fn print(&self, screen: Screen) -> Result<(), Failure> {
        if screen.prints_document() {
            return screen.json(&self.json());
        }
        for (file, tests) in &self.files {
            for test in tests.iter().filter(|test| !test.has_passed()) {
                let name = &test.test.name;
                let place = format!(" {name:?}, {file} tests[{}]", test.test.index);
                screen.say(Line::painted(Tone::Bad, "failed").then(&place));
                for problem in &test.problems {
                    screen.entry(format!("  {problem}"), 2);
                }
            }
        }
        self.show_coverage(screen);
        let (count, failed) = (self.tests().count(), self.failed());
        let passed = count - failed;
        let (tone, sentence) = match failed {
            0 => (Tone::Good, format!("{passed} passed")),
            failed => (Tone::Bad, format!("{failed} failed, {passed} passed")),
        };
        let files = match self.files.len() {
            1 => String::new(),
            files => format!(" in {files} files"),
        };
        screen.say(Line::painted(tone, &sentence).then(&files));
        Ok(())
    }

    fn show_coverage(&self, screen: Screen) {
        let rules = &self.coverage.0;
        if rules.is_empty() {
            return screen.say("the policy has no rules");
        }
        let cell = |count: usize| if count == 0 { "none".to_owned() } else { count.to_string() };
        let list = |covered: &Covered| if covered.is_baseline { "baseline" } else { "" };
        let row = |one: &Covered| {
            vec![one.rule.clone(), list(one).to_owned(), cell(one.allows), cell(one.denies)]
        };
        screen.table(&["RULE", "LIST", "ALLOWS", "DENIES"], rules.iter().map(row));
        let incomplete = self.coverage.incomplete();
        if incomplete > 0 {
            let (tone, label) = match self.requires_coverage {
                true => (Tone::Bad, "not covered:"),
                false => (Tone::Warning, "warning:"),
            };
            let count = rules.len();
            let sentence = format!(" rules that lack a test: {incomplete} of {count}");
            screen.say(Line::painted(tone, label).then(&sentence));
        }
    }

    fn json(&self) -> Value {
        let files = self.files.iter().map(|(file, tests)| {
            json!({ "file": file, "tests": tests.iter().map(test).collect::<Vec<_>>() })
        });
        let coverage = self.coverage.0.iter().map(|one| {
            let list = if one.is_baseline { "baseline" } else { "allow" };
            json!({ "rule": one.rule, "list": list, "allows": one.allows, "denies": one.denies })
        });
        let failed = self.failed();
        json!({
            "policy": { "file": self.policy_file.display().to_string(), "sha256": self.policy.sha256() },
            "passed": self.tests().count() - failed, "failed": failed,
            "files": files.collect::<Vec<_>>(), "coverage": coverage.collect::<Vec<_>>(),
        })
    }
}

fn test(test: &Evaluated<'_>) -> Value {
    let mut answer = Map::new();
    answer.insert("name".to_owned(), json!(test.test.name));
    answer.insert("passed".to_owned(), json!(test.has_passed()));
    if let Some(verdict) = &test.verdict {
        answer.insert("decision".to_owned(), json!(verdict.word()));
    }
    if let Some(rule) = test.verdict.as_ref().and_then(Verdict::rule) {
        answer.insert("rule".to_owned(), json!(rule));
    }
    if let Some(Verdict::Denied { code, message }) = &test.verdict {
        answer.insert("code".to_owned(), json!(code));
        answer.insert("message".to_owned(), json!(message));
    }
    if !test.has_passed() {
        answer.insert("problems".to_owned(), json!(test.problems));
    }
    Value::Object(answer)
}
