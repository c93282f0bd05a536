//! Faults of a policy file: where they are, and that all are told.

use proptest::prelude::*;

use super::*;

/// The faults of a file, as a program prints them.
fn lines(text: &str) -> Vec<String> {
    let faults = Policy::parse(text.as_bytes()).unwrap_err();
    faults.0.iter().map(|fault| fault.in_file("policy.json")).collect()
}

#[track_caller]
fn assert_lines(text: &str, expected: &[&str]) {
    let found = lines(text);
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.starts_with(expected), "{found}\n{expected}");
    }
}

#[test]
fn faults_of_syntax_of_shape_and_of_meaning_are_told_together_in_the_order_of_the_file() {
    let text = r#"{
  // ours
  "version": 2,
  "protected": ["me"],
  "deny": [],
  "allow": [
    {
      "name": "orders",
      "requesters": ["queue:team", 7, "nobody"],
      "principals": [],
      "api": "Orders API",
      "roles": ["A B"]
      "actions": "assign",
      "privileged": "yes",
      "maxDuration": "P1M",
      "approval": { "by": ["x"], "count": 2, "withn": "PT1H" },
      "owner": null,
      "description": 7,
      "expires": "never",
      "acknowledged": [{ "warning": "expird", "reason": "" }],
      "name": "again"
    },
    { "requesters": ["queue:team"], "roles": ["A"] },
    [],
  ],
  "baseline": { }
}"#;
    assert_lines(
        text,
        &[
            "policy.json:2:3: policy: is not JSON: JSON has no comments",
            "policy.json:3:14: version: this broker supports only version 1",
            "policy.json:4:17: protected[0]: expected an object id, an appId or an ARM scope",
            "policy.json:5:3: policy: unknown field `deny`; the fields are `$schema`",
            "policy.json:9:36: allow[0].requesters[1] (rule \"orders\"): must be a string, but is a number",
            "policy.json:9:39: allow[0].requesters[2] (rule \"orders\"): expected queue:",
            "policy.json:10:21: allow[0].principals (rule \"orders\"): an empty list",
            "policy.json:11:14: allow[0].api (rule \"orders\"): expected an appId",
            "policy.json:12:17: allow[0].roles[0] (rule \"orders\"): expected the value or id",
            "policy.json:13:7: policy: is not JSON: before this, a comma is missing",
            "policy.json:13:18: allow[0].actions (rule \"orders\"): must be an array, but is a string",
            "policy.json:14:21: allow[0].privileged (rule \"orders\"): must be true or false",
            "policy.json:15:22: allow[0].maxDuration (rule \"orders\"): years and months",
            "policy.json:16:28: allow[0].approval.by[0] (rule \"orders\"): must be http:",
            "policy.json:16:43: allow[0].approval.count (rule \"orders\"): must be from 1 to 1",
            "policy.json:16:46: allow[0].approval (rule \"orders\"): unknown field `withn` (did you mean `within`?)",
            "policy.json:18:22: allow[0].description (rule \"orders\"): must be a string",
            "policy.json:19:18: allow[0].expires (rule \"orders\"): expected the rule's last day",
            "policy.json:20:37: allow[0].acknowledged[0].warning (rule \"orders\"): expected the code of a warning (did you mean \"expired\"?)",
            "policy.json:20:57: allow[0].acknowledged[0].reason (rule \"orders\"): must not be empty",
            "policy.json:21:7: allow[0] (rule \"orders\"): the field `name` occurs twice",
            "policy.json:23:5: allow[1]: the field `name` is missing",
            "policy.json:23:5: allow[1]: the field `principals` is missing",
            "policy.json:23:5: allow[1]: the field `api` is missing",
            "policy.json:24:5: allow[2]: must be a JSON object, but is an array",
            "policy.json:24:7: policy: is not JSON: no comma may stand before",
            "policy.json:26:15: baseline: must be an array, but is an object",
        ],
    );
}

