//! How the terms of approvals are read.

use proptest::{collection::vec, option, prelude::*, sample::select};
use serde_json::{Map, Value, json};
use time::macros::datetime;

use super::{
    fixtures::{ORDERS, PRINCIPAL, object_id, schema_accepts},
    *,
};

const LIA: &str = "aaaaaaaa-0000-0000-0000-00000000000a";
const MAX: &str = "bbbbbbbb-0000-0000-0000-00000000000b";

/// A file with one rule that has these terms.
fn file(approval: &Value) -> String {
    let rule = json!({
        "name": "orders", "requesters": ["queue:team"], "principals": [PRINCIPAL], "api": ORDERS,
        "roles": ["Orders.Read"], "approval": approval,
    });
    json!({ "version": 1, "allow": [rule] }).to_string()
}

fn faults(approval: &Value) -> Vec<String> {
    let faults = Policy::parse(file(approval).as_bytes()).unwrap_err();
    faults.0.iter().map(ToString::to_string).collect()
}

fn terms(approval: &Value) -> Option<ApprovalTerms> {
    let policy = Policy::parse(file(approval).as_bytes()).unwrap();
    policy.summaries().remove(0).approval
}

fn approvers(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("http:aaaaaaaa-0000-0000-0000-{n:012}")).collect()
}

fn http(id: &str) -> String {
    format!("http:{id}")
}

#[test]
fn faulty_terms_are_refused_with_their_path_and_the_name_of_the_rule() {
    let [lia, max] = [LIA, MAX].map(http);
    let signs_in = "must be http:<object id>, because only a sign-in proves who approves";
    let within = |text: &str| json!({ "by": [lia], "within": text });
    for (approval, place, problem) in [
        (json!({ "by": [] }), "by", "must name 1 to 20 approvers"),
        (json!({ "by": [], "count": 2 }), "by", "must name 1 to 20 approvers"),
        (json!({ "by": approvers(21) }), "by", "must name 1 to 20 approvers"),
        (json!({ "by": [lia, "queue:team"] }), "by[1]", signs_in),
        (json!({ "by": ["key:team"] }), "by[0]", signs_in),
        (json!({ "by": [format!("cli:{LIA}")] }), "by[0]", signs_in),
        (json!({ "by": ["eventgrid:ResourceEvent"] }), "by[0]", signs_in),
        (json!({ "by": ["timer:EndAssignments"] }), "by[0]", signs_in),
        (json!({ "by": ["admin"] }), "by[0]", signs_in),
        (json!({ "by": [LIA] }), "by[0]", signs_in),
        (json!({ "by": ["http:*"] }), "by[0]", signs_in),
        (json!({ "by": ["HTTP:aaaaaaaa-0000-0000-0000-00000000000a"] }), "by[0]", signs_in),
        (json!({ "by": [""] }), "by[0]", signs_in),
        (json!({ "by": [lia, lia] }), "by[1]", "is there twice"),
        (json!({ "by": [lia, max, http(&LIA.to_uppercase())] }), "by[2]", "is there twice"),
        (json!({ "by": [lia, max], "count": 0 }), "count", "must be from 1 to 2"),
        (json!({ "by": [lia, max], "count": 3 }), "count", "must be from 1 to 2"),
        (json!({ "by": [lia], "count": u64::MAX }), "count", "must be from 1 to 1"),
        (within(""), "within", "must not be empty"),
        (within("PT4M59S"), "within", "the shortest duration is PT5M"),
        (within("P30DT1S"), "within", "the longest time that a request can wait is P30D"),
        (within("P365D"), "within", "the longest time that a request can wait is P30D"),
        (within("P366D"), "within", "the longest duration is P365D"),
        (within("P1M"), "within", "years and months differ in length"),
        (within("1 day"), "within", "expected a duration of ISO 8601"),
        (within("pt8h"), "within", "upper case"),
    ] {
        let found = faults(&approval);
        let expected = format!("allow[0].approval.{place} (rule \"orders\"): ");
        assert_eq!(found.len(), 1, "{approval}: {found:?}");
        assert!(found[0].starts_with(&expected) && found[0].contains(problem), "{found:?}");
    }
}

#[test]
fn terms_of_a_wrong_shape_are_refused_with_their_path() {
    let lia = http(LIA);
    for (approval, fault) in [
        (json!({}), "allow[0].approval (rule \"orders\"): the field `by` is missing"),
        (
            json!([lia]),
            "allow[0].approval (rule \"orders\"): must be a JSON object, but is an array",
        ),
        (json!(lia), "allow[0].approval (rule \"orders\"): must be a JSON object, but is a string"),
        (
            json!(true),
            "allow[0].approval (rule \"orders\"): must be a JSON object, but is a boolean",
        ),
        (
            json!({ "by": lia }),
            "allow[0].approval.by (rule \"orders\"): must be an array, but is a string",
        ),
        (
            json!({ "by": null }),
            "allow[0].approval.by (rule \"orders\"): must be an array, but is null",
        ),
        (
            json!({ "by": [lia, 7] }),
            "allow[0].approval.by[1] (rule \"orders\"): must be a string, but is a number",
        ),
        (json!({ "by": [lia], "count": "1" }), "allow[0].approval.count (rule \"orders\"): "),
        (json!({ "by": [lia], "count": -1 }), "allow[0].approval.count (rule \"orders\"): "),
        (json!({ "by": [lia], "count": 1.5 }), "allow[0].approval.count (rule \"orders\"): "),
        (json!({ "by": [lia], "count": null }), "allow[0].approval.count (rule \"orders\"): "),
        (
            json!({ "by": [lia], "within": 24 }),
            "allow[0].approval.within (rule \"orders\"): must be a string",
        ),
        (
            json!({ "by": [lia], "approvers": [] }),
            "allow[0].approval (rule \"orders\"): unknown field `approvers`; the fields are `by`",
        ),
        (
            json!({ "by": [lia], "counts": 1 }),
            "allow[0].approval (rule \"orders\"): unknown field `counts`",
        ),
    ] {
        let found = faults(&approval);
        assert!(found.len() == 1 && found[0].starts_with(fault), "{approval}: {found:?}");
    }
}

