//! The payload files to which both the tenant and the handler are held.

use std::fs;

use serde_json::Value;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/data/graph/");

/// An assignment's id differs from answer to answer; other objects' ids don't.
const ASSIGNMENT_ID_LENGTH: usize = 43;

/// The content of a payload file.
pub(crate) fn read(name: &str) -> String {
    fs::read_to_string(format!("{FOLDER}{name}")).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Compares an answer with a payload file: the same fields in the same order with the same values,
/// and values of the same format where they differ from answer to answer.
#[track_caller]
pub(crate) fn assert_same_shape(answer: &str, payload_file: &str) {
    assert_eq!(shape(answer), shape(&read(payload_file)), "compared with {payload_file}");
}

fn shape(json: &str) -> String {
    let document: Value = serde_json::from_str(json).unwrap();
    let mut text = without_white_space(json);
    replace_volatile(&document, &mut text);
    text
}

/// Parsing into a `Value` would sort the fields, so the text itself is compacted.
fn without_white_space(json: &str) -> String {
    let mut inside_text = false;
    let mut escaped = false;
    let mut compact = String::new();
    for character in json.chars() {
        if inside_text || !character.is_whitespace() {
            compact.push(character);
        }
        inside_text ^= character == '"' && !escaped;
        escaped = character == '\\' && !escaped;
    }
    compact
}

fn replace_volatile(value: &Value, text: &mut String) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| replace_volatile(item, text)),
        Value::Object(fields) => {
            for (name, value) in fields {
                if let Some(value) = value.as_str() {
                    let field = format!("\"{name}\":\"{value}\"");
                    let masked = format!("\"{name}\":\"{}\"", masked(name, value));
                    *text = text.replace(&field, &masked);
                }
                replace_volatile(value, text);
            }
        }
        _ => {}
    }
}

/// What stands for a value that differs from answer to answer: its format. Other values stand for
/// themselves.
fn masked(name: &str, value: &str) -> String {
    match name {
        "id" if value.len() == ASSIGNMENT_ID_LENGTH => "an assignment's id".to_owned(),
        "access_token" => format!("{} dots", value.matches('.').count()),
        "@odata.nextLink" => {
            let path = value.find("/v1.0/").unwrap();
            format!("origin{}", &value[path..])
        }
        "createdDateTime" | "date" | "expires_on" | "request-id" | "client-request-id"
        | "correlationId" => {
            value.chars().map(|one| if one.is_ascii_hexdigit() { '0' } else { one }).collect()
        }
        _ => value.to_owned(),
    }
}
