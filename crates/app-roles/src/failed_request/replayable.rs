//! The reader of failed requests, for replaying them.

use std::fmt;

use serde::Deserialize;
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};
use wire_formats::{base64, byte_order_mark::without_byte_order_mark};

use crate::{request::request_id_of, requester::Requester, text::RequestId};

/// A failed request that can be replayed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplayableRequest {
    /// The queue of the requester. Replaying to any other queue would make the request another requester's.
    pub queue: String,
    /// The message as it was sent. It may contain the requester's data, so it must not be printed.
    pub text: String,
    /// The requester's own id of the request, if the text contains a valid one.
    pub request_id: Option<RequestId>,
    /// Why the broker gave up.
    pub reason: String,
    /// The time when the request was sent, if the broker knew it.
    pub first_seen: Option<OffsetDateTime>,
    /// The number of deliveries.
    pub attempts: u64,
}

/// The reason why a message cannot be replayed. It does not repeat the message, which may contain the
/// requester's data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotReplayable {
    /// The message is not in the form that the broker writes.
    #[error(
        "not a failed request: expected JSON with the fields request, reason, requester and attempts \
         (line {line}, column {column})"
    )]
    Form {
        /// From 1.
        line: usize,
        /// From 1, or 0 before the first column.
        column: usize,
    },
    /// Only the beginning of the request was kept, so it must not be sent as if it were whole.
    #[error(
        "only the beginning of its {bytes} bytes was kept, because no queue message holds more; the \
         requester must send the request again itself"
    )]
    Beginning {
        /// The length of the whole request.
        bytes: u64,
    },
    /// `firstSeen` is not a time.
    #[error("not a failed request: firstSeen is not a time in RFC 3339")]
    FirstSeen,
    /// The requester did not use a queue, so only the requester can send the request again. An event that
    /// Event Grid pushed is one of these: in a queue it would be a request of the queue's senders.
    #[error("the requester {0:?} did not use a queue and must send the request again itself")]
    Requester(String),
}

/// The message. Unknown fields are ignored, because a newer broker may write more.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Message {
    request: String,
    reason: String,
    requester: String,
    first_seen: Option<String>,
    attempts: u64,
}

/// What only a message without the whole request has.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Cut {
    #[serde(rename = "requestBeginning")]
    _beginning: String,
    request_bytes: u64,
}

impl ReplayableRequest {
    /// Reads a message of the queue `app-role-failed`.
    pub fn parse(message: &str) -> Result<Self, NotReplayable> {
        let message = without_byte_order_mark(message.as_bytes());
        if let Ok(Cut { request_bytes: bytes, .. }) = serde_json::from_slice(message) {
            return Err(NotReplayable::Beginning { bytes });
        }
        let message: Message = serde_json::from_slice(message)
            .map_err(|error| NotReplayable::Form { line: error.line(), column: error.column() })?;
        let first_seen = message.first_seen.as_deref();
        let first_seen = first_seen.map(|text| OffsetDateTime::parse(text, &Rfc3339)).transpose();
        let first_seen = first_seen.map_err(|_| NotReplayable::FirstSeen)?;
        let Ok(Requester::Queue(queue)) = Requester::parse(&message.requester) else {
            return Err(NotReplayable::Requester(message.requester));
        };
        Ok(Self {
            queue,
            request_id: request_id(&message.request),
            text: message.request,
            reason: message.reason,
            first_seen,
            attempts: message.attempts,
        })
    }

    /// Returns the age of the request. `kept` is when the queue service received this message: the request
    /// is at least that old, whatever the message states.
    #[must_use]
    pub fn age(&self, kept: OffsetDateTime, now: OffsetDateTime) -> Duration {
        now - self.first_seen.map_or(kept, |first_seen| first_seen.min(kept))
    }
}

impl fmt::Display for ReplayableRequest {
    /// One line that is safe to print. From the text it contains only the request's id. The reason is
    /// escaped, because it may repeat a caller's text and must not move the terminal's cursor.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { queue, request_id, reason, first_seen, attempts, .. } = self;
        write!(formatter, "queue:{queue}, ")?;
        if let Some(request_id) = request_id {
            write!(formatter, "{request_id}, ")?;
        }
        if let Some(first_seen) = first_seen.and_then(|moment| moment.format(&Rfc3339).ok()) {
            write!(formatter, "first seen {first_seen}, ")?;
        }
        write!(formatter, "{attempts} attempts, {reason:?}")
    }
}

