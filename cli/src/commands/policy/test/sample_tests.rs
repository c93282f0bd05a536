//! The sample policy in `examples/policy`, and whether its tests notice a change of any field.

use std::path::Path;

use app_roles::policy::Policy;
use serde_json::Value;
use time::OffsetDateTime;

use super::{case::TestFile, coverage::Coverage, evaluation::Evaluated, mutants, reader};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/policy");

/// The share of mutants that the tests must notice, in percent.
const NOTICED_PERCENT: usize = 95;

fn policy() -> Vec<u8> {
    std::fs::read(Path::new(FOLDER).join("policy.json")).unwrap()
}

fn tests() -> Vec<TestFile> {
    let files = std::fs::read_dir(FOLDER).unwrap().map(|entry| entry.unwrap().path());
    let files = files.filter(|path| path.to_str().unwrap().ends_with(".policytest.json"));
    let parsed = files.map(|path| {
        let name = path.display().to_string();
        reader::parse(&name, &std::fs::read(path).unwrap()).unwrap_or_else(|faults| {
            panic!("{name}: {}", faults.join("\n"));
        })
    });
    parsed.collect()
}

fn evaluated<'a>(policy: &Policy, files: &'a [TestFile]) -> Vec<Evaluated<'a>> {
    let now = OffsetDateTime::now_utc();
    let tests = files.iter().flat_map(|file| &file.tests);
    tests.map(|test| Evaluated::of(policy, test, now)).collect()
}

#[test]
fn the_tests_of_the_sample_policy_pass_at_any_time_and_cover_each_rule() {
    let (policy, files) = (Policy::parse(&policy()).unwrap(), tests());
    let evaluated = evaluated(&policy, &files);
    assert!(evaluated.len() > 50, "{}", evaluated.len());
    for test in &evaluated {
        assert!(test.has_passed(), "{}: {:?}", test.test.name, test.problems);
        assert!(test.test.now.is_some(), "{} depends on the clock", test.test.name);
    }
    let coverage = Coverage::of(&policy, evaluated.iter());
    assert_eq!(coverage.incomplete(), 0, "{coverage:?}");
}

#[test]
fn the_sample_policy_uses_each_field_that_a_rule_can_have() {
    let text = String::from_utf8(policy()).unwrap();
    let policy: Value = serde_json::from_str(&text).unwrap();
    let rules = || policy["allow"].as_array().unwrap().iter();
    for field in mutants::FIELDS {
        assert!(rules().any(|rule| rule.get(*field).is_some()), "no rule has {field}");
    }
    for requester in ["queue:", "key:", "http:", "eventgrid:"] {
        let is_used = |rule: &Value| rule["requesters"][0].as_str().unwrap().starts_with(requester);
        assert!(rules().any(is_used), "{requester}");
    }
}

#[test]
fn each_field_of_a_rule_is_changed_or_excluded_with_a_reason() {
    let file = Path::new(FOLDER).join("../../schemas/policy.schema.json");
    let schema: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let fields = schema["$defs"]["Rule"]["properties"].as_object().unwrap();
    assert!(fields.len() > 10, "{fields:?}");
    for field in fields.keys() {
        let is_excluded = mutants::UNCHANGED.iter().any(|(excluded, _)| excluded == field);
        assert!(is_excluded != mutants::FIELDS.contains(&field.as_str()), "{field}");
    }
}

#[test]
fn the_tests_of_the_sample_policy_notice_nearly_every_change_of_a_field() {
    let (policy, files) = (serde_json::from_slice(&policy()).unwrap(), tests());
    let (mut survivors, mut count) = (Vec::new(), 0);
    for mutant in mutants::of(&policy) {
        // A change that makes the file invalid is noticed by `policy check`.
        let Ok(changed) = Policy::parse(mutant.policy.to_string().as_bytes()) else { continue };
        count += 1;
        if evaluated(&changed, &files).iter().all(Evaluated::has_passed) {
            survivors.push(mutant.name);
        }
    }
    let noticed = count - survivors.len();
    let list = survivors.join("\n");
    assert!(count > 200, "{count}");
    assert!(noticed * 100 >= NOTICED_PERCENT * count, "{noticed} of {count}; survivors:\n{list}");
}
