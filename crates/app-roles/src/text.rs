//! Text from callers. It goes into queries, logs and results, so it must be printable.

use std::{borrow::Cow, fmt};

use serde::{Deserialize, Deserializer};

use crate::json::parse_string;

/// Longest display name in a directory, in characters ("servicePrincipal resource type", displayName).
pub const MAX_DISPLAY_NAME_LENGTH: usize = 256;

/// Longest value of an app role, in characters ("appRole resource type", value).
pub const MAX_ROLE_VALUE_LENGTH: usize = 120;

/// Longest identifier URI, in characters ("application resource type", identifierUris).
pub const MAX_IDENTIFIER_URI_LENGTH: usize = 255;

/// Longest reason of a request, in characters.
pub const MAX_REASON_LENGTH: usize = 500;

/// Longest id of a request, in characters.
pub const MAX_REQUEST_ID_LENGTH: usize = 128;

/// Longest id of a queue message, in characters. The service's ids have 36.
pub const MAX_MESSAGE_ID_LENGTH: usize = 128;

/// Longest description of a policy rule, in characters.
pub const MAX_RULE_DESCRIPTION_LENGTH: usize = 500;

/// Longest owner of a policy rule, in characters.
pub const MAX_RULE_OWNER_LENGTH: usize = 256;

/// The reason why a text is refused. It does not repeat the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidText {
    /// The text is empty.
    #[error("must not be empty")]
    Empty,
    /// The text has more characters than this limit.
    #[error("is longer than {0} characters")]
    TooLong(usize),
    /// The text contains this unprintable character.
    #[error("contains the unprintable character U+{:04X}", *.0 as u32)]
    Unprintable(char),
    /// The text contains a character outside this set.
    #[error("may contain only {0}")]
    Character(&'static str),
    /// The text contains a space.
    #[error("must not contain spaces")]
    Space,
}

/// Checks length and characters.
pub(crate) fn check(text: &str, longest: usize) -> Result<(), InvalidText> {
    if text.is_empty() {
        return Err(InvalidText::Empty);
    }
    if text.chars().count() > longest {
        return Err(InvalidText::TooLong(longest));
    }
    match text.chars().find(|character| !is_printable(*character)) {
        Some(character) => Err(InvalidText::Unprintable(character)),
        None => Ok(()),
    }
}

/// Replaces every unprintable character by U+FFFD, so that the text cannot deceive a reader.
#[must_use]
pub fn printable(text: &str) -> Cow<'_, str> {
    // Nearly every text is plain ASCII. A loop without an early exit is vectorized.
    let is_plain = text.bytes().fold(true, |all, byte| all & matches!(byte, b' '..=b'~'));
    if is_plain || text.chars().all(is_printable) {
        return Cow::Borrowed(text);
    }
    let shown = |character| if is_printable(character) { character } else { '\u{FFFD}' };
    Cow::Owned(text.chars().map(shown).collect())
}

