//! Base64 as senders write it (RFC 4648, "The Base16, Base32, and Base64 Data Encodings").

use base64::{
    Engine,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

use crate::byte_order_mark::trimmed;

/// Padding may be absent: the URL-safe form is mostly written without it.
const ANY_PADDING: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Decodes base64. `None` if the text is not base64.
///
/// Accepted are both alphabets, any padding, and line breaks at any column: `base64` of GNU breaks lines
/// after 76 characters, PEM after 64, and some libraries after 60.
#[must_use]
pub fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let is_line_break = |byte: &u8| matches!(byte, b'\r' | b'\n');
    let standard = |byte: &u8| match byte {
        b'-' => b'+',
        b'_' => b'/',
        other => *other,
    };
    let text: Vec<u8> =
        trimmed(text).iter().filter(|byte| !is_line_break(byte)).map(standard).collect();
    ANY_PADDING.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
    use proptest::prelude::*;

    use super::*;

    fn wrapped(text: &str, columns: usize, line_break: &str) -> String {
        let lines: Vec<_> = text.as_bytes().chunks(columns).map(String::from_utf8_lossy).collect();
        lines.join(line_break)
    }

    proptest! {
        #[test]
        fn every_form_decodes_to_the_same_bytes(
            bytes: Vec<u8>,
            columns in prop_oneof![Just(60_usize), Just(64), Just(76), 1_usize..100],
            line_break in "\n|\r\n",
            after in "|\n|\r\n| ",
            has_mark: bool,
        ) {
            for engine in [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD] {
                let encoded = engine.encode(&bytes);
                let mark = if has_mark { "\u{feff}" } else { "" };
                let text = format!("{mark}{}{after}", wrapped(&encoded, columns, &line_break));
                prop_assert_eq!(decode(text.as_bytes()), Some(bytes.clone()), "{}", text);
            }
        }

        #[test]
        fn no_text_makes_decoding_panic(text: Vec<u8>) {
            let _ = decode(&text);
        }
    }

    #[test]
    fn other_text_is_not_base64() {
        for text in ["e", "e30==", "e3=0", "e3 0=", "e30=\t=", "{}", "é", "e3\u{feff}0="] {
            assert_eq!(decode(text.as_bytes()), None, "{text:?}");
        }
    }
}
