//! Optional members that may be `null` too.
//!
//! In a request, `null` means the same as an absent member, and an answer has no `null`. Generated clients
//! have a simpler type for a member that is just optional.

use serde_json::{Map, Value};

/// Removes `null` from the types of members that may be absent, in this schema and those inside it.
pub(crate) fn drop_nulls(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            members.values_mut().for_each(drop_nulls);
            let required = members.get("required").cloned().unwrap_or_default();
            let is_required = |name: &str| {
                required.as_array().is_some_and(|all| all.iter().any(|one| one == name))
            };
            if let Some(Value::Object(properties)) = members.get_mut("properties") {
                properties.retain(|name, member| is_required(name) || !is_null(member));
                let optional = properties.iter_mut().filter(|(name, _)| !is_required(name));
                optional.for_each(|(_, member)| drop_null(member));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}

fn drop_null(member: &mut Value) {
    let Value::Object(members) = member else { return };
    if let Some(Value::Array(types)) = members.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            members.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(alternatives)) = members.get_mut("anyOf") {
        alternatives.retain(|alternative| !is_null(alternative));
        if let [Value::Object(only)] = alternatives.as_mut_slice() {
            let only = std::mem::take(only);
            members.remove("anyOf");
            merge(members, only);
        }
    }
}

/// The member's own words take precedence over those of its type.
fn merge(members: &mut Map<String, Value>, of_type: Map<String, Value>) {
    for (name, value) in of_type {
        members.entry(name).or_insert(value);
    }
}

fn is_null(schema: &Value) -> bool {
    schema.get("type").is_some_and(|name| name == "null")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn optional_members_lose_null_in_every_form_and_required_ones_keep_it() {
        let reference = json!({ "$ref": "#/components/schemas/Action" });
        let member = |schema: &Value| json!({ "anyOf": [schema, { "type": "null" }] });
        let mut schema = json!({ "items": { "type": "object", "required": ["kept"], "properties": {
            "kept": { "type": ["string", "null"] },
            "gone": { "type": "null" },
            "text": { "type": ["string", "null"], "maxLength": 3 },
            "other": { "type": ["string", "integer", "null"] },
            "named": member(&reference),
            "plain": { "type": "boolean" },
        } } });
        schema["items"]["properties"]["named"]["description"] = "why".into();
        drop_nulls(&mut schema);
        let expected = json!({
            "kept": { "type": ["string", "null"] },
            "text": { "type": "string", "maxLength": 3 },
            "other": { "type": ["string", "integer"] },
            "named": { "$ref": "#/components/schemas/Action", "description": "why" },
            "plain": { "type": "boolean" },
        });
        assert_eq!(schema["items"]["properties"], expected);
    }
}
