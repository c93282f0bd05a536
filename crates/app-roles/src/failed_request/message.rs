//! The message that the broker writes when it gives up on a request.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Serialize;

use crate::{json::to_ascii_string, requester::Requester};

/// Largest message of a storage queue, in bytes ("Scalability and performance targets for Queue
/// Storage").
const MAX_MESSAGE_BYTES: usize = 64 * 1024;

/// A request that the broker gave up on after its last delivery.
///
/// ```json
/// { "request": "{\"principalId\":\"1111…\"}", "reason": "Microsoft Graph does not know the principal",
///   "requester": "queue:app-role-requests", "firstSeen": "2026-08-20T10:11:12Z", "attempts": 30 }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FailedRequest {
    /// The message as it was sent. Sending it again to the requester's queue makes a new request.
    pub request: String,
    /// Why the broker gave up.
    pub reason: String,
    /// The requester.
    pub requester: Requester,
    /// The time when the request was sent, in UTC, RFC 3339, if the trigger knows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_seen: Option<String>,
    /// The number of deliveries.
    pub attempts: u32,
}

impl FailedRequest {
    /// Writes JSON in ASCII that fits into a message.
    ///
    /// Escaping can double the length of a request. A request that would be too large is written in
    /// base64, which a request queue accepts too.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        let json = to_ascii_string(self)?;
        if json.len() <= MAX_MESSAGE_BYTES {
            return Ok(json);
        }
        to_ascii_string(&Self { request: STANDARD.encode(&self.request), ..self.clone() })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::macros::datetime;

    use super::*;
    use crate::{failed_request::replayable::ReplayableRequest, request::MAX_REQUEST_BYTES};

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
        fn every_request_fits_into_a_message_and_can_be_replayed(character: char) {
            let request = character.to_string().repeat(MAX_REQUEST_BYTES / character.len_utf8());
            let failed = failed(request.clone());
            let json = failed.to_json().unwrap();
            prop_assert!(json.len() <= MAX_MESSAGE_BYTES && json.is_ascii());
            let read = ReplayableRequest::parse(&json).unwrap();
            prop_assert!(read.text == request || STANDARD.decode(&read.text).unwrap() == request.as_bytes());
            prop_assert_eq!(read.queue, "q".repeat(63));
            prop_assert_eq!(read.reason, failed.reason);
            prop_assert_eq!(read.first_seen, Some(datetime!(2026-08-20 10:11:12 UTC)));
            prop_assert_eq!(read.attempts, 30);
        }
    }
}
