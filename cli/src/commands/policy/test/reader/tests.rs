use std::sync::LazyLock;

use jsonschema::Validator;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{super::schema::policytest_schema, *};

const ID: &str = "c0a70500-0000-4000-8000-0000000000d1";
const RESOURCE: &str = "/subscriptions/c0a70500-0000-4000-8000-000000000002/resourceGroups/rg/\
                        providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-orders";

/// A file with one test, which has these fields in place of its own.
fn file(fields: &Value) -> Value {
    let mut test = json!({
        "name": "a", "requester": "queue:team", "principal": RESOURCE, "api": "api://orders",
        "role": "Orders.Read", "expect": { "decision": "allowed" },
    });
    for (name, value) in fields.as_object().unwrap() {
        match value {
            Value::Null => test.as_object_mut().unwrap().remove(name),
            value => test.as_object_mut().unwrap().insert(name.clone(), value.clone()),
        };
    }
    json!({ "version": 1, "tests": [test] })
}

fn faults(file: &Value) -> Vec<String> {
    parse("file", file.to_string().as_bytes()).err().unwrap_or_default()
}

fn schema_accepts(file: &Value) -> bool {
    static VALIDATOR: LazyLock<Validator> =
        LazyLock::new(|| jsonschema::validator_for(&policytest_schema()).unwrap());
    VALIDATOR.is_valid(file)
}

#[test]
fn all_faults_are_reported_with_line_column_and_path() {
    let text = r#"{
  "version": 2,
  "tests": [
    { "name": "a", "requester": "everyone", "principal": 7, "api": "Orders API",
      "role": "Orders Read", "expect": { "decison": "allowed" } },
    { "name": "a" },
    7,
  ]
}"#;
    let faults = parse("file", text.as_bytes()).unwrap_err();
    let expected = [
        "2:14: version: this program supports only version 1",
        "4:33: tests[0].requester: expected queue:<storage queue>",
        "4:58: tests[0].principal: must be an object, but is a number",
        "4:68: tests[0].api: the file states no fact about \"Orders API\"; add it to `apis`",
        "5:15: tests[0].role: must not contain spaces",
        "5:40: tests[0].expect: the field `decision` is missing",
        "5:42: tests[0].expect: unknown field `decison` (did you mean `decision`?); the fields are",
        "6:5: tests[1]: the field `requester` is missing",
        "6:5: tests[1]: the field `principal` is missing",
        "6:5: tests[1]: the field `api` is missing",
        "6:5: tests[1]: the field `role` is missing",
        "6:5: tests[1]: the field `expect` is missing",
        "6:15: tests[1].name: another test of this file has this name",
        "7:5: tests[2]: must be an object, but is a number",
        "7:6: the file is not JSON: no comma may stand before a closing bracket",
    ];
    for (fault, expected) in faults.iter().zip(expected) {
        assert!(fault.starts_with(expected), "{fault}\n{expected}");
    }
    assert_eq!(faults.len(), expected.len(), "{faults:#?}");
}

/// Changes of a good test that make it faulty, and the path of the fault.
fn spoilt() -> Vec<(Value, &'static str)> {
    vec![
        (json!({ "name": "" }), "tests[0].name"),
        (json!({ "name": "a\u{1b}b" }), "tests[0].name"),
        (json!({ "requester": null }), "tests[0]"),
        (json!({ "requester": 1 }), "tests[0].requester"),
        (json!({ "requesters": ["queue:team"] }), "tests[0]"),
        (json!({ "action": "delete" }), "tests[0].action"),
        (json!({ "principal": {} }), "tests[0].principal"),
        (
            json!({ "principal": { "resourceId": "/subscriptions" } }),
            "tests[0].principal.resourceId",
        ),
        (json!({ "principal": { "objectId": "x" } }), "tests[0].principal.objectId"),
        (json!({ "principal": { "objectId": ID, "kind": "robot" } }), "tests[0].principal.kind"),
        (json!({ "api": {} }), "tests[0].api"),
        (json!({ "api": { "appId": "x" } }), "tests[0].api.appId"),
        (json!({ "api": { "appId": ID, "owner": "me" } }), "tests[0].api.owner"),
        (json!({ "role": {} }), "tests[0].role"),
        (json!({ "role": { "id": "x" } }), "tests[0].role.id"),
        (json!({ "duration": "P1Y" }), "tests[0].duration"),
        (json!({ "endDateTime": "tomorrow" }), "tests[0].endDateTime"),
        (json!({ "now": "2026-12-01" }), "tests[0].now"),
        (json!({ "expect": {} }), "tests[0].expect"),
        (json!({ "expect": "allowed" }), "tests[0].expect"),
        (json!({ "expect": { "decision": "permitted" } }), "tests[0].expect.decision"),
        (json!({ "expect": { "decision": "denied", "code": "no" } }), "tests[0].expect.code"),
        (json!({ "expect": { "decision": "allowed", "end": "soon" } }), "tests[0].expect.end"),
        (
            json!({ "expect": { "decision": "needsApproval", "approvers": ["queue:a"] } }),
            "tests[0].expect.approvers[0]",
        ),
        (
            json!({ "expect": { "decision": "needsApproval", "count": -1 } }),
            "tests[0].expect.count",
        ),
        (
            json!({ "expect": { "decision": "needsApproval", "within": "1h" } }),
            "tests[0].expect.within",
        ),
        (
            json!({ "expect": { "decision": "allowed", "confirmation": "maybe" } }),
            "tests[0].expect.confirmation",
        ),
    ]
}

