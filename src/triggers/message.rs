//! The text of a queue message.

use std::borrow::Cow;

use app_roles::request::{InvalidRequest, Request};
use broker::Unreadable;
use serde::de::IgnoredAny;
use wire_formats::{base64, byte_order_mark::trimmed, json};

/// The first characters of texts that are certainly JSON. Numbers and words may also be base64, so theirs
/// are missing.
const BEGINNINGS: &[u8] = b"{[\"";

/// The fault of a message in neither form.
const NEITHER: &str = "request: is neither a JSON object nor base64 of one";

/// Decodes a message: the JSON of a request, or base64 of it.
pub(super) fn decode(message: &[u8]) -> Result<Request, Unreadable> {
    match json_text(message) {
        Some(text) => Request::decode(&text).map_err(unreadable),
        None => Err(Unreadable { request_id: None, kind: "malformed", detail: NEITHER.to_owned() }),
    }
}

/// Describes a message that is not a valid request, so that the broker can answer it.
pub(super) fn unreadable(invalid: InvalidRequest) -> Unreadable {
    Unreadable {
        kind: invalid.fault.kind(),
        detail: invalid.fault.to_string(),
        request_id: invalid.request_id,
    }
}

/// The JSON text of a message: the message itself, or what its base64 decodes to. The sender's library
/// decides which of the two it sends. `None` if it is neither.
pub(super) fn json_text(message: &[u8]) -> Option<Cow<'_, [u8]>> {
    let message = message.trim_ascii();
    if begins_like_json(message) {
        return Some(Cow::Borrowed(message));
    }
    if let Some(decoded) = base64::decode(message).filter(|decoded| begins_like_json(decoded)) {
        return Some(Cow::Owned(decoded.trim_ascii().to_owned()));
    }
    // A number, true, false or null passes, so that the fault tells its sender what it is.
    let is_json = json::from_slice::<IgnoredAny>(message).is_ok();
    is_json.then_some(Cow::Borrowed(message))
}

fn begins_like_json(text: &[u8]) -> bool {
    trimmed(text).first().is_some_and(|first| BEGINNINGS.contains(first))
}

#[cfg(test)]
mod tests {
    use ::base64::{
        Engine,
        engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD},
    };
    use proptest::{prelude::*, sample::select};

    use super::*;

    const REQUEST: &str = r#"{"principalId":"11111111-1111-1111-1111-111111111111","resourceId":"22222222-2222-2222-2222-222222222222","appRoleId":"33333333-3333-3333-3333-333333333333"}"#;

    fn told(message: &str) -> String {
        decode(message.as_bytes()).unwrap_err().detail
    }

    #[test]
    fn a_message_that_is_neither_json_nor_base64_is_refused() {
        for message in ["", " ", "hello there", "é", "aGVsbG8=", "\u{feff}", "'{}'"] {
            assert_eq!(told(message), NEITHER, "{message:?}");
        }
        let twice = format!("\u{feff}\u{feff}{REQUEST}");
        for message in [twice.clone(), STANDARD.encode(&twice)] {
            assert!(decode(message.as_bytes()).is_err(), "{message:?}");
        }
    }

    #[test]
    fn json_that_is_not_an_object_is_called_by_its_type() {
        for (message, kind) in [
            ("null", "null"),
            ("true", "a boolean"),
            ("5", "a number"),
            ("1234", "a number"),
            ("\"x\"", "a string"),
            ("[]", "an array"),
        ] {
            let sentence = format!("request: must be a JSON object, but is {kind}");
            assert_eq!(told(message), sentence);
        }
        assert_eq!(told(&STANDARD.encode("[1]")), told("[1]"));
    }

    #[test]
    fn base64_of_something_else_is_refused_with_the_path() {
        let fault = told(&STANDARD.encode("{\"a\":1}"));
        assert!(fault.starts_with("request: unknown field"), "{fault}");
    }

    #[test]
    fn the_id_of_an_invalid_request_is_kept_in_each_form() {
        let invalid = r#"{"requestId":"INC-3","roles":7}"#;
        for message in [invalid.to_owned(), STANDARD.encode(invalid), format!("\u{feff}{invalid}")]
        {
            let unreadable = decode(message.as_bytes()).unwrap_err();
            assert_eq!(unreadable.request_id.map(|id| id.to_string()).as_deref(), Some("INC-3"));
        }
    }

    proptest! {
        #[test]
        fn every_form_of_a_message_means_the_same(
            before in "[ \r\n\t]{0,3}", after in "[ \r\n\t]{0,3}",
            mark_outside in select(vec!["", "\u{feff}"]), mark_inside in select(vec!["", "\u{feff}"]),
            columns in select(vec![60_usize, 64, 76, 1000]), line_break in select(vec!["\n", "\r\n"]),
        ) {
            let plain = format!("{before}{mark_outside}{before}{REQUEST}{after}");
            let expected = Request::decode(REQUEST.as_bytes()).unwrap();
            prop_assert_eq!(decode(plain.as_bytes()), Ok(expected.clone()));
            for engine in [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD] {
                let encoded = engine.encode(format!("{mark_inside}{before}{REQUEST}{after}"));
                let lines: Vec<_> =
                    encoded.as_bytes().chunks(columns).map(String::from_utf8_lossy).collect();
                let message = format!("{mark_outside}{before}{}{after}", lines.join(line_break));
                prop_assert_eq!(decode(message.as_bytes()), Ok(expected.clone()), "{}", message);
            }
        }

        #[test]
        fn no_message_makes_decoding_panic(message: Vec<u8>) {
            let _ = decode(&message);
        }
    }
}
