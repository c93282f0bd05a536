use std::sync::LazyLock;

use jsonschema::Validator;
use proptest::{prelude::*, sample::select};
use serde_json::json;

use super::{schema::schema, *};

const GUID: &str = "c0a70500-0000-4000-8000-0000000000d1";

fn read(file: &Value) -> Result<Vec<WrittenRequest>, Vec<String>> {
    parse(file.to_string().as_bytes(), None)
}

/// A file with one request, which has these fields too.
fn with(fields: &Value) -> Value {
    let mut request = json!({ "api": "api://orders", "roles": ["Orders.Read"] });
    request.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    json!({ "principal": "id-orders", "requests": [request] })
}

fn schema_accepts(file: &Value) -> bool {
    static VALIDATOR: LazyLock<Validator> =
        LazyLock::new(|| jsonschema::validator_for(&schema()).unwrap());
    VALIDATOR.is_valid(file)
}

#[test]
fn the_faults_of_all_requests_are_reported_with_line_column_and_path() {
    let text = r#"{
  "principle": "id-orders",
  "requests": [
    { "api": "api://orders", "roles": ["Orders Read"] },
    { "principal": { "objectId": "7" }, "api": "a", "roles": "b" },
    { "principal": "id-orders", "roles": ["Orders.Read"], "role": "a" },
    { "principal": "id-orders", "api": "api://orders", "roles": ["A"], "roles": ["B"] },
    { "principalId": "a", "principal": "b", "api": "c", "roles": ["d", 7] },
    7,
  ]
}"#;
    let faults = parse(text.as_bytes(), None).unwrap_err();
    let expected = [
        "2:3: unknown field `principle` (did you mean `principal`?); the fields are `$schema`",
        "4:5: requests[0]: the principal is missing: name it here, once for the file, or with",
        "5:34: requests[1].principal.objectId: expected a GUID",
        "6:5: requests[2]: the field `api` is missing",
        "6:59: requests[2]: unknown field `role` (did you mean `roles`?)",
        "7:72: requests[3]: the field `roles` occurs twice",
        "8:7: requests[4]: unknown field `principalId`",
        "8:72: requests[4].roles[1]: must be a string, but is a number",
        "9:5: requests[5]: must be an object, but is a number",
        "9:6: the file is not JSON: no comma may stand before a closing bracket",
    ];
    for (fault, expected) in faults.iter().zip(expected) {
        assert!(fault.starts_with(expected), "{fault}\n{expected}");
    }
    assert_eq!(faults.len(), expected.len(), "{faults:#?}");
}

#[test]
fn a_fault_of_the_common_principal_is_reported_once() {
    let request = json!({ "api": "a", "roles": "b" });
    for (principal, fault) in [
        (json!(""), "1:14: principal: must not be empty"),
        (json!(7), "1:14: principal: must be a string, or an object with one of objectId"),
        (json!({ "objectId": "7" }), "1:26: principal.objectId: expected a GUID"),
    ] {
        let file = json!({ "principal": principal, "requests": [request, request] });
        let faults = read(&file).unwrap_err();
        assert!(faults[0].starts_with(fault), "{faults:?}");
    }
}

#[test]
fn a_file_has_one_to_a_hundred_requests() {
    let request = json!({ "principal": "a", "api": "b", "roles": "c" });
    for (number, is_read) in [(0, false), (1, true), (100, true), (101, false)] {
        let file = json!({ "requests": vec![request.clone(); number] });
        assert_eq!(read(&file).is_ok(), is_read, "{number}");
        assert_eq!(schema_accepts(&file), is_read, "{number}");
    }
    for text in ["", "[]", "{", "null", "{}", "\u{feff}", "{\"requests\":{}}"] {
        assert!(parse(text.as_bytes(), None).is_err(), "{text:?}");
    }
}

#[test]
fn the_principal_is_that_of_the_request_the_command_line_or_the_file() {
    let mut file = with(&json!({}));
    file["requests"].as_array_mut().unwrap().push(
        json!({ "principal": "id-reports", "api": "api://orders", "roles": ["Orders.Read"] }),
    );
    let principals = |named: Option<&str>| -> Vec<String> {
        let named = named.map(|text| principal(text).unwrap());
        let requests = parse(file.to_string().as_bytes(), named.as_ref()).unwrap();
        requests.iter().map(|one| one.request().principal.to_string()).collect()
    };
    assert_eq!(principals(None), ["id-orders", "id-reports"]);
    assert_eq!(principals(Some(GUID)), [GUID, "id-reports"]);
    assert!(principal("/subscriptions/x").unwrap_err().sentence.contains("--principal: "));
}

#[test]
fn a_request_of_a_file_is_the_request_that_a_queue_would_take() {
    let fields = json!({
        "requestId": "INC-1234", "action": "assign", "reason": "reads its own API",
        "duration": "PT8H", "notAfter": "2099-01-01T00:00:00Z", "dryRun": true,
    });
    let requests = read(&with(&fields)).unwrap();
    let mut alone = with(&fields)["requests"][0].clone();
    alone["principal"] = json!("id-orders");
    let decoded = Request::decode(alone.to_string().as_bytes()).unwrap();
    let [request] = &requests[..] else { panic!("one request") };
    assert_eq!((request.request(), request.json()), (&decoded, alone));
}

/// Values that some field takes, and values that none does.
fn value() -> impl Strategy<Value = Value> {
    select(vec![
        json!(null),
        json!(true),
        json!(7),
        json!(""),
        json!("id-orders"),
        json!("api://orders"),
        json!("revoke"),
        json!("PT8H"),
        json!("2099-01-01T00:00:00Z"),
        json!(GUID),
        json!([]),
        json!(["Orders.Read"]),
        json!(["Orders.Read", "a b"]),
        json!({ "objectId": GUID }),
        json!({ "appId": GUID }),
        json!({ "displayName": 7 }),
    ])
}

proptest! {
    #[test]
    fn the_schema_accepts_what_the_reader_accepts(
        field in select([REQUEST_FIELDS, &["principalId"]].concat()), value in value(),
        other in select(REQUEST_FIELDS.to_vec()), second in value(), is_common: bool,
    ) {
        let mut file = with(&json!({ field: value, other: second }));
        if is_common {
            file["principal"] = value;
        }
        // Whether the command line names a principal, the schema cannot know.
        let named = principal("id-orders").unwrap();
        let read = parse(file.to_string().as_bytes(), Some(&named));
        prop_assert_eq!(read.is_ok(), schema_accepts(&file), "{}", file);
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "[\\[\\]{},:\" a-z0-9\\\\]{0,60}") {
        let _ = parse(text.as_bytes(), None);
        let _ = parse(format!("{{\"requests\":[{text}]}}").as_bytes(), None);
    }
}
