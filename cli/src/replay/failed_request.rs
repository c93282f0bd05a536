//! A failed request, as the broker writes it into the queue.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Deserialize;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// The prefix of a requester that is a queue.
const QUEUE_PREFIX: &str = "queue:";
/// The prefix of a requester that is a function to which Event Grid pushes events.
const EVENT_GRID_PREFIX: &str = "eventgrid:";
/// The queue of events. Pushed events are replayed into it, because only Event Grid can push.
const EVENTS: &str = "resource-events";
/// Valid lengths of a queue's name ("Naming Queues and Metadata").
const QUEUE_NAME_LENGTHS: std::ops::RangeInclusive<usize> = 3..=63;
/// The maximum length of a request ID.
const LONGEST_REQUEST_ID: usize = 128;

/// A failed request that can be replayed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedRequest {
    /// The queue to replay it into: the one that it came from, or the queue of events.
    pub queue: String,
    /// The text as it was sent. It is never printed, because it belongs to the requester.
    pub text: String,
    /// The request ID, if the text has one.
    pub request_id: Option<String>,
    /// Why it failed.
    pub reason: String,
    /// When it was sent (RFC 3339), if the broker knew that.
    pub first_seen: Option<String>,
    /// The number of deliveries.
    pub attempts: u64,
}

/// The reason why a message cannot be replayed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotReplayable {
    /// It is not in the broker's format. The message says where and not what, because the text may belong
    /// to a requester.
    #[error(
        "not a failed request: expected JSON with request, reason, requester and attempts \
         (line {line}, column {column})"
    )]
    Form {
        /// Counted from 1.
        line: usize,
        /// Counted from 1; 0 before the first.
        column: usize,
    },
    /// `firstSeen` is not a timestamp.
    #[error("not a failed request: firstSeen is not an RFC 3339 timestamp")]
    FirstSeen,
    /// The requester is not a queue.
    #[error("the requester {0:?} is not a queue; they must send the request again")]
    Requester(String),
}

/// The message. Unknown fields are ignored, because a newer broker may add some.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    request: String,
    reason: String,
    requester: String,
    first_seen: Option<String>,
    attempts: u64,
}

/// The only field of the request's text that is read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Labelled {
    request_id: String,
}

impl FailedRequest {
    /// Parses a message.
    ///
    /// # Errors
    ///
    /// If it is not in the broker's format, or the requester is not a queue.
    pub fn parse(message: &str) -> Result<Self, NotReplayable> {
        let wire: Wire = serde_json::from_str(message)
            .map_err(|error| NotReplayable::Form { line: error.line(), column: error.column() })?;
        if let Some(first_seen) = &wire.first_seen {
            OffsetDateTime::parse(first_seen, &Rfc3339).map_err(|_| NotReplayable::FirstSeen)?;
        }
        let Some(queue) = queue_of(&wire.requester) else {
            return Err(NotReplayable::Requester(wire.requester));
        };
        Ok(Self {
            queue: queue.to_owned(),
            request_id: request_id(&wire.request),
            text: wire.request,
            reason: wire.reason,
            first_seen: wire.first_seen,
            attempts: wire.attempts,
        })
    }
}

impl fmt::Display for FailedRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { queue, request_id, reason, first_seen, attempts, .. } = self;
        write!(formatter, "{QUEUE_PREFIX}{queue}, ")?;
        if let Some(request_id) = request_id {
            write!(formatter, "{request_id}, ")?;
        }
        if let Some(first_seen) = first_seen {
            write!(formatter, "first seen {first_seen}, ")?;
        }
        // The reason may contain text of callers. As a literal, it cannot move the terminal's cursor.
        write!(formatter, "{attempts} attempts, {reason:?}")
    }
}

fn queue_of(requester: &str) -> Option<&str> {
    match requester.strip_prefix(EVENT_GRID_PREFIX) {
        Some(function) => (!function.is_empty()).then_some(EVENTS),
        None => requester.strip_prefix(QUEUE_PREFIX).filter(|name| is_queue_name(name)),
    }
}

fn is_queue_name(name: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    QUEUE_NAME_LENGTHS.contains(&name.len()) && name.bytes().all(is_allowed)
}

/// Returns the request ID if it is valid, because it is printed. The request may be in base64.
fn request_id(text: &str) -> Option<String> {
    let decoded = STANDARD.decode(text).ok();
    let json = decoded.as_deref().unwrap_or(text.as_bytes());
    let Labelled { request_id } = serde_json::from_slice(json).ok()?;
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._:-".contains(&byte);
    let is_label =
        (1..=LONGEST_REQUEST_ID).contains(&request_id.len()) && request_id.bytes().all(is_allowed);
    is_label.then_some(request_id)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

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
    fn what_is_not_of_the_form_is_refused_without_a_word_of_it() {
        for text in [
            "secret",
            "\"secret\"",
            "{}",
            &message("request", json!({ "secret": 1 })),
            &message("attempts", json!("secret")),
            &message("firstSeen", json!("secret")),
        ] {
            let error = FailedRequest::parse(text).unwrap_err().to_string();
            assert!(error.starts_with("not a failed request"), "{error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn a_requester_that_is_no_queue_is_named() {
        for requester in [
            "admin",
            "http:8888",
            "eventgrid:",
            "queue:",
            "queue:../admin",
            "queue:Upper",
            "queue:a",
        ] {
            let error = FailedRequest::parse(&message("requester", json!(requester))).unwrap_err();
            assert_eq!(error, NotReplayable::Requester(requester.to_owned()));
        }
    }

    #[test]
    fn an_event_that_was_pushed_goes_to_the_queue_of_events() {
        let pushed = message("requester", json!("eventgrid:ResourceEvent"));
        assert_eq!(FailedRequest::parse(&pushed).unwrap().queue, "resource-events");
    }

    #[test]
    fn a_request_that_is_no_json_or_has_a_label_that_cannot_be_shown_has_no_label() {
        for text in ["eyJh", "{}", r#"{"requestId":7}"#, r#"{"requestId":"\u001b[2J"}"#] {
            let request = FailedRequest::parse(&message("request", json!(text))).unwrap();
            assert_eq!((request.text.as_str(), request.request_id), (text, None));
        }
    }

    #[test]
    fn a_line_about_it_cannot_move_the_cursor_and_has_nothing_of_the_text_but_the_label() {
        let request =
            FailedRequest::parse(&message("reason", json!("a\u{1b}[2J\u{202e}"))).unwrap();
        assert_eq!(
            request.to_string(),
            "queue:app-role-requests, INC-1234, first seen 2026-11-22T10:00:00Z, 30 attempts, \
             \"a\\u{1b}[2J\\u{202e}\""
        );
    }

    #[test]
    fn a_label_is_found_in_base64_and_a_time_that_is_not_known_is_left_out() {
        let mut message: Value =
            serde_json::from_str(&message("request", json!("eyJyZXF1ZXN0SWQiOiJiIn0="))).unwrap();
        message.as_object_mut().unwrap().remove("firstSeen");
        let request = FailedRequest::parse(&message.to_string()).unwrap();
        let expected = "queue:app-role-requests, b, 30 attempts, \"graphRefused\"";
        assert_eq!(request.to_string(), expected);
    }

    #[test]
    fn a_field_of_a_newer_broker_is_no_fault() {
        FailedRequest::parse(&message("brokerVersion", json!("9.0.0"))).unwrap();
    }
}