#[test]
fn a_fault_of_syntax_alone_has_its_line_and_column() {
    for (text, line) in [
        ("", "policy.json:1:1: policy: is empty"),
        (
            "{\r\n\t\"version\": 1,\r\n\t\"allow\": [",
            "policy.json:3:12: policy: is not complete: the text",
        ),
        (
            "\u{feff}{\"version\": 1 \"allow\": []}",
            "policy.json:1:15: policy: is not JSON: before this, a",
        ),
        ("{\"version\": 1, \"allow\": []} x", "policy.json:1:29: policy: is not JSON: nothing may"),
        (
            "{'version': 1}",
            "policy.json:1:2: policy: is not JSON: the name of a field must be in double",
        ),
        ("{\"version\": 1, \"allow\": [], }", "policy.json:1:27: policy: is not JSON: no comma"),
    ] {
        assert_lines(text, &[line]);
    }
    let latin = Policy::parse(b"{\"version\": 1,\n\"allow\": [\"\xFC\"]}").unwrap_err();
    let told =
        "policy.json:2:12: policy: is not JSON: this byte is not UTF-8; save the file as UTF-8";
    assert_eq!(latin.0[0].in_file("policy.json"), told);
}

#[test]
fn what_was_read_before_the_reading_stopped_has_its_faults_and_nothing_is_missed_after_it() {
    let text =
        "{\"version\": 1,\n\"allow\": [{\"name\": \"a\", \"requesters\": [\"x\"], \"roles\": [ @";
    assert_lines(
        text,
        &[
            "policy.json:2:40: allow[0].requesters[0] (rule \"a\"): expected queue:",
            "policy.json:2:57: policy: is not JSON: this character cannot be here",
        ],
    );
}

#[test]
fn hostile_text_is_printable_and_short_in_faults() {
    let name = format!("\u{202e}{}\u{7}\n", "n".repeat(1_000_000));
    let text = serde_json::json!({
        "version": 1, name.clone(): 1,
        "allow": [{ "name": name, "requesters": [name], "principals": [name], "api": name, "roles": [name] }],
    });
    let found = lines(&text.to_string());
    assert_eq!(found.len(), 6, "{:.300}", found[0]);
    for line in found {
        assert!(line.len() < 600 && line.chars().all(crate::text::is_printable), "{line:.700}");
    }
}

#[test]
fn a_sentence_about_many_faults_stays_short() {
    let entries = vec!["me"; 10_000];
    let text = serde_json::json!({ "version": 1, "protected": entries, "allow": [] }).to_string();
    let faults = Policy::parse(text.as_bytes()).unwrap_err();
    assert_eq!(faults.0.len(), 10_000);
    let told = faults.to_string();
    assert!(told.len() < 2_000 && told.ends_with("; and 9990 more faults"), "{told}");
    assert!(told.starts_with("protected[0]: expected"), "{told}");
}

#[test]
fn the_outline_finds_the_parts_that_warnings_name() {
    let text = b"{\r\n \"version\": 1,\r\n \"allow\": [ {\"name\": \"x\",\r\n  \"roles\": [\"A\", \"B\"] } ] }";
    let outline = Outline::of(text);
    for (path, place) in [
        ("allow[0]", "3:13"),
        ("allow[0].roles[1]", "4:18"),
        ("allow[0].roles[9]", "4:12"),
        ("allow[0].approval.by[3]", "3:13"),
        ("baseline[0].name", "1:1"),
        ("policy", "1:1"),
    ] {
        assert_eq!(outline.location(path).to_string(), place, "{path}");
    }
    assert_eq!(Outline::of(b"").location("allow[0]").to_string(), "1:1");
}

proptest! {
    #[test]
    fn every_fault_has_a_place_in_the_text(text in "[\\[\\]{},:\"a \r\n\t1é😀]{0,40}") {
        let Err(faults) = Policy::parse(text.as_bytes()) else { return Ok(()) };
        prop_assert!(!faults.0.is_empty());
        let lines: Vec<_> = text.replace("\r\n", "\n").split(['\r', '\n']).map(|line| line.chars().count()).collect();
        for fault in &faults.0 {
            let length = lines.get(fault.location.line - 1);
            let is_inside = length.is_some_and(|length| (1..=length + 1).contains(&fault.location.column));
            prop_assert!(is_inside, "{} in {:?}", fault.location, text);
        }
        prop_assert!(faults.0.is_sorted_by_key(|fault| fault.location));
    }
}
