//! Comments and trailing commas.

/// The part of a document that the scanner is in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Value,
    Text,
    Escape,
    LineComment,
    BlockComment,
}

/// The document with spaces in place of comments and of commas before a closing bracket. Lines and columns
/// stay the same, so a fault names the right place.
pub(super) fn blanked(document: &[u8]) -> Vec<u8> {
    let mut blanked = without_comments(document);
    blank_trailing_commas(&mut blanked);
    blanked
}

fn without_comments(document: &[u8]) -> Vec<u8> {
    let mut blanked = Vec::with_capacity(document.len());
    let mut place = Place::Value;
    let mut rest = document;
    while let Some((_, after)) = rest.split_first() {
        let (next, length) = match (place, rest) {
            (Place::Value, [b'/', b'/', ..]) => (Place::LineComment, 2),
            (Place::Value, [b'/', b'*', ..]) if after.windows(2).skip(1).any(is_end) => {
                (Place::BlockComment, 2)
            }
            (Place::BlockComment, [b'*', b'/', ..]) => (Place::Value, 2),
            (Place::Value, [b'"', ..]) => (Place::Text, 1),
            (Place::Text, [b'"', ..]) => (Place::Value, 1),
            (Place::Text, [b'\\', ..]) => (Place::Escape, 1),
            (Place::Escape, _) => (Place::Text, 1),
            (Place::LineComment, [b'\r' | b'\n', ..]) => (Place::Value, 1),
            (place, _) => (place, 1),
        };
        let is_comment = |place| matches!(place, Place::LineComment | Place::BlockComment);
        let is_blank = is_comment(place) || is_comment(next);
        let shown = rest.iter().take(length);
        blanked.extend(shown.map(|byte| match byte {
            b'\r' | b'\n' => *byte,
            _ if is_blank => b' ',
            _ => *byte,
        }));
        rest = rest.get(length..).unwrap_or_default();
        place = next;
    }
    blanked
}

fn is_end(pair: &[u8]) -> bool {
    pair == b"*/"
}

/// Blanks each comma that follows a value and precedes a closing bracket.
fn blank_trailing_commas(document: &mut [u8]) {
    let mut place = Place::Value;
    let mut comma = None;
    let mut before = b' ';
    let mut trailing = Vec::new();
    for (index, byte) in document.iter().enumerate() {
        place = match (place, byte) {
            (Place::Value, b'"') => Place::Text,
            (Place::Text, b'"') => Place::Value,
            (Place::Text, b'\\') => Place::Escape,
            (Place::Escape, _) => Place::Text,
            (place, _) => place,
        };
        if place != Place::Value || byte.is_ascii_whitespace() {
            comma = comma.filter(|_| place == Place::Value);
            continue;
        }
        match byte {
            b',' if !b"[{,:".contains(&before) => comma = Some(index),
            b']' | b'}' => trailing.extend(comma.take()),
            _ => comma = None,
        }
        before = *byte;
    }
    for index in trailing {
        if let Some(byte) = document.get_mut(index) {
            *byte = b' ';
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn read(document: &str) -> Option<Value> {
        serde_json::from_slice(&blanked(document.as_bytes())).ok()
    }

    #[test]
    fn comments_and_trailing_commas_are_as_if_they_were_not_there() {
        for document in [
            "{\"a\":[1,2],\"b\":\"x\"}",
            "// first\n{\"a\":[1,2],\"b\":\"x\"}// last",
            "/* a\n * b **/{/**/\"a\":[1,/* , */2],\"b\"/*:*/:\"x\"}",
            "{\"a\":[1,2,],\"b\":\"x\",}",
            "{\"a\":[1,2 , // two\r\n],\"b\":\"x\",\n/* end */ }",
            "{\"a\":[1,2],//\"a\":[],\r\"b\":\"x\"}",
        ] {
            assert_eq!(read(document), Some(json!({ "a": [1, 2], "b": "x" })), "{document}");
        }
    }

    #[test]
    fn text_that_looks_like_a_comment_or_a_trailing_comma_survives() {
        for text in ["http://x/*y*/", "// no", "\\\" // ,]", ",}", "*/", "/", "\\\\"] {
            let document = json!({ text: [text, text] });
            assert_eq!(read(&document.to_string()), Some(document));
        }
    }

    #[test]
    fn what_the_host_refuses_stays_a_fault() {
        for document in [
            "{\"a\":1,,}",
            "{,}",
            "[,]",
            "[1,,2]",
            "{\"a\":,}",
            "{} /* open",
            "{} /*/",
            "{} /",
            "{\"a\": / 1}",
            "# a\n{}",
        ] {
            assert_eq!(read(document), None, "{document}");
        }
    }

    fn document() -> impl Strategy<Value = Value> {
        let text = prop_oneof!["[/*,\\]\\}\"\\\\ a]{0,8}", any::<String>()];
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<i32>().prop_map(Value::from),
            text.clone().prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 16, 4, move |inner| {
            let members = proptest::collection::hash_map(text.clone(), inner.clone(), 0..4);
            prop_oneof![
                proptest::collection::vec(inner, 0..4).prop_map(Value::Array),
                members.prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn a_document_without_comments_keeps_every_byte(document in document(), is_pretty: bool) {
            let text = if is_pretty { format!("{document:#}") } else { document.to_string() };
            prop_assert_eq!(blanked(text.as_bytes()), text.as_bytes());
        }

        #[test]
        fn a_comment_between_two_lines_changes_nothing(
            document in document(), comment in "[^\r\n]{0,12}", at: prop::sample::Index,
        ) {
            let text = format!("{document:#}");
            let lines: Vec<_> = text.lines().collect();
            let (before, after) = lines.split_at(at.index(lines.len()) + 1);
            let block = comment.replace("*/", "");
            let text = format!(
                "{} // {comment}\n/*{block}*/ {}", before.join("\n"), after.join("\n")
            );
            prop_assert_eq!(read(&text), Some(document), "{}", text);
        }

        #[test]
        fn no_document_changes_its_length(document: Vec<u8>) {
            prop_assert_eq!(blanked(&document).len(), document.len());
        }
    }
}
