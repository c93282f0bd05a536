//! Tests of how decisions are read.

use jsonschema::Validator;
use proptest::{collection::vec, option, prelude::*, sample::select};
use serde_json::{Map, Value, json};

use super::*;
use crate::schema::read_schema;

const DIGEST: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

/// A valid decision with these fields replaced.
fn with(fields: &Value) -> String {
    let mut decision = json!({ "decision": "approve", "digest": DIGEST });
    for (name, value) in fields.as_object().unwrap() {
        decision[name] = value.clone();
    }
    decision.to_string()
}

/// A valid decision without one of its fields.
fn without(field: &str) -> String {
    let mut decision: Value = serde_json::from_str(&with(&json!({}))).unwrap();
    decision.as_object_mut().unwrap().remove(field);
    decision.to_string()
}

#[test]
fn a_malformed_decision_is_refused_with_the_path_of_the_fault() {
    let twice = |field: &str| with(&json!({})).replacen('{', &format!("{{{field},"), 1);
    let words = "decision: must be one of the words `approve`, `deny`";
    let digits = "digest: expected the digest that the broker shows: 64 hexadecimal digits";
    for (text, fault) in [
        (String::new(), "body: is empty"),
        ("null".to_owned(), "body: must be a JSON object, but is null"),
        (
            json!(["approve", DIGEST, null]).to_string(),
            "body: must be a JSON object, but is an array",
        ),
        ("approve".to_owned(), "body: is not JSON; see line 1"),
        (without("decision"), "body: the field `decision` is missing"),
        (without("digest"), "body: the field `digest` is missing"),
        (with(&json!({ "decision": "approved" })), words),
        (with(&json!({ "decision": "Approve" })), words),
        (with(&json!({ "decision": "" })), words),
        (with(&json!({ "decision": true })), "decision: must be"),
        (with(&json!({ "decision": null })), "decision: must be"),
        (with(&json!({ "decision": { "approve": null } })), "decision: must be"),
        (with(&json!({ "digest": 7 })), "digest: must be a string, but is a number"),
        (with(&json!({ "digest": null })), "digest: must be a string, but is null"),
        (with(&json!({ "digest": DIGEST.to_uppercase() })), digits),
        (with(&json!({ "digest": &DIGEST[1..] })), digits),
        (with(&json!({ "digest": format!("{DIGEST}\n") })), digits),
        (with(&json!({ "reason": "" })), "reason: must not be empty"),
        (with(&json!({ "reason": ["because"] })), "reason: must be a string, but is an array"),
        (with(&json!({ "reason": "a\u{202E}b" })), "reason: contains the unprintable character"),
        (with(&json!({ "reason": "x".repeat(501) })), "reason: is longer than 500 characters"),
        (with(&json!({ "Decision": "deny" })), "body: unknown field (did you mean `decision`?)"),
        (with(&json!({ "approver": "http:1" })), "body: unknown field; the fields are `decision`"),
        (twice("\"decision\":\"deny\""), "body: the field `decision` occurs twice"),
        (twice(&format!("\"digest\":\"{DIGEST}\"")), "body: the field `digest` occurs twice"),
        (format!("{} {{}}", with(&json!({}))), "body: is not JSON; see line 1, column"),
    ] {
        let got = ApprovalDecision::decode(text.as_bytes()).unwrap_err().to_string();
        assert!(got.contains(fault), "{text:.90}\n  {got}\n  {fault}");
    }
}

#[test]
fn a_decision_that_is_too_large_is_refused() {
    let text = with(&json!({ "reason": "x".repeat(MAX_DECISION_BYTES) }));
    let fault = ApprovalDecision::decode(text.as_bytes()).unwrap_err();
    assert_eq!(fault, InvalidDecision::TooLarge(text.len()));
}

#[test]
fn a_byte_order_mark_is_accepted_and_null_means_no_reason() {
    for text in [with(&json!({})), with(&json!({ "reason": null }))] {
        for text in [text.clone(), format!("\u{feff}{text}")] {
            let decision = ApprovalDecision::decode(text.as_bytes()).unwrap();
            assert_eq!((decision.decision, decision.reason), (Vote::Approve, None), "{text}");
            assert_eq!(decision.digest.as_str(), DIGEST);
        }
    }
}

/// A key that a caller sent in the wrong place.
const KEY: &str = "pAZc9-Q3wE_7key==";

fn field_name() -> impl Strategy<Value = String> {
    select(vec!["decision", "digest", "reason", "Reason", KEY]).prop_map(str::to_owned)
}

/// A value of a field: often a good one.
fn value() -> impl Strategy<Value = Value> {
    let digest = "[0-9a-f]{64}|[0-9a-fA-F]{62,66}".prop_map(Value::from);
    prop_oneof![
        select(vec![json!(null), json!(true), json!(7), json!([]), json!({}), json!(KEY)]),
        select(vec![json!("approve"), json!("deny"), json!("abstain"), json!({ "deny": null })]),
        digest,
        Just(json!(DIGEST)),
        any::<String>().prop_map(Value::from),
    ]
}

/// A decision in which any field may be wrong or unknown.
fn near_decision() -> impl Strategy<Value = Value> {
    (vec((field_name(), value()), 0..3), option::of(value()), option::of(value())).prop_map(
        |(fields, decision, digest)| {
            let mut object: Map<String, Value> = fields.into_iter().collect();
            object.insert("decision".to_owned(), decision.unwrap_or(json!("deny")));
            object.insert("digest".to_owned(), digest.unwrap_or(json!(DIGEST)));
            Value::Object(object)
        },
    )
}

proptest! {
    #[test]
    fn nothing_makes_reading_panic_and_no_error_repeats_a_value(
        document in near_decision(), cut in option::of(0..200_usize), bytes: Vec<u8>,
    ) {
        let _ = ApprovalDecision::decode(&bytes);
        let text = document.to_string();
        let text = text.get(..cut.unwrap_or(text.len())).unwrap_or(&text);
        if let Err(fault) = ApprovalDecision::decode(text.as_bytes()) {
            prop_assert!(!fault.to_string().contains(KEY), "{}", fault);
        }
    }

    #[test]
    fn the_schema_accepts_what_is_read_and_nothing_else(document in near_decision()) {
        let schema = Validator::new(&read_schema::<ApprovalDecision>()).unwrap();
        let decision = ApprovalDecision::decode(document.to_string().as_bytes());
        prop_assert_eq!(decision.is_ok(), schema.is_valid(&document), "{:?}", decision);
    }

    #[test]
    fn every_good_decision_is_read_as_it_was_sent(
        denies: bool, digest in "[0-9a-f]{64}", reason in option::of("[a-zA-Z0-9 ,.äöü日本]{1,500}"),
    ) {
        let word = if denies { "deny" } else { "approve" };
        let text = json!({ "decision": word, "digest": digest, "reason": reason }).to_string();
        let decision = ApprovalDecision::decode(text.as_bytes()).unwrap();
        prop_assert_eq!(decision.decision == Vote::Deny, denies);
        prop_assert_eq!(decision.digest.as_str(), digest);
        prop_assert_eq!(decision.reason.map(|reason| reason.as_str().to_owned()), reason);
    }
}
