//! The published schema refuses what the reader refuses.

use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::{Value, json};

use super::{
    fixtures::{OWN, PRINCIPAL, SUBSCRIPTION, schema_accepts},
    *,
};

const GROUP: &str = "/subscriptions/44444444-4444-4444-4444-444444444444/resourceGroups/rg-orders";
const LIA: &str = "http:aaaaaaaa-0000-0000-0000-00000000000a";
const MAX: &str = "http:bbbbbbbb-0000-0000-0000-00000000000b";

/// A file with every field.
fn full() -> Value {
    let acknowledged = json!([{ "warning": "privilegedWithoutEnd", "reason": "ends by hand" }]);
    let rule = json!({
        "name": "orders", "requesters": ["queue:team", LIA], "principals": [GROUP, PRINCIPAL],
        "api": "graph", "roles": ["User.Read.All"], "actions": ["assign", "read"],
        "privileged": true, "maxDuration": "PT8H",
        "approval": { "by": [LIA, MAX], "count": 2, "within": "PT24H" },
        "description": "month end", "owner": "team-orders@contoso.com", "expires": "2099-12-31",
        "acknowledged": acknowledged,
    });
    let always = json!({
        "name": "always", "principals": [GROUP], "api": "api://orders", "roles": ["Orders.*"],
        "privileged": false, "description": "reads", "owner": "team", "expires": "2099-12-31",
        "acknowledged": [],
    });
    json!({
        "$schema": "./schemas/policy.schema.json", "version": 1, "protected": [OWN, SUBSCRIPTION],
        "allow": [rule], "baseline": [always], "acknowledged": acknowledged,
    })
}

/// Whether the reader and the schema accept a file.
fn accepted(file: &Value) -> (bool, bool) {
    (Policy::parse(file.to_string().as_bytes()).is_ok(), schema_accepts(file))
}

/// The file with another value at a place, or without the field.
fn with(place: &str, value: Option<Value>) -> Value {
    let mut file = full();
    let (parent, field) = place.rsplit_once('/').unwrap();
    let parent = file.pointer_mut(parent).unwrap();
    match (parent, value) {
        (Value::Object(fields), None) => drop(fields.remove(field)),
        (Value::Object(fields), Some(value)) => drop(fields.insert(field.to_owned(), value)),
        (Value::Array(items), Some(value)) => items[field.parse::<usize>().unwrap()] = value,
        _ => panic!("{place}"),
    }
    file
}

#[test]
fn the_schema_of_the_policy_is_the_committed_one() {
    crate::schema::assert_committed("policy", &schema::policy());
    let stock: Value = serde_json::from_str(include_str!("../../../../policy.json")).unwrap();
    for file in [stock, full()] {
        assert_eq!(accepted(&file), (true, true), "{file}");
    }
}

#[test]
fn the_reader_and_the_schema_refuse_the_same_spoilt_files() {
    let missing = [
        "/version",
        "/allow",
        "/allow/0/name",
        "/allow/0/requesters",
        "/allow/0/principals",
        "/allow/0/api",
        "/allow/0/roles",
        "/allow/0/approval/by",
        "/baseline/0/name",
        "/baseline/0/principals",
        "/baseline/0/api",
        "/baseline/0/roles",
        "/acknowledged/0/warning",
        "/acknowledged/0/reason",
    ];
    for place in missing {
        assert_eq!(accepted(&with(place, None)), (false, false), "without {place}");
    }
    for place in [
        "/deny",
        "/allow/0/action",
        "/allow/0/Name",
        "/allow/0/$schema",
        "/baseline/0/requesters",
        "/baseline/0/maxDuration",
        "/baseline/0/approval",
        "/allow/0/approval/group",
        "/acknowledged/0/code",
        "/allow/0/acknowledged/0/rule",
    ] {
        assert_eq!(accepted(&with(place, Some(json!([])))), (false, false), "unknown {place}");
    }
    for (place, values) in wrong_values() {
        for value in values {
            let told = format!("{place}: {value}");
            assert_eq!(accepted(&with(place, Some(value))), (false, false), "{told:.200}");
        }
    }
}

