//! The message that the broker writes when it gives up on a request.

use ::base64::{Engine, engine::general_purpose::STANDARD};
use serde::Serialize;
use wire_formats::base64;

use crate::{json::to_ascii_string, requester::Requester, sha256};

/// Largest message, in bytes, as for results. A queue message holds 64 KiB, and base64, which some storage
/// libraries use, adds a third. The host cannot store a larger one, so the invocation would fail for ever.
const MAX_MESSAGE_BYTES: usize = 48 * 1024;

/// Longest reason, in characters.
const LONGEST_REASON: usize = 1000;

/// Longest reason beside a request that nearly fills a message, in characters. The largest request in base64
/// has 43,700 bytes. If every character of the reason is an escape of 12 bytes, it has 3,600.
const SHORTENED_REASON: usize = 300;

/// A request that the broker gave up on after its last delivery.
///
/// ```json
/// { "request": "{\"principalId\":\"1111…\"}", "reason": "Microsoft Graph does not know the principal",
///   "requester": "queue:app-role-requests", "firstSeen": "2026-08-20T10:11:12Z", "attempts": 30 }
/// ```
///
/// A message that no queue message can hold has `requestBeginning`, `requestBytes` and `requestSha256` in
/// place of `request`, so that its beginning is not taken for the whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedRequest {
    /// The message as it was sent. Sending it again to the requester's queue makes a new request.
    pub request: String,
    /// Why the broker gave up.
    pub reason: String,
    /// The requester.
    pub requester: Requester,
    /// The time when the request was sent, in UTC, RFC 3339, if the trigger knows it.
    pub first_seen: Option<String>,
    /// The number of deliveries.
    pub attempts: u32,
}

/// The JSON of a failed request.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Message<'a> {
    #[serde(flatten)]
    request: Kept<'a>,
    reason: String,
    requester: &'a Requester,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_seen: Option<&'a str>,
    attempts: u32,
}

/// As much of a request as fits.
#[derive(Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
enum Kept<'a> {
    Whole { request: &'a str },
    Beginning { request_beginning: &'a str, request_bytes: usize, request_sha256: String },
}

impl FailedRequest {
    /// Writes JSON in ASCII, at most [`MAX_MESSAGE_BYTES`] bytes.
    ///
    /// Escaping can double the length of a request. A request that would be too large is written in
    /// base64, which a request queue accepts too. If that is too large as well, only its beginning is kept.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        // A message in base64 may contain line breaks and spaces. Without them, it is the same request.
        let decoded = base64::decode(self.request.as_bytes());
        let encoded = STANDARD.encode(decoded.as_deref().unwrap_or(self.request.as_bytes()));
        for (request, reason) in [
            (self.request.as_str(), LONGEST_REASON),
            (encoded.as_str(), LONGEST_REASON),
            (encoded.as_str(), SHORTENED_REASON),
        ] {
            let json = self.with(Kept::Whole { request }, reason)?;
            if json.len() <= MAX_MESSAGE_BYTES {
                return Ok(json);
            }
        }
        let room =
            MAX_MESSAGE_BYTES.saturating_sub(self.with(self.beginning(0), LONGEST_REASON)?.len());
        self.with(self.beginning(room), LONGEST_REASON)
    }

    fn with(&self, request: Kept<'_>, reason: usize) -> Result<String, serde_json::Error> {
        to_ascii_string(&Message {
            request,
            reason: self.reason.chars().take(reason).collect(),
            requester: &self.requester,
            first_seen: self.first_seen.as_deref(),
            attempts: self.attempts,
        })
    }

    /// The beginning of the request that takes at most this number of bytes in JSON.
    fn beginning(&self, mut room: usize) -> Kept<'_> {
        let end = self.request.char_indices().find(|(_, character)| {
            let length = written_length(*character);
            let fits = length <= room;
            room = room.saturating_sub(length);
            !fits
        });
        let end = end.map_or(self.request.len(), |(end, _)| end);
        Kept::Beginning {
            request_beginning: self.request.get(..end).unwrap_or_default(),
            request_bytes: self.request.len(),
            request_sha256: sha256::hexadecimal(self.request.as_bytes()),
        }
    }
}

