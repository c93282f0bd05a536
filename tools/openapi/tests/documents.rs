//! The committed documents: what they refer to, and what their schemas take.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use jsonschema::{Draft, Validator};
use openapi::document::{Version, document};
use serde_json::{Value, json};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn committed(version: Version) -> String {
    fs::read_to_string(root().join(version.file())).unwrap_or_default()
}

fn parsed(version: Version) -> Value {
    serde_json::from_str(&committed(version)).unwrap()
}

/// The values of all members with this name, wherever they are.
fn members<'a>(value: &'a Value, name: &str, found: &mut Vec<&'a Value>) {
    match value {
        Value::Object(object) => {
            found.extend(object.get(name));
            object.values().for_each(|inner| members(inner, name, found));
        }
        Value::Array(items) => items.iter().for_each(|inner| members(inner, name, found)),
        _ => {}
    }
}

fn all<'a>(document: &'a Value, name: &str) -> Vec<&'a Value> {
    let mut found = Vec::new();
    members(document, name, &mut found);
    found
}

/// The schema of a component, with all others.
fn component(version: Version, name: &str) -> Validator {
    let document = parsed(version);
    let schema = json!({
        "allOf": [{ "$ref": format!("#/components/schemas/{name}") }],
        "components": document["components"],
    });
    let draft = match version {
        Version::V3_1 => Draft::Draft202012,
        // The words of 3.0 are from JSON Schema "Wright Draft 00", which is draft 5: draft 4 with new text.
        Version::V3_0 => Draft::Draft4,
    };
    jsonschema::options().with_draft(draft).build(&schema).unwrap()
}

#[test]
fn the_documents_are_what_the_description_and_the_schemas_say() {
    for version in Version::ALL {
        let written = document(version, &root()).unwrap();
        let file = version.file();
        assert!(committed(version) == written, "{file} is old; run cargo run -p openapi");
    }
}

#[test]
fn every_reference_is_to_a_component_that_exists() {
    for version in Version::ALL {
        let document = parsed(version);
        let references = all(&document, "$ref");
        assert!(references.len() > 100, "{}", references.len());
        for reference in references {
            let pointer = reference.as_str().unwrap().strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{reference}");
        }
    }
}

#[test]
fn no_schema_needs_a_generator_to_know_more_than_enums_and_references() {
    for version in Version::ALL {
        let document = parsed(version);
        for word in ["$id", "$schema", "$defs", "oneOf"] {
            assert!(all(&document, word).is_empty(), "{word}");
        }
        for parameter in all(&document, "parameters").iter().filter_map(|list| list.as_array()) {
            for parameter in parameter {
                assert_eq!(parameter["schema"]["type"], "string", "{parameter}");
            }
        }
        let operations = all(&document, "operationId");
        let names: BTreeSet<_> = operations.iter().map(|name| name.as_str().unwrap()).collect();
        assert_eq!(names.len(), operations.len());
    }
    let earlier = parsed(Version::V3_0);
    for word in ["const", "patternProperties", "identifier"] {
        assert!(all(&earlier, word).is_empty(), "{word}");
    }
    let types = all(&earlier, "type");
    assert!(types.iter().all(|one| one.is_string() || one.is_object()), "{types:?}");
}

/// Requests of each form, and whether the broker takes them.
fn requests() -> Vec<(Value, bool)> {
    const ID: &str = "c0a70500-0000-4000-8000-0000000000c0";
    let named = |principal: Value, api: Value, roles: Value| json!({ "principal": principal, "api": api, "roles": roles });
    let with = |name: &str, value: Value| {
        let mut request = named("id-orders".into(), "api://orders".into(), "Orders.Read".into());
        request[name] = value;
        request
    };
    let graph = json!({ "principalId": ID, "resourceId": ID, "appRoleId": ID });
    let mut annotated = graph.clone();
    annotated["@odata.type"] = "#microsoft.graph.appRoleAssignment".into();
    let mut revoked = with("action", "revoke".into());
    revoked["duration"] = "PT8H".into();
    vec![
        (named("id-orders".into(), "graph".into(), json!(["Orders.Read", ID])), true),
        (named(json!({ "objectId": ID }), json!({ "appId": ID }), "Orders.Read".into()), true),
        (
            named(
                json!({ "displayName": "x" }),
                json!({ "identifierUri": "api://x" }),
                json!(["a"]),
            ),
            true,
        ),
        (with("action", "revoke".into()), true),
        (with("dryRun", true.into()), true),
        (with("endDateTime", "2027-01-01T00:00:00Z".into()), true),
        (graph.clone(), true),
        (annotated, true),
        (revoked, false),
        (with("action", "grant".into()), false),
        (with("roles", json!([])), false),
        (with("roles", json!(1)), false),
        (with("principal", json!({ "objectId": ID, "clientId": ID })), false),
        (with("principal", json!({ "objectId": "id-orders" })), false),
        (with("unknown", 1.into()), false),
        (json!({ "principal": "id-orders", "api": "api://orders" }), false),
        (json!({ "principalId": ID, "resourceId": ID }), false),
    ]
}

#[test]
fn the_schemas_of_both_versions_take_the_requests_that_the_broker_takes() {
    for version in Version::ALL {
        let schema = component(version, "Request");
        for (request, is_valid) in requests() {
            assert_eq!(schema.is_valid(&request), is_valid, "{version:?}: {request}");
        }
    }
}

#[test]
fn the_schemas_of_both_versions_take_the_documented_result() {
    let page = fs::read_to_string(root().join("docs/requests-and-results.md")).unwrap();
    let section = page.split("## The result").nth(1).unwrap();
    let example = section.split("```").nth(1).unwrap().trim_start_matches("json");
    let result: Value = serde_json::from_str(example).unwrap();
    let mut wrong = result.clone();
    wrong["roles"][0]["status"] = "granted".into();
    for version in Version::ALL {
        let schema = component(version, "RequestResult");
        assert!(schema.is_valid(&result), "{version:?}");
        assert!(!schema.is_valid(&wrong), "{version:?}");
    }
}

#[test]
fn the_examples_of_the_documents_are_what_their_schemas_take() {
    for version in Version::ALL {
        let document = parsed(version);
        let mut seen = 0;
        for body in all(&document, "application/json") {
            let reference = body["schema"]["$ref"].as_str().unwrap_or_default();
            let Some(name) = reference.strip_prefix("#/components/schemas/") else { continue };
            let schema = component(version, name);
            for example in body["examples"].as_object().into_iter().flatten() {
                assert!(schema.is_valid(&example.1["value"]), "{version:?}: {}", example.0);
                seen += 1;
            }
        }
        assert_eq!(seen, 4, "{version:?}");
    }
}
