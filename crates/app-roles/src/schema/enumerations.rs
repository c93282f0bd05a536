//! Enumerations as `enum`.
//!
//! For an enum whose variants have comments, schemars writes a `oneOf` of constants, each with a
//! description. Generators of clients make a union of such a list, and an enumeration of an `enum`.

use serde_json::{Map, Value, json};

/// Writes each list of constant texts as an `enum`. What the constants mean goes into the description.
pub(super) fn write_as_enums(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            members.values_mut().for_each(write_as_enums);
            write_as_enum(members);
        }
        Value::Array(items) => items.iter_mut().for_each(write_as_enums),
        _ => {}
    }
}

fn write_as_enum(schema: &mut Map<String, Value>) {
    let alternatives = schema.get("oneOf").and_then(Value::as_array);
    let Some(constants) = alternatives.and_then(|all| constants(all)) else { return };
    let values: Vec<_> = constants.iter().map(|constant| constant.value).collect();
    let meanings: Vec<_> = constants.iter().filter_map(Constant::meaning).collect();
    let own = schema.get("description").and_then(Value::as_str).map(str::to_owned);
    let list = (!meanings.is_empty()).then(|| meanings.join("\n"));
    let description: Vec<_> = own.into_iter().chain(list).collect();
    let (values, description) = (json!(values), description.join("\n\n"));
    schema.remove("oneOf");
    schema.insert("type".to_owned(), "string".into());
    schema.insert("enum".to_owned(), values);
    if !description.is_empty() {
        schema.insert("description".to_owned(), description.into());
    }
}

/// One text of a list.
struct Constant<'a> {
    value: &'a str,
    description: Option<&'a str>,
}

impl Constant<'_> {
    fn meaning(&self) -> Option<String> {
        // A comment may have line breaks, and an item of the list has none.
        let words: Vec<_> = self.description?.split_whitespace().collect();
        Some(format!("- `{}`: {}", self.value, words.join(" ")))
    }
}

/// The constants of a list; `None` if it has another alternative.
fn constants(alternatives: &[Value]) -> Option<Vec<Constant<'_>>> {
    let lists: Option<Vec<_>> = alternatives.iter().map(constants_of).collect();
    Some(lists?.into_iter().flatten().collect())
}

/// Variants without a comment share an `enum`.
fn constants_of(alternative: &Value) -> Option<Vec<Constant<'_>>> {
    if alternative.get("type")? != "string" {
        return None;
    }
    let description = alternative.get("description").and_then(Value::as_str);
    let values = match (alternative.get("const"), alternative.get("enum")) {
        (Some(value), None) => std::slice::from_ref(value),
        (None, Some(Value::Array(values))) => values.as_slice(),
        _ => return None,
    };
    values.iter().map(|value| Some(Constant { value: value.as_str()?, description })).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(schema: Value) -> Value {
        let mut schema = schema;
        write_as_enums(&mut schema);
        schema
    }

    #[test]
    fn constants_become_an_enum_wherever_they_are_and_their_meanings_a_list() {
        let actions = json!({
            "description": "An action.",
            "oneOf": [
                { "const": "assign", "type": "string", "description": "Create\nassignments." },
                { "enum": ["read", "look"], "type": "string" },
                { "const": "revoke", "type": "string", "description": "Remove them." },
            ],
        });
        let expected = json!({
            "description": "An action.\n\n- `assign`: Create assignments.\n- `revoke`: Remove them.",
            "enum": ["assign", "read", "look", "revoke"],
            "type": "string",
        });
        let schema = json!({ "$defs": { "Action": actions }, "items": [{ "anyOf": [actions] }] });
        let enums = json!({ "$defs": { "Action": expected }, "items": [{ "anyOf": [expected] }] });
        assert_eq!(written(schema), enums);
    }

    #[test]
    fn without_comments_there_is_no_list_of_meanings() {
        let schema = json!({ "oneOf": [{ "enum": ["a", "b"], "type": "string" }] });
        assert_eq!(written(schema), json!({ "enum": ["a", "b"], "type": "string" }));
    }

    #[test]
    fn a_list_with_another_alternative_stays_as_it_is() {
        let constant = json!({ "const": "none", "type": "string" });
        for other in [
            json!({ "const": 1, "type": "integer" }),
            json!({ "type": "string", "pattern": "^P" }),
            json!({ "type": "object" }),
            json!({ "$ref": "#/$defs/Moment" }),
            json!(true),
        ] {
            let schema = json!({ "oneOf": [constant, other] });
            assert_eq!(written(schema.clone()), schema);
        }
    }
}
