use jsonschema::Validator;
use proptest::{collection::vec, option, prelude::*, sample::select};
use serde_json::{Map, Value, json};
use time::Duration;

use super::*;
use crate::{ids::Guid, schema::request_schema, text::DisplayName};

const GUID: &str = "11111111-1111-1111-1111-11111111aaaa";
const ARM: &str = "/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/rg/providers/Microsoft.Web/sites/func";
const GRAPHS: &str = r#"{"principalId":"11111111-1111-1111-1111-111111111111","resourceId":"22222222-2222-2222-2222-222222222222","appRoleId":"33333333-3333-3333-3333-333333333333"}"#;

/// A valid request with these fields replaced.
fn with(fields: &Value) -> String {
    let mut request = json!({ "principal": "id-orders", "api": "api://orders", "roles": ["A"] });
    for (name, value) in fields.as_object().unwrap() {
        request[name] = value.clone();
    }
    request.to_string()
}

#[test]
fn a_malformed_request_is_refused_with_the_path_of_the_fault() {
    let deep = format!("{}1{}", "[".repeat(5000), "]".repeat(5000));
    for (text, fault) in [
        (String::new(), "request: is empty"),
        ("null".to_owned(), "request: must be a JSON object, but is null"),
        ("{}".to_owned(), "request: the field `principal` is missing"),
        (format!("{} {{}}", with(&json!({}))), "request: is not JSON; see line 1, column"),
        (with(&json!({ "extra": 1 })), "request: unknown field; the fields are `requestId`"),
        (
            with(&json!({ "principal": 7 })),
            "principal: must be a string, or an object with one of objectId",
        ),
        (with(&json!({ "principal": null })), "clientId, resourceId, displayName, but is null"),
        (with(&json!({ "principal": "" })), "principal: must not be empty"),
        (
            with(&json!({ "principal": "/subscriptions/x" })),
            "principal: the subscription of an ARM",
        ),
        (
            with(&json!({ "principal": ARM.split("/providers").next() })),
            "principal: expected the ARM id of a resource",
        ),
        (with(&json!({ "principal": {} })), "principal: must have exactly one of objectId"),
        (
            with(&json!({ "principal": { "oid": "x" } })),
            "principal: unknown field; the fields are `objectId`",
        ),
        (with(&json!({ "principal": { "objectId": "x" } })), "principal.objectId: expected a GUID"),
        (
            with(&json!({ "principal": { "clientId": GUID, "objectId": GUID } })),
            "principal: must have exactly one of",
        ),
        (
            with(&json!({ "api": { "appId": ["x"] } })),
            "api.appId: must be a string, but is an array",
        ),
        (with(&json!({ "api": "api://a b" })), "api: must not contain spaces"),
        (with(&json!({ "roles": [] })), "roles: must have 1 to 20 roles"),
        (with(&json!({ "roles": vec!["A"; 21] })), "roles: must have 1 to 20 roles"),
        (with(&json!({ "roles": ["A", "B C"] })), "roles[1]: must not contain spaces"),
        (with(&json!({ "roles": 7 })), "roles: must be an array of 1 to 20 roles, or one role"),
        (with(&json!({ "action": "grant" })), "action: expected \"assign\" or \"revoke\""),
        (
            with(&json!({ "reason": "a\u{202E}b" })),
            "reason: contains the unprintable character U+202E",
        ),
        (with(&json!({ "reason": "x".repeat(501) })), "reason: is longer than 500 characters"),
        (
            with(&json!({ "requestId": "a b" })),
            "requestId: may contain only letters, digits and . _ : -",
        ),
        (with(&json!({ "notAfter": "tomorrow" })), "notAfter: expected a time in RFC 3339"),
        (with(&json!({ "dryRun": "yes" })), "dryRun: must be true or false, but is a string"),
        (with(&json!({})).replace("id-orders", "\\ud800"), "request: is not JSON; see line 1"),
        (format!("{{\"principal\":{deep}}}"), "request: has too many levels"),
    ] {
        let got = Request::decode(text.as_bytes()).unwrap_err().to_string();
        assert!(got.contains(fault), "{text:.90}\n  {got}\n  {fault}");
    }
}