#[test]
fn every_fault_of_the_terms_is_reported() {
    let found = faults(&json!({ "by": ["x", "y"], "count": 3, "within": "" }));
    assert_eq!(found.len(), 4, "{found:?}");
}

#[test]
fn a_rule_of_the_baseline_asks_for_no_approval() {
    let rule = json!({
        "name": "always", "principals": [PRINCIPAL], "api": ORDERS, "roles": ["Orders.Read"],
        "approval": { "by": [http(LIA)] },
    });
    let text = json!({ "version": 1, "allow": [], "baseline": [rule] }).to_string();
    let faults = Policy::parse(text.as_bytes()).unwrap_err().to_string();
    assert!(
        faults.starts_with("baseline[0] (rule \"always\"): unknown field `approval`"),
        "{faults}"
    );
}

#[test]
fn one_approver_within_a_day_is_the_default() {
    let by_default = terms(&json!({ "by": [http(LIA), http(MAX)] })).unwrap();
    assert_eq!(by_default.by(), [LIA, MAX].map(object_id));
    assert_eq!((by_default.count(), by_default.within().to_string()), (1, "P1D".to_owned()));
    assert_eq!(by_default.to_string(), "1 of 2 within P1D");
    let stated = json!({ "by": approvers(20), "count": 20, "within": "P30D" });
    assert_eq!(terms(&stated).unwrap().to_string(), "20 of 20 within P30D");
    assert_eq!(terms(&Value::Null), None);
}

#[test]
fn only_rules_in_force_name_approvers() {
    let mut file: Value = serde_json::from_str(&file(&json!({ "by": [http(LIA)] }))).unwrap();
    file["allow"][0]["expires"] = json!("2026-08-20");
    let policy = Policy::parse(file.to_string().as_bytes()).unwrap();
    let (in_time, too_late) = (datetime!(2026-08-20 12:00 UTC), datetime!(2026-08-21 00:00 UTC));
    assert!(policy.names_approver(object_id(LIA), in_time));
    assert!(!policy.names_approver(object_id(MAX), in_time));
    assert!(!policy.names_approver(object_id(LIA), too_late));
}

/// Values of a field: good ones, bad ones, and ones of another type.
fn values(good: impl Strategy<Value = Value>) -> impl Strategy<Value = Option<Value>> {
    let other = select(vec![Value::Null, json!(true), json!({}), json!([[]])]);
    option::weighted(0.8, prop_oneof![9 => good, 1 => other])
}

fn by() -> impl Strategy<Value = Value> {
    let good = (0..30_u32).prop_map(|n| format!("http:AAAAAAAA-0000-0000-0000-{n:012}"));
    let texts = vec![LIA, "queue:team", "http:me", "cli:aaaaaaaa-0000-0000-0000-00000000000a", ""];
    let bad = select(texts).prop_map(str::to_owned);
    vec(prop_oneof![30 => good, 1 => bad], 0..24).prop_map(|texts| json!(texts))
}

fn within() -> impl Strategy<Value = Value> {
    select(vec![
        "PT24H",
        "PT5M",
        "P30D",
        "P4W",
        "PT720H",
        "PT43200M",
        "PT2592000S",
        "P01D",
        "PT4M59S",
        "P31D",
        "P5W",
        "PT721H",
        "PT43201M",
        "PT2592001S",
        "P1M",
        "pt8h",
        "",
    ])
    .prop_map(Value::from)
}

fn count() -> impl Strategy<Value = Value> {
    prop_oneof![
        8 => (0..22_u64).prop_map(Value::from),
        1 => select(vec![json!(-1), json!(1.5), json!("1"), json!(u64::MAX)]),
    ]
}

/// Whether terms ask for something that no schema can refuse: the same approver twice, or more approvals
/// than approvers.
fn contradicts_itself(approval: &Value) -> bool {
    let texts = approval["by"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let mut approvers: Vec<_> = texts.map(str::to_lowercase).collect();
    let named = approvers.len();
    approvers.sort_unstable();
    approvers.dedup();
    let count = approval["count"].as_u64().unwrap_or(1);
    approvers.len() < named || count > u64::try_from(named).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn the_schema_accepts_exactly_the_terms_that_are_read_or_that_contradict_themselves(
        by in values(by()), count in values(count()), within in values(within()), misspelled: bool,
    ) {
        let fields = [("by", by), ("count", count), ("within", within)];
        let stated = fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        let mut approval = stated.collect::<Map<_, _>>();
        if misspelled && approval.len() == 3 {
            approval.insert("with".to_owned(), json!("PT8H"));
        }
        let approval = Value::Object(approval);
        let text = file(&approval);
        let parsed = Policy::parse(text.as_bytes());
        let valid = schema_accepts(&serde_json::from_str(&text).unwrap());
        let expected = valid && !contradicts_itself(&approval);
        prop_assert_eq!(parsed.is_ok(), expected, "{}: {:?}", text, parsed.err());
    }

    #[test]
    fn no_terms_make_reading_a_policy_panic(by in vec(any::<String>(), 0..4), count: i64, within: String) {
        let _ = Policy::parse(file(&json!({ "by": by, "count": count, "within": within })).as_bytes());
    }
}