/// The id in the text of a request, which may be in base64.
fn request_id(text: &str) -> Option<RequestId> {
    let decoded = base64::decode(text.as_bytes());
    request_id_of(decoded.as_deref().unwrap_or(text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// A valid message with one field replaced.
    fn message(field: &str, value: Value) -> String {
        let mut message = json!({
            "request": r#"{"requestId":"INC-1234"}"#,
            "reason": "graphRefused",
            "requester": "queue:app-role-requests",
            "firstSeen": "2026-11-22T10:00:00Z",
            "attempts": 30,
        });
        message[field] = value;
        message.to_string()
    }

    #[test]
    fn a_malformed_message_is_refused_without_repeating_it() {
        for text in [
            "secret",
            "\"secret\"",
            "{}",
            &message("request", json!({ "secret": 1 })),
            &message("attempts", json!("secret")),
            &message("firstSeen", json!("secret")),
        ] {
            let error = ReplayableRequest::parse(text).unwrap_err().to_string();
            assert!(error.starts_with("not a failed request"), "{error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn a_requester_without_a_queue_is_named() {
        for requester in [
            "admin",
            "http:8888",
            "key:orders-team",
            "eventgrid:",
            "eventgrid:ResourceEvent",
            "queue:",
            "queue:../admin",
            "queue:Upper",
            "queue:a",
        ] {
            let error =
                ReplayableRequest::parse(&message("requester", json!(requester))).unwrap_err();
            assert_eq!(error, NotReplayable::Requester(requester.to_owned()));
        }
    }

    #[test]
    fn a_message_cannot_make_a_request_younger_than_itself() {
        let hour = |hour| time::macros::datetime!(2026-11-22 00:00 UTC) + Duration::hours(hour);
        for (first_seen, age) in [
            (json!("2026-11-22T10:00:00Z"), 30),
            (json!("2026-11-22T12:00:00Z"), 28),
            (json!("2026-11-23T00:00:00Z"), 28),
            (json!("2999-11-22T12:00:00Z"), 28),
            (Value::Null, 28),
        ] {
            let request = ReplayableRequest::parse(&message("firstSeen", first_seen)).unwrap();
            assert_eq!(request.age(hour(12), hour(40)), Duration::hours(age), "{request}");
        }
    }

    #[test]
    fn a_request_without_a_printable_id_has_no_id() {
        for text in ["eyJh", "{}", r#"{"requestId":7}"#, r#"{"requestId":"\u001b[2J"}"#] {
            let request = ReplayableRequest::parse(&message("request", json!(text))).unwrap();
            assert_eq!((request.text.as_str(), request.request_id), (text, None));
        }
    }

    #[test]
    fn the_displayed_line_is_printable_and_contains_only_the_id_from_the_text() {
        let request =
            ReplayableRequest::parse(&message("reason", json!("a\u{1b}[2J\u{202e}"))).unwrap();
        assert_eq!(
            request.to_string(),
            "queue:app-role-requests, INC-1234, first seen 2026-11-22T10:00:00Z, 30 attempts, \
             \"a\\u{1b}[2J\\u{202e}\""
        );
    }

    #[test]
    fn an_id_is_read_from_base64_and_an_unknown_time_is_omitted() {
        let mut message: Value =
            serde_json::from_str(&message("request", json!("eyJyZXF1ZXN0SWQiOiJiIn0="))).unwrap();
        message.as_object_mut().unwrap().remove("firstSeen");
        let request = ReplayableRequest::parse(&message.to_string()).unwrap();
        let expected = "queue:app-role-requests, b, 30 attempts, \"graphRefused\"";
        assert_eq!(request.to_string(), expected);
    }

    #[test]
    fn unknown_fields_of_a_newer_broker_are_ignored() {
        ReplayableRequest::parse(&message("brokerVersion", json!("9.0.0"))).unwrap();
    }
}