#[test]
fn a_malformed_request_in_graphs_shape_is_refused_with_the_path_of_the_fault() {
    let deep = format!("{}1{}", "[".repeat(5000), "]".repeat(5000));
    for (text, fault) in [
        (format!("{{\"principalId\":{deep}}}"), "request: has too many levels"),
        (
            GRAPHS.replace('}', ",\"dryRun\":true}"),
            "request: unknown field; the fields are `principalId`",
        ),
        (GRAPHS.replace("\"2222", "\"2"), "resourceId: expected a GUID"),
        (
            GRAPHS.replace("resourceId", "principalId"),
            "request: the field `principalId` occurs twice",
        ),
    ] {
        let got = Request::decode(text.as_bytes()).unwrap_err().to_string();
        assert!(got.contains(fault), "{text:.90}\n  {got}\n  {fault}");
    }
}

#[test]
fn a_request_that_is_too_large_is_refused() {
    let text = with(&json!({ "reason": "x".repeat(MAX_REQUEST_BYTES) }));
    let fault = Request::decode(text.as_bytes()).unwrap_err().fault;
    assert_eq!(fault, RequestFault::TooLarge(text.len()));
}

#[test]
fn an_error_does_not_repeat_the_wrong_value() {
    for field in ["principal", "api", "reason", "duration", "endDateTime", "notAfter", "action"] {
        let text = with(&json!({ field: "secret\u{0}" }));
        let fault = Request::decode(text.as_bytes()).unwrap_err().to_string();
        assert!(!fault.contains("secret"), "{fault}");
    }
}

#[test]
fn a_misspelled_field_is_named_by_the_field_that_it_resembles() {
    for (text, known) in [
        (with(&json!({ "role": 1 })), "roles"),
        (with(&json!({ "notafter": 1 })), "notAfter"),
        (GRAPHS.replace('}', ",\"appRoleID\":1}"), "appRoleId"),
    ] {
        let fault = Request::decode(text.as_bytes()).unwrap_err().to_string();
        assert!(fault.contains(&format!("did you mean `{known}`?")), "{fault}");
    }
}

/// A key that a caller sent in the wrong place.
const KEY: &str = "pAZc9-Q3wE_7key==";

/// Texts around a key that look like parts of an error message.
const AROUND: [&str; 6] =
    ["", ", expected ", "`, expected one of `", ".", "[0]", "\", there are no fields"];

fn field_name() -> impl Strategy<Value = String> {
    let known = select(vec![
        "requestId",
        "action",
        "principal",
        "api",
        "roles",
        "reason",
        "duration",
        "endDateTime",
        "notAfter",
        "dryRun",
        "principalId",
        "resourceId",
        "appRoleId",
        "objectId",
        "displayName",
    ]);
    let key = (select(&AROUND[..]), select(&AROUND[..]))
        .prop_map(|(before, after)| format!("{before}{KEY}{after}"));
    prop_oneof![known.prop_map(str::to_owned), key]
}

