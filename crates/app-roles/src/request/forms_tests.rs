//! The forms in which senders write a request, and what they are told about one that is wrong.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;

const ID: &str = "11111111-1111-1111-1111-111111111111";
const OTHER_ID: &str = "22222222-2222-2222-2222-222222222222";
const RESOURCE: &str = "/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/rg/providers/Microsoft.Web/sites/func";

/// Words of the JSON library, which mean nothing to a sender.
const FOREIGN: [&str; 15] = [
    "expected struct",
    "expected one of",
    "invalid type",
    "invalid value",
    "invalid length",
    "missing field",
    "duplicate field",
    "unknown variant",
    "OwnShape",
    "GraphShape",
    "sequence",
    "map",
    "EOF",
    "while parsing",
    "trailing characters",
];

fn decode(request: &Value) -> Result<Request, InvalidRequest> {
    Request::decode(request.to_string().as_bytes())
}

/// A request with every field.
fn whole() -> Value {
    json!({
        "requestId": "INC-9", "action": "revoke", "principal": { "objectId": ID },
        "api": { "appId": OTHER_ID }, "roles": ["Billing.Read"], "reason": "month end",
        "notAfter": "2026-12-01T00:00:00Z", "dryRun": true,
    })
}

fn graphs() -> Value {
    json!({ "principalId": ID, "resourceId": OTHER_ID, "appRoleId": ID })
}

#[test]
fn null_is_the_same_as_an_absent_field_for_every_optional_field() {
    for name in ["requestId", "action", "reason", "notAfter", "dryRun"] {
        let (mut absent, mut null) = (whole(), whole());
        absent.as_object_mut().unwrap().remove(name);
        null[name] = Value::Null;
        let read = decode(&null);
        assert!(read.is_ok() && read == decode(&absent) && read != decode(&whole()), "{name}");
    }
}

#[test]
fn null_is_the_same_as_an_absent_kind_in_every_name() {
    let principals = ["objectId", "clientId", "resourceId", "displayName"];
    let apis = ["appId", "objectId", "identifierUri", "displayName"];
    for (field, kinds) in [("principal", principals), ("api", apis)] {
        for stated in kinds {
            let value = if stated == "resourceId" { RESOURCE } else { ID };
            let (mut alone, mut with_nulls) = (whole(), whole());
            alone[field] = json!({ stated: value });
            let others = kinds.map(|kind| (kind.to_owned(), Value::Null));
            with_nulls[field] = Value::Object(others.into_iter().collect());
            with_nulls[field][stated] = json!(value);
            assert!(decode(&alone).is_ok() && decode(&alone) == decode(&with_nulls), "{stated}");
        }
        let mut none = whole();
        none[field] =
            Value::Object(kinds.map(|kind| (kind.to_owned(), Value::Null)).into_iter().collect());
        let fault = decode(&none).unwrap_err().to_string();
        assert!(fault.starts_with(&format!("{field}: must have exactly one of")), "{fault}");
    }
}

#[test]
fn null_is_no_value_of_a_required_field() {
    for (document, names) in [
        (whole(), &["principal", "api", "roles"][..]),
        (graphs(), &["principalId", "resourceId", "appRoleId"]),
    ] {
        for name in names {
            let mut null = document.clone();
            null[name] = Value::Null;
            let fault = decode(&null).unwrap_err().to_string();
            assert!(fault.starts_with(name) && fault.ends_with("but is null"), "{fault}");
        }
    }
}

#[test]
fn one_role_may_be_a_string() {
    for role in ["Billing.Read", ID, "00000000-0000-0000-0000-000000000000"] {
        let (mut one, mut list) = (whole(), whole());
        (one["roles"], list["roles"]) = (json!(role), json!([role]));
        assert_eq!(decode(&one), decode(&list));
        assert!(decode(&one).is_ok());
    }
    for role in ["", "two words", "a\u{0}"] {
        let mut one = whole();
        one["roles"] = json!(role);
        let fault = decode(&one).unwrap_err().to_string();
        assert!(fault.starts_with("roles: "), "{fault}");
    }
}

#[test]
fn an_array_is_no_request_even_if_its_items_would_fill_the_fields() {
    let items = json!([null, null, ID, "api://orders", ["A"], null, null, null]);
    for request in [items, json!([ID, OTHER_ID, ID]), json!([whole()])] {
        let fault = decode(&request).unwrap_err().to_string();
        assert_eq!(fault, "request: must be a JSON object, but is an array");
    }
}

#[test]
fn a_byte_order_mark_is_not_part_of_a_request() {
    for request in [whole(), graphs()] {
        let marked = format!("\u{feff}{request}");
        assert_eq!(Request::decode(marked.as_bytes()), decode(&request));
    }
    let largest = format!("\u{feff}{}", " ".repeat(MAX_REQUEST_BYTES));
    let fault = Request::decode(largest.as_bytes()).unwrap_err().fault;
    assert!(matches!(fault, RequestFault::Json { .. }), "{fault}");
}

