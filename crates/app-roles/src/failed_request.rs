//! A request that was given up, kept for operators.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Serialize;

use crate::{ascii_json::ascii_json, requester::Requester};

/// Largest message of a storage queue, in bytes ("Scalability and performance targets for Queue
/// Storage").
const LARGEST_MESSAGE: usize = 64 * 1024;

/// A request that was given up after its last delivery, as a message of the queue `app-role-failed`.
///
/// ```json
/// { "request": "{\"principalId\":\"1111…\"}", "reason": "Microsoft Graph does not know the principal",
///   "requester": "queue:app-role-requests", "firstSeen": "2026-08-20T10:11:12Z", "attempts": 30 }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FailedRequest {
    /// The message as it was sent. To send it again to the requester's queue, or an event to the queue of
    /// events, is a new request.
    pub request: String,
    /// Why it was given up.
    pub reason: String,
    /// Who asked.
    pub requester: Requester,
    /// When it was sent, in UTC, RFC 3339, as far as the entrance knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_seen: Option<String>,
    /// How often it was delivered.
    pub attempts: u32,
}

impl FailedRequest {
    /// The request as JSON in ASCII that fits a message.
    ///
    /// Quotes and line ends double in a string. A request that would not fit is kept in base64, which
    /// a request queue takes just as well.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        let whole = ascii_json(self)?;
        if whole.len() <= LARGEST_MESSAGE {
            return Ok(whole);
        }
        ascii_json(&Self { request: STANDARD.encode(&self.request), ..self.clone() })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;
    use crate::request::LARGEST_REQUEST;

    #[derive(Deserialize)]
    struct Kept {
        request: String,
    }

    fn failed(request: String) -> FailedRequest {
        FailedRequest {
            request,
            reason: "\u{1F512}".repeat(1000),
            requester: Requester::Queue("q".repeat(63)),
            first_seen: Some("2026-08-20T10:11:12Z".to_owned()),
            attempts: 30,
        }
    }

    proptest! {
        #[test]
        fn whatever_was_asked_fits_a_message_and_can_be_sent_again(character: char) {
            let request = character.to_string().repeat(LARGEST_REQUEST / character.len_utf8());
            let json = failed(request.clone()).to_json().unwrap();
            prop_assert!(json.len() <= LARGEST_MESSAGE && json.is_ascii());
            let kept = serde_json::from_str::<Kept>(&json).unwrap().request;
            prop_assert!(kept == request || STANDARD.decode(kept).unwrap() == request.as_bytes());
        }
    }
}
