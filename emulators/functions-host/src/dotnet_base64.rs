//! Base64 by the rules of .NET's `Convert.FromBase64String`: white space is ignored, padding is required.

use base64::{
    Engine as _,
    alphabet::STANDARD as ALPHABET,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::STANDARD},
};

const DOTNET: GeneralPurpose = GeneralPurpose::new(
    &ALPHABET,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical),
);

/// Decodes a text; `None` if it is not base64.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let is_ignored = |c: char| matches!(c, ' ' | '\t' | '\r' | '\n');
    DOTNET.decode(text.replace(is_ignored, "")).ok()
}

pub(crate) fn encode(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_may_be_valid_base64_by_accident() {
        assert_eq!(decode("hello"), None);
        assert_eq!(decode("{\"a\":1}"), None);
        assert_eq!(decode("test").unwrap(), [0xb5, 0xeb, 0x2d]);
        assert_eq!(decode("aGVs\r\n bG8=").unwrap(), b"hello");
        assert_eq!(decode("").unwrap(), b"");
    }
}
