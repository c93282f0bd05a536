//! The JSON Schema of files of requests: that of a request, in a list, without a principal that the file names
//! once.

use app_roles::schema::{assert_committed, request_schema};
use serde_json::{Value, json};

use super::MOST_REQUESTS;

/// The schema.
pub(super) fn schema() -> Value {
    let mut source = request_schema();
    let mut definitions = source["$defs"].take();
    let shapes = definitions.as_object_mut().unwrap();
    let [mut request, _] =
        ["AppRoleRequest", "GraphRequest"].map(|shape| shapes.remove(shape).unwrap());
    let principal = json!({
        "anyOf": [{ "$ref": "#/$defs/PrincipalName" }, { "type": "null" }],
        "description": "Default: the principal of the file, or of the command line.",
    });
    request["properties"]["principal"] = principal;
    request["required"].as_array_mut().unwrap().retain(|field| field != "principal");
    request["description"] = json!("A request for app roles.");
    shapes.insert("Request".to_owned(), request);
    let all = json!(shapes).to_string();
    shapes.retain(|name, _| name == "Request" || all.contains(&format!("\"#/$defs/{name}\"")));
    json!({
        "$schema": source["$schema"],
        "title": "AppRoles",
        "description": "The app roles that a workload asks for.",
        "type": "object",
        "properties": {
            "$schema": {
                "description": "The schema, for editors. It is ignored.",
                "type": ["string", "null"],
            },
            "principal": {
                "anyOf": [{ "$ref": "#/$defs/PrincipalName" }, { "type": "null" }],
                "description": "The principal of all requests that name none.",
            },
            "requests": {
                "description": "The requests.",
                "type": "array",
                "items": { "$ref": "#/$defs/Request" },
                "minItems": 1,
                "maxItems": MOST_REQUESTS,
            },
        },
        "required": ["requests"],
        "additionalProperties": false,
        "$defs": definitions,
    })
}

#[test]
fn the_schema_of_files_of_requests_matches_the_reader() {
    assert_committed("app-roles", &schema());
}
