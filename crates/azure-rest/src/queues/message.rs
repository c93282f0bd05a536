//! The body of "Put Message".

/// The body of "Put Message" with this text.
///
/// The text is not encoded in base64: host.json says `"messageEncoding": "none"`, so the Functions host
/// sends and reads plain text.
pub(super) fn body(text: &str) -> String {
    format!("<QueueMessage><MessageText>{}</MessageText></QueueMessage>", escaped(text))
}

/// A text as the content of an XML element, in ASCII. A reader gets the same text.
///
/// A raw carriage return would be read as a line feed ("Extensible Markup Language (XML) 1.0", section
/// 2.11). The few characters that XML cannot hold become U+FFFD: the service would refuse the message.
/// JSON without escapes beyond ASCII has none of them.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '\t' | '\n' | ' '..='~' => escaped.push(character),
            _ => {
                let held = if is_in_xml(character) { character } else { '\u{fffd}' };
                escaped.push_str(&format!("&#x{:X};", u32::from(held)));
            }
        }
    }
    escaped
}

/// Whether a document can hold a character ("Extensible Markup Language (XML) 1.0", `Char`).
fn is_in_xml(character: char) -> bool {
    match character {
        '\t' | '\n' | '\r' => true,
        '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => false,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_xml_cannot_hold_does_not_lose_the_message() {
        assert_eq!(
            body("{\"a\":\"\u{0}\u{1b}\u{fffe}b\"}"),
            "<QueueMessage><MessageText>{\"a\":\"&#xFFFD;&#xFFFD;&#xFFFD;b\"}</MessageText>\
             </QueueMessage>"
        );
    }

    #[test]
    fn markup_and_line_ends_are_part_of_the_text() {
        let escaped = escaped("</MessageText> ]]> &amp; \r\n\t \u{7f}ü🦀");
        assert_eq!(
            escaped,
            "&lt;/MessageText&gt; ]]&gt; &amp;amp; &#xD;\n\t &#x7F;&#xFC;&#x1F980;"
        );
    }

    proptest! {
        #[test]
        fn no_text_leaves_its_element(text in "\\PC{0,40}|[<>&;#x\r\n\u{0}-\u{1f}\u{fffe}]{0,40}") {
            let escaped = escaped(&text);
            prop_assert!(!escaped.contains(['<', '>']) && escaped.is_ascii(), "{}", escaped);
            let is_allowed = |one: char| matches!(one, '\t' | '\n' | ' '..='~');
            prop_assert!(escaped.chars().all(is_allowed), "{}", escaped);
        }
    }
}