#[test]
fn a_spoilt_test_is_refused_with_its_path_by_the_reader_and_by_the_schema() {
    assert_eq!(faults(&file(&json!({}))), Vec::<String>::new());
    assert!(schema_accepts(&file(&json!({}))));
    for (fields, path) in spoilt() {
        let file = file(&fields);
        let faults = faults(&file);
        assert!(
            faults.iter().any(|fault| fault.contains(&format!(" {path}: "))),
            "{fields} {faults:?}"
        );
        assert!(!schema_accepts(&file), "{fields}");
    }
}

#[test]
fn what_contradicts_itself_is_refused() {
    let approvers = format!("http:{ID}");
    for (fields, problem) in [
        (json!({ "duration": "PT1H", "endDateTime": "2026-12-01T00:00:00Z" }), "not both"),
        (json!({ "action": "revoke", "duration": "PT1H" }), "only a request that assigns"),
        (json!({ "action": "baseline" }), "without a requester"),
    ] {
        let file = file(&fields);
        assert!(faults(&file).iter().any(|fault| fault.contains(problem)), "{fields}");
        assert!(!schema_accepts(&file), "{fields}");
    }
    for (fields, problem) in [
        (json!({ "principal": { "resourceId": RESOURCE, "kind": "agent" } }), "only a managed"),
        (json!({ "expect": { "decision": "allowed", "code": "protected" } }), "only a denial"),
        (json!({ "expect": { "decision": "denied", "end": "none" } }), "has an end"),
        (
            json!({ "expect": { "decision": "allowed", "approvers": [approvers] } }),
            "only the decision needsApproval",
        ),
        (
            json!({ "action": "read", "expect": { "decision": "needsApproval" } }),
            "neither reading nor the baseline",
        ),
        (
            json!({ "action": "read", "expect": { "decision": "allowed", "confirmation": "never" } }),
            "needs a confirmation",
        ),
        (json!({ "api": "graph", "role": "User.Raed.All" }), "did you mean User.Read.All"),
    ] {
        let faults = faults(&file(&fields));
        assert!(faults.iter().any(|fault| fault.contains(problem)), "{fields} {faults:?}");
    }
}

#[test]
fn a_new_role_of_microsoft_is_accepted_with_its_id() {
    let role = json!({ "value": "Brand.New.Role", "id": ID });
    assert_eq!(faults(&file(&json!({ "api": "graph", "role": role }))), Vec::<String>::new());
}

#[test]
fn names_stand_for_the_facts_that_the_file_states() {
    let mut named = file(&json!({ "principal": "id-orders", "api": "orders" }));
    named["principals"] = json!({ "id-orders": RESOURCE });
    named["apis"] = json!({ "orders": { "appId": ID, "identifierUri": "api://orders" } });
    assert_eq!(faults(&named), Vec::<String>::new());
    assert!(schema_accepts(&named));
    named["tests"][0]["principal"] = json!("id-ordres");
    assert!(faults(&named)[0].contains("did you mean id-orders?"), "{:?}", faults(&named));
    for name in ["graph", "api://orders", ID] {
        let mut file = file(&json!({}));
        file["apis"] = json!({ name: "sharepoint" });
        assert!(faults(&file)[0].contains("is no display name"), "{name} {:?}", faults(&file));
    }
}

#[test]
fn a_file_without_tests_is_refused() {
    for file in [json!({ "version": 1, "tests": [] }), json!({ "version": 1 }), json!([]), json!(7)]
    {
        assert!(!faults(&file).is_empty(), "{file}");
        assert!(!schema_accepts(&file), "{file}");
    }
    for text in ["", "{", "// tests", "\u{feff}", "null"] {
        assert!(parse("file", text.as_bytes()).is_err(), "{text}");
    }
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(bytes: Vec<u8>, text: String) {
        let _ = parse("file", &bytes);
        let _ = parse("file", text.as_bytes());
        let _ = parse("file", file(&json!({ "name": text, "role": text })).to_string().as_bytes());
    }

    #[test]
    fn a_misspelled_field_is_never_ignored(name in "[a-zA-Z$]{1,12}") {
        let is_known = TEST_FIELDS.contains(&name.as_str());
        let faults = faults(&file(&json!({ name: "2026-12-01T00:00:00Z" })));
        prop_assert!(is_known || !faults.is_empty());
    }
}
