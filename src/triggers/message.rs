//! The text of a queue message.

use std::borrow::Cow;

use app_roles::request::{InvalidRequest, Request};
use base64::{Engine, engine::general_purpose::STANDARD};
use broker::Unreadable;

/// Decodes a message: the JSON of a request, or base64 of it.
pub(super) fn decode(message: &[u8]) -> Result<Request, Unreadable> {
    let decoded = match json(message, b"{") {
        Some(text) => Request::decode(&text),
        None => Err(InvalidRequest::Json {
            path: "request".to_owned(),
            problem: "neither a JSON object nor base64 of one".to_owned(),
        }),
    };
    decoded.map_err(|fault| unreadable(&fault))
}

/// A message that is no request, for the broker's answer.
pub(super) fn unreadable(fault: &InvalidRequest) -> Unreadable {
    Unreadable { kind: fault.kind(), detail: fault.to_string() }
}

/// The JSON text of a message: the message itself if it begins with one of `beginnings`, otherwise what
/// its base64 decodes to. The sender's library decides which of the two it sends.
pub(super) fn json<'a>(message: &'a [u8], beginnings: &[u8]) -> Option<Cow<'a, [u8]>> {
    let message = message.trim_ascii();
    if message.first().is_some_and(|first| beginnings.contains(first)) {
        return Some(Cow::Borrowed(message));
    }
    STANDARD.decode(message).ok().filter(|text| !text.is_empty()).map(Cow::Owned)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const REQUEST: &str = r#"{"principalId":"11111111-1111-1111-1111-111111111111","resourceId":"22222222-2222-2222-2222-222222222222","appRoleId":"33333333-3333-3333-3333-333333333333"}"#;

    #[test]
    fn a_message_that_is_neither_json_nor_base64_is_refused() {
        for message in ["", " ", "hello there", "[]", "\"x\"", "é"] {
            let fault = decode(message.as_bytes()).unwrap_err().detail;
            assert!(fault.contains("neither a JSON object nor base64"), "{message:?}: {fault}");
        }
    }

    #[test]
    fn base64_of_something_else_is_refused_with_the_path() {
        let fault = decode(STANDARD.encode("{\"a\":1}").as_bytes()).unwrap_err().detail;
        assert!(fault.starts_with("request: unknown field"), "{fault}");
    }

    proptest! {
        #[test]
        fn plain_text_and_base64_mean_the_same(before in "[ \r\n\t]{0,3}", after in "[ \r\n\t]{0,3}") {
            let plain = format!("{before}{REQUEST}{after}");
            let encoded = format!("{before}{}{after}", STANDARD.encode(REQUEST));
            prop_assert_eq!(decode(plain.as_bytes()), decode(encoded.as_bytes()));
            prop_assert!(decode(plain.as_bytes()).is_ok());
        }

        #[test]
        fn no_message_makes_decoding_panic(message: Vec<u8>) {
            let _ = decode(&message);
        }
    }
}