/// The number of bytes that a character has in JSON in ASCII.
fn written_length(character: char) -> usize {
    match character {
        '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' => 2,
        ' '..='\u{7f}' => 1,
        _ => r"\u0000".len() * character.len_utf16(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*, sample::select};
    use serde_json::Value;
    use time::macros::datetime;

    use super::*;
    use crate::{
        failed_request::replayable::{NotReplayable, ReplayableRequest},
        request::MAX_REQUEST_BYTES,
    };

    fn failed(request: String) -> FailedRequest {
        FailedRequest {
            request,
            reason: "\u{1F512}".repeat(2 * LONGEST_REASON),
            requester: Requester::Queue("q".repeat(63)),
            first_seen: Some("2026-08-20T10:11:12Z".to_owned()),
            attempts: 30,
        }
    }

    /// Characters of each length in UTF-8 and in JSON.
    fn characters() -> impl Strategy<Value = char> {
        prop_oneof![
            select(vec![
                '"',
                '\\',
                '\n',
                '\u{1}',
                '\u{7f}',
                'a',
                '[',
                'é',
                '\u{FFFF}',
                '\u{1F512}'
            ]),
            any::<char>(),
        ]
    }

    /// What a request queue makes of a text.
    fn meaning(text: &str) -> Vec<u8> {
        base64::decode(text.as_bytes()).unwrap_or_else(|| text.as_bytes().to_owned())
    }

    proptest! {
        #[test]
        fn every_request_fits_into_a_message_and_can_be_replayed(character in characters()) {
            let request = character.to_string().repeat(MAX_REQUEST_BYTES / character.len_utf8());
            let failed = failed(request.clone());
            let json = failed.to_json().unwrap();
            prop_assert!(json.len() <= MAX_MESSAGE_BYTES && json.is_ascii(), "{}", json.len());
            let read = ReplayableRequest::parse(&json).unwrap();
            prop_assert_eq!(meaning(&read.text), meaning(&request));
            prop_assert_eq!(read.queue, "q".repeat(63));
            prop_assert!(failed.reason.starts_with(&read.reason));
            prop_assert!(read.reason.chars().count() >= SHORTENED_REASON);
            prop_assert_eq!(read.first_seen, Some(datetime!(2026-08-20 10:11:12 UTC)));
            prop_assert_eq!(read.attempts, 30);
        }

        #[test]
        fn a_request_in_base64_with_line_breaks_can_be_replayed(columns in 40_usize..200) {
            let request = "{".repeat(MAX_REQUEST_BYTES);
            let encoded = STANDARD.encode(&request);
            let lines = encoded.as_bytes().chunks(columns).map(String::from_utf8_lossy);
            let json = failed(lines.collect::<Vec<_>>().join("\r\n")).to_json().unwrap();
            prop_assert!(json.len() <= MAX_MESSAGE_BYTES, "{}", json.len());
            let text = ReplayableRequest::parse(&json).unwrap().text;
            prop_assert_eq!(meaning(&text), request.as_bytes());
        }
    }

    proptest! {
        // Each text has up to a mebibyte.
        #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

        #[test]
        fn whatever_is_kept_fits_into_a_message_and_is_not_taken_for_more_than_it_is(
            part in vec(characters(), 1..20),
            bytes in prop_oneof![0_usize..100_000, 0_usize..1024 * 1024],
        ) {
            let part = String::from_iter(part);
            let request = part.repeat(bytes / part.len());
            let json = failed(request.clone()).to_json().unwrap();
            prop_assert!(json.len() <= MAX_MESSAGE_BYTES && json.is_ascii(), "{}", json.len());
            let message: Value = serde_json::from_str(&json).unwrap();
            match message.get("requestBeginning") {
                None => {
                    let text = ReplayableRequest::parse(&json).unwrap().text;
                    prop_assert_eq!(meaning(&text), meaning(&request));
                }
                Some(beginning) => {
                    let beginning = beginning.as_str().unwrap();
                    prop_assert!(message.get("request").is_none());
                    prop_assert!(request.starts_with(beginning) && request.len() > MAX_REQUEST_BYTES);
                    prop_assert!(json.len() > MAX_MESSAGE_BYTES - 12, "{}", json.len());
                    prop_assert_eq!(&message["requestBytes"], request.len());
                    let digest = sha256::hexadecimal(request.as_bytes());
                    prop_assert_eq!(&message["requestSha256"], &digest);
                    let refused = NotReplayable::Beginning { bytes: request.len() as u64 };
                    prop_assert_eq!(ReplayableRequest::parse(&json), Err(refused));
                }
            }
        }
    }
}