/// Escapes every unprintable character of a JSON document, except the line breaks between its values.
///
/// The document stays equal: characters outside ASCII occur in strings only, and serde escapes the control
/// characters of ASCII except U+007F, which occurs in strings only, too.
#[must_use]
pub fn printable_json(document: &str) -> Cow<'_, str> {
    // Nearly every document is plain ASCII. A loop without an early exit is vectorized.
    let is_plain = |byte| matches!(byte, b' '..=b'~' | b'\n');
    let is_shown = |character| character == '\n' || is_printable(character);
    if document.bytes().fold(true, |all, byte| all & is_plain(byte))
        || document.chars().all(is_shown)
    {
        return Cow::Borrowed(document);
    }
    let mut escaped = String::with_capacity(document.len());
    for character in document.chars() {
        if is_shown(character) {
            escaped.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                escaped.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    Cow::Owned(escaped)
}

/// Whether a character is safe in log lines and queue messages.
///
/// Control characters, line separators, characters that XML refuses and characters that reorder text
/// ("Unicode Bidirectional Algorithm", explicit formatting) are unsafe.
#[must_use]
pub fn is_printable(character: char) -> bool {
    let is_refused_by_xml = matches!(character, '\u{FFFE}' | '\u{FFFF}');
    let reorders = matches!(character,
        '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    let ends_line = matches!(character, '\u{2028}' | '\u{2029}');
    !(character.is_control() || is_refused_by_xml || reorders || ends_line)
}

macro_rules! text_newtype {
    ($(#[$doc:meta])* $name:ident, $check:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub struct $name(String);

        impl $name {
            /// Reads the text and checks it.
            pub fn parse(text: &str) -> Result<Self, InvalidText> {
                let check: fn(&str) -> Result<(), InvalidText> = $check;
                check(text).map(|()| Self(text.to_owned()))
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                parse_string(deserializer, Self::parse)
            }
        }
    };
}

text_newtype! {
    /// The display name of a service principal. Not unique, and any application can choose any name.
    DisplayName, |text| check(text, MAX_DISPLAY_NAME_LENGTH)
}

text_newtype! {
    /// An identifier URI of an API, for instance `api://orders`.
    IdentifierUri, |text| {
        check(text, MAX_IDENTIFIER_URI_LENGTH)?;
        if text.contains(char::is_whitespace) {
            return Err(InvalidText::Space);
        }
        Ok(())
    }
}

text_newtype! {
    /// The value of an app role, for instance `User.Read.All`.
    RoleValue, |text| {
        check(text, MAX_ROLE_VALUE_LENGTH)?;
        if text.contains(char::is_whitespace) {
            return Err(InvalidText::Space);
        }
        Ok(())
    }
}

text_newtype! {
    /// The requester's reason, for readers of the record.
    Reason, |text| check(text, MAX_REASON_LENGTH)
}

text_newtype! {
    /// What a rule of the policy is for, for its readers.
    RuleDescription, |text| check(text, MAX_RULE_DESCRIPTION_LENGTH)
}

text_newtype! {
    /// Who answers for a rule of the policy, for its readers.
    RuleOwner, |text| check(text, MAX_RULE_OWNER_LENGTH)
}

text_newtype! {
    /// The requester's own id of a request.
    RequestId, |text| {
        check(text, MAX_REQUEST_ID_LENGTH)?;
        if text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._:-".contains(&byte)) {
            Ok(())
        } else {
            Err(InvalidText::Character("letters, digits and . _ : -"))
        }
    }
}

text_newtype! {
    /// The storage service's id of a queue message ("Get Messages", `MessageId`). It is a GUID; any other
    /// printable text without spaces is accepted, because the id is only repeated.
    MessageId, |text| {
        check(text, MAX_MESSAGE_ID_LENGTH)?;
        if text.contains(char::is_whitespace) {
            return Err(InvalidText::Space);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn unprintable_empty_and_overlong_texts_are_refused() {
        for text in [
            "a\u{0}",
            "a\nb",
            "a\u{7f}",
            "a\u{85}",
            "\u{FFFE}",
            "a\u{202E}b",
            "\u{2066}x",
            "a\u{2028}b",
        ] {
            assert!(
                matches!(DisplayName::parse(text), Err(InvalidText::Unprintable(_))),
                "{text:?}"
            );
        }
        assert_eq!(DisplayName::parse(""), Err(InvalidText::Empty));
        assert_eq!(DisplayName::parse(&"ü".repeat(257)), Err(InvalidText::TooLong(256)));
        assert!(RequestId::parse("INC 1234").is_err());
        assert!(RoleValue::parse("Orders Read").is_err());
    }

    #[test]
    fn ordinary_names_in_any_script_are_accepted() {
        for text in
            ["O'Brien & Sons #1 API", "日本語 API", "e\u{301}", "a\u{200D}b", "100 % + more"]
        {
            assert_eq!(DisplayName::parse(text).unwrap().as_str(), text);
        }
        assert!(RequestId::parse("INC-1234_a.b:c").is_ok());
    }

    proptest! {
        #[test]
        fn printable_replaces_unprintable_characters_and_keeps_the_others(text: String) {
            let shown = printable(&text);
            prop_assert!(shown.chars().all(is_printable));
            for (before, after) in text.chars().zip(shown.chars()) {
                prop_assert_eq!(after, if is_printable(before) { before } else { '\u{FFFD}' });
            }
            prop_assert_eq!(shown.chars().count(), text.chars().count());
        }

        #[test]
        fn printable_json_has_only_printable_characters_and_keeps_its_values(texts: Vec<String>) {
            let document = serde_json::to_string_pretty(&texts).unwrap();
            let shown = printable_json(&document);
            prop_assert!(shown.chars().all(|c| c == '\n' || is_printable(c)));
            prop_assert_eq!(serde_json::from_str::<Vec<String>>(&shown).unwrap(), texts);
        }

        #[test]
        fn an_accepted_text_contains_no_control_characters(text: String) {
            if let Ok(name) = DisplayName::parse(&text) {
                prop_assert!(name.as_str().chars().all(|c| !c.is_control()));
            }
        }
    }
}