/// Values that are no possible value of a field.
fn wrong_values() -> Vec<(&'static str, Vec<Value>)> {
    let sub = SUBSCRIPTION;
    let texts = |texts: &[&str]| texts.iter().map(|text| json!(text)).collect::<Vec<_>>();
    let no_texts = || vec![json!(null), json!(7), json!(true), json!([]), json!({})];
    let scopes = [
        "",
        "everybody",
        "*",
        "/",
        "/subscriptions",
        "/subscriptions/*",
        "/subscriptions/x",
        "/SUBSCRIPTIONS/44444444-4444-4444-4444-44444444444",
        &sub.replace('4', "*"),
        &format!("{sub}/resourceGroups"),
        &format!("{sub}/resourceGroups/"),
        &format!("{sub}/resource*/rg"),
        &format!("{sub}//resourceGroups/rg"),
        &format!("{sub}/resourceGroups/a%20b"),
        &format!("{sub}/resourceGroups/ a"),
        &format!("{sub}/resourceGroups/a?"),
        &format!("{sub}/resourceGroups/.."),
        &format!("{sub}/resourceGroups/a\\b"),
        &format!("{sub}/resourceGroups/a\u{202e}b"),
        &format!("{sub}/resourceGroups/a/b"),
        &format!("{sub}/resourceGroups/a/providers"),
        &format!("{sub}/resourceGroups/a/providers/b"),
        &format!("{sub}/providers/b/c"),
        &format!("{sub}/resourceGroups/a/providers/b/*/d"),
        &format!("{sub}/resourceGroups/a/providers/b*/c/d"),
        &format!("{sub}/resourceGroups/{}", "a".repeat(1024)),
        "/providers/Microsoft.Management/managementGroups/mg",
        "/providers/Microsoft.Management/managementGroups/mg/providers/a/b/*",
        "/providers/MicrosoftxManagement/managementGroups/mg/providers/a/b/c",
        "{44444444-4444-4444-4444-444444444444}",
        "44444444444444444444444444444444",
        "urn:uuid:44444444-4444-4444-4444-444444444444",
    ]
    .map(|text| json!(text));
    vec![
        ("/$schema", vec![json!(null), json!(1), json!([])]),
        ("/version", vec![json!(0), json!(2), json!(-1), json!("1"), json!(1.5), json!(null)]),
        ("/protected", vec![json!(null), json!({}), json!("x"), json!([7])]),
        ("/protected/0", [scopes.to_vec(), no_texts()].concat()),
        ("/allow", vec![json!(null), json!({}), json!([null]), json!([[]]), json!(["x"])]),
        ("/baseline", vec![json!(null), json!({}), json!([null]), json!([[]])]),
        (
            "/allow/0/name",
            [texts(&["", "a\nb", "a\u{202e}b", &"n".repeat(129)]), no_texts()].concat(),
        ),
        ("/allow/0/requesters", vec![json!([]), json!("queue:team"), json!(null), json!([null])]),
        (
            "/allow/0/requesters/0",
            [
                texts(&[
                    "",
                    "*",
                    "admin",
                    "timer:EndAssignments",
                    "queue:",
                    "queue:ab",
                    "queue:Upper",
                    "queue:*",
                    "http:*",
                    "http:me",
                    "key:default",
                    "key:Master",
                    "key:_MASTER",
                    "key:",
                    "key:a b",
                    "cli:root",
                    "eventgrid:",
                    "eventgrid:a b",
                    "Queue:team",
                    " queue:team",
                ]),
                no_texts(),
            ]
            .concat(),
        ),
        ("/allow/0/principals", vec![json!([]), json!(GROUP), json!(null)]),
        ("/allow/0/principals/0", [scopes.to_vec(), no_texts()].concat()),
        (
            "/allow/0/api",
            [
                texts(&[
                    "",
                    "Orders API",
                    "grap",
                    "api:/x",
                    "API://orders",
                    "http://orders",
                    "api://a b",
                    "*",
                    &format!("api://{}", "a".repeat(250)),
                ]),
                no_texts(),
            ]
            .concat(),
        ),
        ("/allow/0/roles", vec![json!([]), json!("Orders.Read"), json!(null)]),
        (
            "/allow/0/roles/0",
            [
                texts(&[
                    "",
                    "*.Read",
                    "a*b",
                    "**",
                    "Orders Read",
                    "a\u{0}",
                    "a\u{a0}b",
                    &"r".repeat(121),
                ]),
                no_texts(),
            ]
            .concat(),
        ),
        ("/allow/0/actions", vec![json!([]), json!("assign"), json!(["own"]), json!(["Assign"])]),
        ("/allow/0/privileged", vec![json!("yes"), json!(1), json!(null)]),
        (
            "/allow/0/maxDuration",
            [texts(&["", "P1M", "PT4M59S", "P366D", "pt8h"]), vec![json!(8)]].concat(),
        ),
        ("/allow/0/approval", vec![json!([]), json!(LIA), json!(true)]),
        (
            "/allow/0/approval/by",
            vec![json!([]), json!([LIA, LIA]), json!([PRINCIPAL]), json!(null)],
        ),
        ("/allow/0/approval/count", vec![json!(0), json!(21), json!(-1), json!("1"), json!(null)]),
        ("/allow/0/approval/within", texts(&["", "PT4M", "P31D", "P5W", "PT721H"])),
        ("/allow/0/description", texts(&["", "a\u{85}", &"d".repeat(501)])),
        ("/allow/0/owner", [texts(&["", "two\nlines", &"o".repeat(257)]), vec![json!(1)]].concat()),
        ("/allow/0/expires", texts(&["", "never", "2027-02-29", "2027-6-30"])),
        ("/acknowledged", vec![json!(null), json!({}), json!(["expired"])]),
        (
            "/acknowledged/0/warning",
            [texts(&["", "Expired", "none", "unusedAcknowledgement"]), no_texts()].concat(),
        ),
        ("/acknowledged/0/reason", [texts(&["", "a\nb", &"r".repeat(501)]), no_texts()].concat()),
        ("/allow/0/acknowledged/0/reason", texts(&[""])),
    ]
}

