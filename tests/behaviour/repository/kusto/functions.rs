//! The scalar functions and operators.

use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// The text of a value as `tostring` gives it.
pub(crate) fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A number, a time in seconds, or a time span in seconds.
pub(crate) fn number(value: &Value) -> i64 {
    value.as_i64().unwrap_or_else(|| panic!("{value} is no number"))
}

/// Whether a condition holds. A condition without a value does not.
pub(crate) fn is_true(value: &Value) -> bool {
    assert!(value.is_boolean() || value.is_null(), "{value} is no condition");
    *value == json!(true)
}

fn same(left: &Value, right: &Value) -> bool {
    let kinds_differ = left.is_string() != right.is_string();
    assert!(!kinds_differ || left.is_null() || right.is_null(), "{left} is not like {right}");
    left == right
}

/// Calls a function whose result depends on its arguments only.
pub(crate) fn call(name: &str, arguments: &[Value]) -> Value {
    let lower = |value: &Value| text(value).to_ascii_lowercase();
    match (name, arguments) {
        ("or", [left, right]) => json!(is_true(left) || is_true(right)),
        ("and", [left, right]) => json!(is_true(left) && is_true(right)),
        ("==", [left, right]) => json!(same(left, right)),
        ("!=", [left, right]) => json!(!same(left, right)),
        ("=~", [left, right]) => json!(lower(left) == lower(right)),
        ("!~", [left, right]) => json!(lower(left) != lower(right)),
        ("<", [left, right]) => json!(number(left) < number(right)),
        (">", [left, right]) => json!(number(left) > number(right)),
        (">=", [left, right]) => json!(number(left) >= number(right)),
        ("<=", [left, right]) => json!(number(left) <= number(right)),
        ("+", [left, right]) => json!(number(left) + number(right)),
        ("-", [left, right]) => json!(number(left) - number(right)),
        ("contains", [value, part]) => json!(lower(value).contains(&lower(part))),
        ("startswith", [value, start]) => json!(lower(value).starts_with(&lower(start))),
        ("in", [value, options @ ..]) => json!(options.iter().any(|option| same(value, option))),
        ("!in", [value, options @ ..]) => {
            json!(!options.iter().any(|option| same(value, option)))
        }
        ("isempty", [value]) => json!(text(value).is_empty()),
        ("coalesce", values) => {
            values.iter().find(|value| !value.is_null()).cloned().unwrap_or_default()
        }
        ("tobool", [value]) => match text(value).as_str() {
            "true" => json!(true),
            "false" => json!(false),
            _ => Value::Null,
        },
        ("between", [value, first, last]) => {
            json!((number(first)..=number(last)).contains(&number(value)))
        }
        // A text that is no time has no value.
        ("todatetime", [value]) => OffsetDateTime::parse(&text(value), &Rfc3339)
            .map_or(Value::Null, |time| json!(time.unix_timestamp())),
        ("tostring", [value]) => json!(text(value)),
        ("tolower", [value]) => json!(lower(value)),
        ("strcat", parts) => json!(parts.iter().map(text).collect::<String>()),
        // Text that is not JSON stays text.
        ("parse_json", [value @ Value::String(json)]) => {
            serde_json::from_str(json).unwrap_or_else(|_| value.clone())
        }
        ("case", [cases @ .., otherwise]) => {
            let found = cases.chunks(2).find(|pair| is_true(&pair[0]));
            found.map_or(otherwise, |pair| &pair[1]).clone()
        }
        _ => panic!("the function {name} with {} arguments is not known", arguments.len()),
    }
}
