use app_roles::{policy::Policy, text::is_printable};
use serde_json::json;
use time::OffsetDateTime;

use super::{
    super::{coverage::Coverage, reader},
    *,
};

const POLICY: &str = r#"{ "version": 1, "allow": [ { "name": "a <rule> & \"more\"",
    "requesters": ["queue:team"], "principals": ["c0a70500-0000-4000-8000-0000000000d1"],
    "api": "api://orders", "roles": ["Orders.Read"] } ] }"#;

/// The document about one test that passes and one that fails.
fn junit(file: &str, name: &str, requires_coverage: bool) -> String {
    let policy = Policy::parse(POLICY.as_bytes()).unwrap();
    let test = |name: &str, decision: &str| {
        json!({ "name": name, "requester": "queue:team", "api": "api://orders",
                "principal": "c0a70500-0000-4000-8000-0000000000d1", "role": "Orders.Read",
                "expect": { "decision": decision } })
    };
    let tests = json!({ "version": 1, "tests": [test("passes", "allowed"), test(name, "denied")] });
    let read = reader::parse(file, tests.to_string().as_bytes()).unwrap();
    let now = OffsetDateTime::now_utc();
    let tests: Vec<_> = read.tests.iter().map(|test| Evaluated::of(&policy, test, now)).collect();
    let coverage = Coverage::of(&policy, tests.iter());
    let files = vec![(read.name.as_str(), tests)];
    let policy_file = Path::new("policy.json");
    document(&Report { policy: &policy, policy_file, files, coverage, requires_coverage })
}

#[test]
fn each_test_is_a_case_and_each_failure_has_its_reason() {
    let text = junit("orders.policytest.json", "fails", false);
    let expected = r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="app-role policy test" tests="2" failures="1" errors="0" skipped="0">
  <testsuite name="orders.policytest.json" tests="2" failures="1" errors="0" skipped="0">
    <testcase classname="orders.policytest.json" name="passes"/>
    <testcase classname="orders.policytest.json" name="fails">
      <failure type="policy" message="expected denied, but it is allowed by rule &quot;a &lt;rule&gt; &amp; \&quot;more\&quot;&quot;">expected denied, but it is allowed by rule &quot;a &lt;rule&gt; &amp; \&quot;more\&quot;&quot;</failure>
    </testcase>
  </testsuite>
</testsuites>
"#;
    assert_eq!(text, expected);
}

#[test]
fn a_rule_without_a_test_is_a_failure_if_coverage_is_required() {
    let text = junit("a", "fails", true);
    assert!(text.contains("<testsuite name=\"coverage\" tests=\"1\" failures=\"1\""), "{text}");
    assert!(text.contains("no test shows that the rule denies something near it"), "{text}");
}

#[test]
fn hostile_names_stay_texts() {
    let name = "\"/><failure>]]>&amp;<!--' é";
    let file = "x\u{1b}[31m\u{0}\u{202e}\u{fffe}\r\n\"<script>&'";
    let text = junit(file, name, true);
    assert!(text.chars().all(|one| one == '\n' || is_printable(one)), "{text:?}");
    assert_eq!(text.matches("<failure").count(), 2, "{text}");
    assert!(!text.contains("<script") && !text.contains("<!--"), "{text}");
    assert!(text.contains("&quot;/&gt;&lt;failure&gt;]]&gt;&amp;amp;&lt;!--&apos; é"), "{text}");
}