#[test]
fn what_json_schema_cannot_say_is_left_to_the_reader() {
    let first = full()["allow"][0].clone();
    let upper = format!("http:{}", LIA.trim_start_matches("http:").to_uppercase());
    let twice = ["ends by hand", "ends by a timer"]
        .map(|reason| json!({ "warning": "privilegedWithoutEnd", "reason": reason }));
    for (file, reason) in [
        (with("/allow", Some(json!([first, first]))), "it compares no single fields of two items"),
        (with("/baseline/0/name", Some(json!("orders"))), "it compares no fields of two lists"),
        (with("/allow/0/approval/by/1", Some(json!(upper))), "it does not ignore case"),
        (with("/allow/0/approval/count", Some(json!(3))), "it compares no number with a length"),
        (with("/allow/0/maxDuration", Some(json!("P364DT48H"))), "it adds no numbers"),
        (with("/allow/0/approval/within", Some(json!("P29DT25H"))), "it adds no numbers"),
        (with("/acknowledged", Some(json!(twice))), "it compares no single fields of two items"),
        (with("/version", Some(json!(1.0))), "1.0 and 1 are equal to it"),
    ] {
        assert_eq!(accepted(&file), (false, true), "{reason}: {file}");
    }
    // It sees a document only after a reader of JSON has dropped one of the fields.
    let repeated = full().to_string().replacen('{', "{\"version\":1,", 1);
    assert!(Policy::parse(repeated.as_bytes()).is_err());
}

/// Texts that are a scope, a name or an id, or nearly.
fn nearly_a_name() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        4 => select(vec![
            "/subscriptions/44444444-4444-4444-4444-444444444444", "/resourceGroups/rg", "/resourcegroups/r*",
            "/providers/Microsoft.Web", "/sites/a b", "/sites/*", "/", "/.", "/..", "/.*", "*", " ", "%20", "é",
            "/providers/Microsoft.Management/managementGroups/mg", "/PROVIDERS/a/b/c",
        ])
        .prop_map(str::to_owned),
        1 => select(vec![
            "queue:", "http:", "key:", "cli:", "eventgrid:", "api://", "https://", "graph", "GRAPH", "default",
            "44444444-4444-4444-4444-444444444444", "Orders.Read", "A", "_master",
        ])
        .prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
    ];
    vec(part, 0..6).prop_map(|parts| parts.concat())
}

/// Values of any type, for any field.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i8>().prop_map(Value::from),
        nearly_a_name().prop_map(Value::from),
        select(vec![LIA, MAX, "assign", "read", "PT8H", "2099-12-31", "expired"])
            .prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 6, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(Value::Array),
            (select(vec!["name", "by", "warning", "reason"]), inner)
                .prop_map(|(name, value)| json!({ name: value })),
        ]
    })
}

/// The places of fields that hold one text.
const TEXTS: [&str; 8] = [
    "/protected/0",
    "/allow/0/name",
    "/allow/0/requesters/0",
    "/allow/0/principals/0",
    "/allow/0/api",
    "/allow/0/roles/0",
    "/allow/0/owner",
    "/allow/0/acknowledged/0/reason",
];

/// The places of other fields, and of one that does not exist.
const VALUES: [&str; 19] = [
    "/$schema",
    "/version",
    "/protected",
    "/allow",
    "/baseline",
    "/acknowledged",
    "/allow/0/requesters",
    "/allow/0/principals",
    "/allow/0/roles",
    "/allow/0/actions",
    "/allow/0/privileged",
    "/allow/0/maxDuration",
    "/allow/0/description",
    "/allow/0/expires",
    "/allow/0/acknowledged",
    "/acknowledged/0",
    "/baseline/0/api",
    "/allow/0/approval/within",
    "/unknown",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn a_name_is_read_exactly_if_the_schema_accepts_it(
        place in select(&TEXTS[..]), name in nearly_a_name(),
    ) {
        let (is_read, is_valid) = accepted(&with(place, Some(json!(name))));
        prop_assert_eq!(is_read, is_valid, "{}: {:?}", place, name);
    }

    #[test]
    fn a_value_is_read_exactly_if_the_schema_accepts_it(
        place in select(&VALUES[..]), value in value(),
    ) {
        let (is_read, is_valid) = accepted(&with(place, Some(value.clone())));
        prop_assert_eq!(is_read, is_valid, "{}: {}", place, value);
    }
}