/// JSON with keys in any place.
fn json_with_keys() -> impl Strategy<Value = Value> {
    // No text that is a valid value of a field is among the leaves.
    let leaf = prop_oneof![
        Just(Value::Null),
        Just(json!(true)),
        field_name().prop_map(|text| json!(format!("{text}\u{0}"))),
    ];
    leaf.prop_recursive(3, 20, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(Value::Array),
            vec((field_name(), inner), 0..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_error_repeats_a_key_that_is_a_name_or_a_value(document in json_with_keys(), cut in option::of(0..200_usize)) {
        let text = document.to_string();
        let text = text.get(..cut.unwrap_or(text.len())).unwrap_or(&text);
        if let Err(fault) = Request::decode(text.as_bytes()) {
            prop_assert!(!fault.to_string().contains(KEY), "{}", fault);
        }
    }

    #[test]
    fn no_error_repeats_a_key_in_a_request_that_is_valid_without_it(
        field in field_name(), value in json_with_keys(), graphs: bool,
    ) {
        let valid = if graphs { GRAPHS.to_owned() } else { with(&json!({})) };
        let mut request: Value = serde_json::from_str(&valid).unwrap();
        request[&field] = value;
        if let Err(fault) = Request::decode(request.to_string().as_bytes()) {
            prop_assert!(!fault.to_string().contains(KEY), "{}", fault);
        }
    }
}

#[test]
fn each_kind_of_principal_name_is_recognized() {
    use PrincipalName::{ClientId, DisplayName as Named, Guid as Either, ObjectId, ResourceId};
    let guid = Guid::parse(GUID).unwrap();
    let name = DisplayName::parse("id-orders").unwrap();
    let arm = crate::arm::ArmScope::parse(ARM).unwrap();
    for (value, expected) in [
        (json!(GUID), Either(guid)),
        (json!(ARM), ResourceId(arm.clone())),
        (json!("id-orders"), Named(name.clone())),
        (json!({ "objectId": GUID }), ObjectId(guid.into())),
        (json!({ "clientId": GUID }), ClientId(guid.into())),
        (json!({ "resourceId": ARM }), ResourceId(arm)),
        (json!({ "displayName": "id-orders" }), Named(name)),
    ] {
        let text = with(&json!({ "principal": value }));
        assert_eq!(Request::decode(text.as_bytes()).unwrap().principal, expected);
    }
    let named_like_a_guid = with(&json!({ "principal": { "displayName": GUID } }));
    assert!(matches!(Request::decode(named_like_a_guid.as_bytes()).unwrap().principal, Named(_)));
}

#[test]
fn each_kind_of_api_name_is_recognized() {
    for (value, expected) in [
        (json!(GUID), "Guid("),
        (json!("Graph"), "AppId(AppId(00000003-0000-0000-c000-000000000000"),
        (json!("api://orders"), "IdentifierUri("),
        (json!("https://contoso.com/orders"), "IdentifierUri("),
        (json!("Orders API"), "DisplayName("),
        (json!({ "appId": GUID }), "AppId("),
        (json!({ "objectId": GUID }), "ObjectId("),
        (json!({ "identifierUri": "orders" }), "IdentifierUri("),
        (json!({ "displayName": "graph" }), "DisplayName("),
    ] {
        let api = Request::decode(with(&json!({ "api": value })).as_bytes()).unwrap().api;
        assert!(format!("{api:?}").starts_with(expected), "{value}: {api:?}");
    }
}

#[test]
fn a_request_expires_at_its_own_limit_and_at_the_largest_age() {
    let text = with(&json!({ "notAfter": "2026-12-01T00:00:00+01:00" }));
    let request = Request::decode(text.as_bytes()).unwrap();
    let now = request.not_after.unwrap();
    let second = Duration::seconds(1);
    assert_eq!(request.check_age(SentTime::NotStated, now), Ok(()));
    assert_eq!(request.check_age(SentTime::NotStated, now + second), Err(Expired::NotAfter));
    assert_eq!(request.check_age(SentTime::At(now - MAX_REQUEST_AGE), now), Ok(()));
    let aged = |sent| request.check_age(sent, now);
    assert_eq!(aged(SentTime::At(now - MAX_REQUEST_AGE - second)), Err(Expired::TooOld));
    assert_eq!(aged(SentTime::At(now + MAX_REQUEST_AGE)), Ok(()));
    assert_eq!(aged(SentTime::At(now + MAX_REQUEST_AGE + second)), Err(Expired::UnknownAge));
    assert_eq!(aged(SentTime::Unreadable), Err(Expired::UnknownAge));
}

/// Texts with a meaning in some field, and arbitrary texts.
fn text() -> impl Strategy<Value = String> {
    let known = select(vec![
        GUID,
        ARM,
        "/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/rg%2d1/providers/a/b/c%3D/",
        "/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/rg%2f1/providers/a/b/c",
        "id-orders",
        "graph",
        "api://orders",
        "api://",
        "api://a b",
        "https://x",
        "Orders.Read",
        "assign",
        "revoke",
        "",
        " ",
        "/",
        "/subscriptions/x",
        "\u{202E}",
        "a\u{85}",
        "\u{FFFF}",
        "é 日本",
        "2026-12-01T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "INC-1",
    ]);
    prop_oneof![
        4 => known.prop_map(str::to_owned),
        1 => any::<String>(),
        1 => (1_usize..600).prop_map(|length| "x".repeat(length)),
    ]
}

fn name() -> impl Strategy<Value = Value> {
    let kinds =
        ["objectId", "clientId", "resourceId", "displayName", "appId", "identifierUri", "x"];
    prop_oneof![
        4 => text().prop_map(Value::from),
        3 => (select(kinds.to_vec()), text()).prop_map(|(kind, text)| json!({ kind: text })),
        1 => Just(json!({})),
        1 => Just(json!({ "objectId": GUID, "displayName": "x" })),
        1 => Just(Value::Null),
        1 => Just(json!(7)),
    ]
}

/// One of these texts in nine of ten cases.
fn mostly(good: &[&'static str]) -> impl Strategy<Value = String> + use<> {
    prop_oneof![9 => select(good.to_vec()).prop_map(str::to_owned), 1 => text()]
}

/// A valid name in most cases.
fn near_name() -> impl Strategy<Value = Value> {
    let good = mostly(&[GUID, ARM, "id-orders", "api://orders", "graph"]).prop_map(Value::from);
    prop_oneof![4 => good, 1 => name()]
}

prop_compose! {
    /// A document like a request: each field is absent, valid or invalid.
    fn document()(
        names in (option::weighted(0.95, near_name()), option::weighted(0.95, near_name())),
        roles in option::weighted(0.95, vec(mostly(&["Orders.Read", GUID]), 0..4)),
        texts in (
            option::weighted(0.3, mostly(&["INC-1", "a.b:c_d"])),
            option::weighted(0.3, mostly(&["assign", "revoke"])),
            option::weighted(0.3, mostly(&["é 日本", "why not"])),
            option::weighted(0.3, mostly(&["2026-12-01T00:00:00Z", "2026-12-01T00:00:00.5+01:00"])),
        ),
        dry_run in option::weighted(0.3, select(vec![json!(true), json!(null), json!("true")])),
        extra in option::weighted(0.1, select(vec!["extra", "principalId", "resourceId"])),
    ) -> Value {
        let mut map = Map::new();
        let (request_id, action, reason, not_after) = texts;
        let fields = [
            ("principal", names.0), ("api", names.1), ("roles", roles.map(Value::from)),
            ("requestId", request_id.map(Value::from)), ("action", action.map(Value::from)),
            ("reason", reason.map(Value::from)), ("notAfter", not_after.map(Value::from)),
            ("dryRun", dry_run),
        ];
        for (name, value) in fields {
            if let Some(value) = value {
                map.insert(name.to_owned(), value);
            }
        }
        if let Some(extra) = extra {
            map.insert(extra.to_owned(), json!(GUID));
        }
        Value::Object(map)
    }
}

fn validator() -> Validator {
    jsonschema::options().should_validate_formats(true).build(&request_schema()).unwrap()
}

#[test]
fn the_schema_accepts_exactly_the_documents_that_decode() {
    let validator = validator();
    let (mut good, mut bad) = (0, 0);
    proptest!(ProptestConfig::with_cases(2000), |(document in document())| {
        let decoded = Request::decode(document.to_string().as_bytes());
        let valid = validator.is_valid(&document);
        prop_assert_eq!(decoded.is_ok(), valid, "{}: {:?}", document, decoded);
    });
    // The property is worthless unless the generator makes both valid and invalid documents.
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    for _ in 0..2000 {
        let tree = document().new_tree(&mut runner).unwrap();
        let document = proptest::strategy::ValueTree::current(&tree);
        if validator.is_valid(&document) { good += 1 } else { bad += 1 }
    }
    assert!(good > 50 && bad > 50, "{good} good and {bad} bad documents");
}

#[test]
fn graphs_own_body_is_a_request_with_ids() {
    let request = Request::decode(GRAPHS.as_bytes()).unwrap();
    assert!(validator().is_valid(&serde_json::from_str(GRAPHS).unwrap()));
    assert!(matches!(request.principal, PrincipalName::ObjectId(_)));
    assert!(matches!(request.api, ApiName::ObjectId(_)));
    assert_eq!(request.action, Action::Assign);
    let default = GRAPHS
        .replace("33333333-3333-3333-3333-333333333333", "00000000-0000-0000-0000-000000000000");
    assert_eq!(Request::decode(default.as_bytes()).unwrap().roles, [RoleName::DefaultAccess]);
}

proptest! {
    #[test]
    fn no_bytes_make_decoding_panic(bytes: Vec<u8>) {
        let _ = Request::decode(&bytes);
    }
}
