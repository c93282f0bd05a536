//! Percent-encoded parts of a path, as the host's web server decodes them.

/// The longest encoding of a character, in bytes.
const LONGEST_CHARACTER: usize = 4;

/// The part as text. An encoded slash stays encoded, and so does what is not UTF-8.
pub(super) fn decoded(part: &str) -> String {
    let mut text = String::new();
    let mut rest = part;
    while let Some(start) = rest.find('%') {
        let (plain, encoded) = rest.split_at(start);
        text.push_str(plain);
        match character(encoded) {
            Some((character, length)) if character != '/' => {
                text.push(character);
                rest = &encoded[length..];
            }
            _ => {
                text.push('%');
                rest = &encoded[1..];
            }
        }
    }
    text + rest
}

/// The character at the start of an encoded text, and the length of its encoding.
fn character(encoded: &str) -> Option<(char, usize)> {
    let mut bytes = Vec::new();
    for triplet in encoded.as_bytes().chunks(3).take(LONGEST_CHARACTER) {
        let [b'%', digits @ ..] = triplet else { return None };
        let digits = std::str::from_utf8(digits).ok()?;
        let is_byte = digits.len() == 2 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        bytes.push(is_byte.then(|| u8::from_str_radix(digits, 16).ok())??);
        if let Some(character) = std::str::from_utf8(&bytes).ok().and_then(|it| it.chars().next()) {
            return Some((character, bytes.len() * 3));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_encoding_of_a_character_stays_as_it_was() {
        for part in
            ["", "abc", "%", "%4", "%zz", "%+1", "a%2Fb", "%2f", "%ff", "%C3", "%C3x", "%ED%A0%80"]
        {
            assert_eq!(decoded(part), part);
        }
    }

    #[test]
    fn what_is_encoded_twice_is_decoded_once() {
        for (part, expected) in [
            ("%25", "%"),
            ("%2541", "%41"),
            ("%252F", "%2F"),
            ("%c3%A9%41", "\u{e9}A"),
            ("%F0%9F%98%80!", "\u{1f600}!"),
            ("%C3%41", "%C3A"),
            ("\u{e9}%20\u{e9}", "\u{e9} \u{e9}"),
        ] {
            assert_eq!(decoded(part), expected, "{part}");
        }
    }

    proptest::proptest! {
        #[test]
        fn every_part_can_be_decoded(part in "[%0-9a-fA-F\u{e9}]{0,30}") {
            let text = decoded(&part);
            proptest::prop_assert!(text.len() <= part.len() && !text.contains('/'), "{}", text);
        }
    }
}