/// Whether the committed schema accepts a request.
fn is_valid(request: &Value) -> bool {
    jsonschema::validator_for(&crate::schema::request_schema()).unwrap().is_valid(request)
}

#[test]
fn the_schema_accepts_the_same_forms() {
    let mut one_role = whole();
    one_role["roles"] = json!("Billing.Read");
    let mut nulls = whole();
    nulls["principal"] = json!({ "objectId": ID, "displayName": null });
    nulls["reason"] = Value::Null;
    let mut annotated = graphs();
    annotated["@odata.type"] = json!("#microsoft.graph.appRoleAssignment");
    for request in [&one_role, &nulls, &annotated] {
        assert!(decode(request).is_ok() && is_valid(request), "{request}");
    }
    let mut annotated = whole();
    annotated["@odata.type"] = json!("x");
    let mut unknown = graphs();
    unknown["principalDisplayName"] = Value::Null;
    for request in [&annotated, &unknown, &json!([])] {
        assert!(decode(request).is_err() && !is_valid(request), "{request}");
    }
}

proptest! {
    #[test]
    fn annotations_of_odata_are_ignored_in_graphs_own_body_only(
        name in "@odata\\.(type|context|etag|id)|@[a-z.]{0,12}|(principalId|appRoleId|x)@odata\\.[a-z]{1,8}",
        value in prop_oneof![
            Just(Value::Null), Just(json!({ "a": [1] })), any::<String>().prop_map(Value::from),
        ],
    ) {
        let (mut graphs_own, mut own) = (graphs(), whole());
        graphs_own[&name] = value.clone();
        own[&name] = value;
        prop_assert_eq!(decode(&graphs_own), decode(&graphs()));
        prop_assert!(decode(&own).is_err());
    }

    #[test]
    fn the_id_of_a_document_that_is_no_request_is_kept(
        id in "[A-Za-z0-9._:-]{1,128}",
        broken in proptest::sample::select(vec![
            ("roles", json!([])), ("roles", json!(7)), ("dryRun", json!("true")),
            ("principal", json!([])), ("api", Value::Null), ("action", json!("grant")),
            ("notAfter", json!("soon")), ("unknown", json!(1)), ("principalId", json!(1)),
            ("reason", json!("x".repeat(MAX_REQUEST_BYTES))),
        ]),
    ) {
        let mut document = whole();
        document["requestId"] = json!(&id);
        document[broken.0] = broken.1;
        let invalid = decode(&document).unwrap_err();
        prop_assert_eq!(invalid.request_id.map(|id| id.to_string()), Some(id));
    }
}

/// Every type of JSON in place of every field, and fields that do not belong there.
fn broken_documents() -> Vec<String> {
    let values = [
        json!(null),
        json!(true),
        json!(7),
        json!(-1.5),
        json!("x y"),
        json!(""),
        json!([]),
        json!([1]),
        json!([[]]),
        json!({}),
        json!({ "a": 1 }),
        json!({ "objectId": {} }),
    ];
    let mut documents: Vec<String> = values.iter().map(Value::to_string).collect();
    for document in [whole(), graphs()] {
        let names: Vec<_> = document.as_object().map(Map::keys).into_iter().flatten().collect();
        for name in names {
            for value in &values {
                let mut broken = document.clone();
                broken[name] = value.clone();
                documents.push(broken.to_string());
            }
            let mut broken = document.clone();
            let value = broken.as_object_mut().and_then(|fields| fields.remove(name));
            documents.push(broken.to_string());
            broken[format!("{name}s")] = value.unwrap_or_default();
            documents.push(broken.to_string());
        }
        let text = document.to_string();
        documents.extend((0..text.len()).map(|end| text[..end].to_owned()));
        documents.push(text.replacen('{', "{\"roles\":1,\"roles\":2,\"appRoleId\":1,", 1));
        documents.push(text.replace('"', "'"));
        documents.push(format!("{text}{text}"));
        documents.push(format!("// {text}"));
    }
    documents.push("[".repeat(3000));
    documents
}

#[test]
fn no_answer_about_a_broken_document_has_a_word_of_the_json_library() {
    let mut count = 0;
    for document in broken_documents() {
        if let Err(invalid) = Request::decode(document.as_bytes()) {
            let told = invalid.to_string();
            let foreign = FOREIGN.iter().find(|word| told.contains(**word));
            assert_eq!(foreign, None, "{document:.80}: {told}");
            count += 1;
        }
    }
    assert!(count > 400, "{count} broken documents");
}
