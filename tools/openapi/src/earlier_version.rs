//! OpenAPI 3.1 as OpenAPI 3.0 ("OpenAPI Specification v3.0.3", Schema Object).

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Map, Value, json};

const VERSION: &str = "3.0.3";

/// The words of a schema that mean the same in both versions.
const SAME: [&str; 19] = [
    "default",
    "deprecated",
    "description",
    "enum",
    "format",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
    "pattern",
    "readOnly",
    "required",
    "title",
    "uniqueItems",
];

/// The words whose value is a schema.
const OF_ONE_SCHEMA: [&str; 2] = ["items", "not"];

/// The words whose value is a list of schemas.
const OF_SCHEMAS: [&str; 3] = ["allOf", "anyOf", "oneOf"];

/// Translates a document.
pub(crate) fn translate(document: &mut Value) -> Result<()> {
    let members = document.as_object_mut().context("the document is not an object")?;
    members.insert("openapi".to_owned(), VERSION.into());
    // It has the license's name only, or a URL.
    if let Some(Value::Object(license)) = document.pointer_mut("/info/license") {
        license.remove("identifier");
    }
    let components = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut);
    for (name, schema) in components.context("the document has no schemas")? {
        translate_schema(schema).with_context(|| format!("in the schema {name}"))?;
    }
    let paths = document.get_mut("paths").context("the document has no paths")?;
    translate_inside(paths)
}

/// Translates the schemas of parameters, headers and bodies.
fn translate_inside(value: &mut Value) -> Result<()> {
    match value {
        Value::Object(members) => {
            members.iter_mut().try_for_each(|(name, inner)| match name.as_str() {
                "schema" => translate_schema(inner),
                // Values of the API, not of the description.
                "example" | "examples" => Ok(()),
                _ => translate_inside(inner),
            })
        }
        Value::Array(items) => items.iter_mut().try_for_each(translate_inside),
        _ => Ok(()),
    }
}

fn translate_schema(schema: &mut Value) -> Result<()> {
    let taken = schema.take();
    *schema = match taken {
        Value::Bool(true) => json!({}),
        Value::Bool(false) => json!({ "not": {} }),
        Value::Object(mut members) => translated(&mut members)?,
        other => bail!("{other} is no schema"),
    };
    Ok(())
}

fn translated(members: &mut Map<String, Value>) -> Result<Value> {
    if let Some(reference) = members.remove("$ref") {
        let reference = json!({ "$ref": reference });
        if members.is_empty() {
            return Ok(reference);
        }
        // Words beside a reference are ignored.
        ensure!(!members.contains_key("allOf"), "a reference stands beside allOf");
        members.insert("allOf".to_owned(), json!([reference]));
    }
    // Without their patterns, no name can be refused.
    if members.remove("patternProperties").is_some() {
        members.remove("additionalProperties");
    }
    let mut result = Map::new();
    for (name, value) in std::mem::take(members) {
        result.append(&mut member(&name, value)?);
    }
    Ok(result.into())
}

/// Translates a word of a schema.
fn member(name: &str, mut value: Value) -> Result<Map<String, Value>> {
    let translated = match name {
        "type" => return type_of(&value),
        "const" => json!({ "enum": [value] }),
        "format" => json!({ "format": format(&value) }),
        _ if SAME.contains(&name) || name.starts_with("x-") => json!({ name: value }),
        _ if OF_ONE_SCHEMA.contains(&name) => {
            translate_schema(&mut value)?;
            json!({ name: value })
        }
        _ if OF_SCHEMAS.contains(&name) => {
            let schemas = value.as_array_mut().with_context(|| format!("{name} is no list"))?;
            schemas.iter_mut().try_for_each(translate_schema)?;
            json!({ name: value })
        }
        "properties" => {
            let properties = value.as_object_mut().context("properties is not an object")?;
            properties.values_mut().try_for_each(translate_schema)?;
            json!({ name: value })
        }
        "additionalProperties" if value.is_boolean() => json!({ name: value }),
        "additionalProperties" => {
            translate_schema(&mut value)?;
            json!({ name: value })
        }
        _ => bail!("OpenAPI 3.0 has no word {name}"),
    };
    Ok(translated.as_object().cloned().unwrap_or_default())
}

/// One type, or one type and `null`.
fn type_of(types: &Value) -> Result<Map<String, Value>> {
    let names = types.as_array().cloned().unwrap_or_else(|| vec![types.clone()]);
    let (null, names): (Vec<_>, Vec<_>) = names.into_iter().partition(|name| name == "null");
    let [name] = names.as_slice() else { bail!("OpenAPI 3.0 cannot express the type {types}") };
    let mut members = Map::from_iter([("type".to_owned(), name.clone())]);
    if !null.is_empty() {
        members.insert("nullable".to_owned(), true.into());
    }
    Ok(members)
}

/// Numbers have two formats only.
fn format(format: &Value) -> Value {
    match format.as_str() {
        Some("uint8" | "uint16" | "int8" | "int16") => "int32".into(),
        Some("uint32" | "uint64" | "uint" | "int") => "int64".into(),
        _ => format.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn translated(schema: Value) -> Value {
        let mut schema = schema;
        translate_schema(&mut schema).unwrap();
        schema
    }

    #[test]
    fn each_word_becomes_one_that_3_0_knows() {
        let reference = json!({ "$ref": "#/components/schemas/Action" });
        for (schema, expected) in [
            (json!(true), json!({})),
            (json!(false), json!({ "not": {} })),
            (json!({ "const": "revoke" }), json!({ "enum": ["revoke"] })),
            (json!({ "type": ["string", "null"] }), json!({ "type": "string", "nullable": true })),
            (
                json!({ "type": "integer", "format": "uint64" }),
                json!({ "type": "integer", "format": "int64" }),
            ),
            (reference.clone(), reference.clone()),
            (
                json!({ "$ref": reference["$ref"], "description": "why" }),
                json!({ "allOf": [reference], "description": "why" }),
            ),
            (
                json!({ "properties": { "a": {} }, "patternProperties": { "@": true },
                    "additionalProperties": false }),
                json!({ "properties": { "a": {} } }),
            ),
            (
                json!({ "not": { "anyOf": [{ "properties": { "const": { "const": 1 } } }] } }),
                json!({ "not": { "anyOf": [{ "properties": { "const": { "enum": [1] } } }] } }),
            ),
            (
                json!({ "items": { "const": 1 }, "additionalProperties": { "const": 2 } }),
                json!({ "items": { "enum": [1] }, "additionalProperties": { "enum": [2] } }),
            ),
        ] {
            assert_eq!(translated(schema.clone()), expected, "{schema}");
        }
    }

    #[test]
    fn what_3_0_cannot_say_is_refused_instead_of_lost() {
        for schema in [
            json!({ "prefixItems": [] }),
            json!({ "type": ["string", "integer"] }),
            json!({ "type": "null" }),
            json!({ "properties": { "a": { "if": {} } } }),
            json!(1),
        ] {
            let mut translated = schema.clone();
            assert!(translate_schema(&mut translated).is_err(), "{schema}");
        }
    }
}
