//! YAML ("YAML Ain't Markup Language", version 1.2.2), in block style.
//!
//! A text without quotes consists of a few characters only, so that no reader takes it for something else
//! and no foreign text can end it. Any other text is in double quotes, in which every character can be
//! escaped.

use std::fmt::Write as _;

use app_roles::text::is_printable;
use wire_formats::json::Node;

/// Words that some reader takes for a value of another type, in lower case ("Bool type for YAML 1.1").
const WORDS: [&str; 10] = ["false", "n", "no", "null", "off", "on", "true", "y", "yes", "nan"];

/// The spaces of a level.
const INDENT: usize = 2;

/// Formats a document. The text ends with a line break.
pub(super) fn yaml(node: &Node) -> String {
    let mut text = String::new();
    match node {
        Node::Array(items) if !items.is_empty() => add_items(&mut text, items, 0),
        Node::Object(fields) if !fields.is_empty() => add_fields(&mut text, fields, 0),
        scalar => {
            add_scalar(&mut text, scalar);
            text.push('\n');
        }
    }
    text
}

fn add_fields(text: &mut String, fields: &[(String, Node)], level: usize) {
    for (index, (name, value)) in fields.iter().enumerate() {
        // The first field of an item is in the line of its dash.
        if index > 0 || text.is_empty() || text.ends_with('\n') {
            indent(text, level);
        }
        add_text(text, name);
        text.push(':');
        match value {
            Node::Array(items) if !items.is_empty() => {
                text.push('\n');
                add_items(text, items, level);
            }
            Node::Object(fields) if !fields.is_empty() => {
                text.push('\n');
                add_fields(text, fields, level + 1);
            }
            scalar => {
                text.push(' ');
                add_scalar(text, scalar);
                text.push('\n');
            }
        }
    }
}

fn add_items(text: &mut String, items: &[Node], level: usize) {
    for (index, item) in items.iter().enumerate() {
        if index > 0 || text.is_empty() || text.ends_with('\n') {
            indent(text, level);
        }
        text.push_str("- ");
        match item {
            Node::Array(items) if !items.is_empty() => add_items(text, items, level + 1),
            Node::Object(fields) if !fields.is_empty() => add_fields(text, fields, level + 1),
            scalar => {
                add_scalar(text, scalar);
                text.push('\n');
            }
        }
    }
}

fn indent(text: &mut String, level: usize) {
    text.extend(std::iter::repeat_n(' ', level * INDENT));
}

fn add_scalar(text: &mut String, node: &Node) {
    match node {
        Node::Null => text.push_str("null"),
        Node::Boolean(value) => text.push_str(if *value { "true" } else { "false" }),
        Node::Number(number) => text.push_str(&number.to_string()),
        Node::Text(value) => add_text(text, value),
        Node::Array(_) => text.push_str("[]"),
        Node::Object(_) => text.push_str("{}"),
    }
}

fn add_text(text: &mut String, value: &str) {
    if is_plain(value) {
        text.push_str(value);
        return;
    }
    text.push('"');
    for character in value.chars() {
        match character {
            '"' | '\\' => text.extend(['\\', character]),
            '\n' => text.push_str("\\n"),
            _ if is_printable(character) => text.push(character),
            // A formatter that writes to a string does not fail.
            _ if u32::from(character) <= 0xffff => {
                let _ = write!(text, "\\u{:04x}", u32::from(character));
            }
            _ => {
                let _ = write!(text, "\\U{:08x}", u32::from(character));
            }
        }
    }
    text.push('"');
}

/// Returns whether a text needs no quotes.
fn is_plain(value: &str) -> bool {
    let is_inside = |byte: u8| byte.is_ascii_alphanumeric() || b" ._-/".contains(&byte);
    value.starts_with(|first: char| first.is_ascii_alphabetic())
        && value.ends_with(|last: char| last.is_ascii_alphanumeric())
        && value.bytes().all(is_inside)
        && !WORDS.contains(&value.to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};
    use serde_json::{Number, json};

    use super::*;

    #[test]
    fn lists_of_objects_are_read_by_people() {
        let node = Node::of(&json!([
            { "api": "Orders API", "end": null, "roles": ["Orders.Read", "yes"], "x": {} },
            [[1, 2], { "a": { "b": -1.5 } }],
        ]));
        let expected = "\
- api: Orders API
  end: null
  roles:
  - Orders.Read
  - \"yes\"
  x: {}
- - - 1
    - 2
  - a:
      b: -1.5
";
        assert_eq!(yaml(&node.unwrap()), expected);
    }

    fn node() -> impl Strategy<Value = Node> {
        let text = prop_oneof![
            ".{0,12}",
            "[a-z: #'\"\\-?\\[{&*!|>%@`,\\t\\n~]{0,8}",
            "(yes|No|null|TRUE|~|1e3|0x1f|1_000|\\.inf|12:30:45|2026-01-01|=|<<|-|---|\\.\\.\\.)",
            vec(any::<char>(), 0..4).prop_map(String::from_iter),
        ];
        let scalar = prop_oneof![
            Just(Node::Null),
            any::<bool>().prop_map(Node::Boolean),
            any::<i64>().prop_map(|number| Node::Number(Number::from(number))),
            text.clone().prop_map(Node::Text),
        ];
        scalar.prop_recursive(4, 24, 4, move |inner| {
            let fields = proptest::collection::btree_map(text.clone(), inner.clone(), 0..4);
            prop_oneof![
                vec(inner, 0..4).prop_map(Node::Array),
                fields.prop_map(|fields| Node::Object(fields.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn a_reader_of_yaml_gets_the_same_document_back(node in node()) {
            let text = yaml(&node);
            prop_assert!(text.chars().all(|one| one == '\n' || is_printable(one)), "{:?}", text);
            let read: serde_json::Value = serde_saphyr::from_str(&text)
                .map_err(|error| TestCaseError::fail(format!("{error}: {text}")))?;
            prop_assert_eq!(read, serde_json::to_value(&node).unwrap(), "{}", text);
        }
    }
}
