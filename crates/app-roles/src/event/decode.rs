//! The reader of events in both schemas ("Event Grid event schema"; CloudEvents 1.0, JSON event
//! format).

use serde::Deserialize;
use serde_json::value::RawValue;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{
    assignment_requested::{ASSIGNMENT_REQUESTED, AssignmentRequested},
    baseline_check::{BASELINE_CHECK_REQUESTED, BaselineCheckRequested},
    ignored::Ignored,
    resource_written::{RESOURCE_CREATED_OR_UPDATED, RESOURCE_WRITTEN, ResourceWritten},
};

/// An event, by what it means to the broker.
///
/// ```json
/// { "topic": "/subscriptions/1111…", "subject": "/subscriptions/1111…/providers/…/id-orders",
///   "eventType": "Microsoft.Resources.ResourceWriteSuccess", "eventTime": "2026-08-20T10:00:01Z",
///   "data": { "correlationId": "2222…", "claims": { } } }
/// ```
///
/// An event in the schema of CloudEvents 1.0 has `specversion`, and `source`, `type` and `time` in place
/// of `topic`, `eventType` and `eventTime`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A resource that can have an identity was created or changed.
    ResourceWritten(ResourceWritten),
    /// The event carries a request for an assignment.
    AssignmentRequested(AssignmentRequested),
    /// The broker asks itself to compare an identity with the baseline.
    BaselineCheckRequested(BaselineCheckRequested),
    /// The event leads to no change.
    Ignored(Ignored),
}

/// The reason why a delivery is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidEvents {
    /// The delivery is not JSON, or neither an object nor an array.
    #[error("expected an event in JSON")]
    Malformed,
    /// The delivery has more than one event. An event that fails would bring back those that are done, and
    /// their answers would be given again.
    #[error("{0} events in one message; send each event as a message of its own")]
    Batch(usize),
}

impl Event {
    /// Reads an event from JSON, alone or in an array.
    pub fn decode(text: &[u8]) -> Result<Self, InvalidEvents> {
        match split(text)?.as_slice() {
            [] => Ok(Self::Ignored(Ignored::Unreadable)),
            [event] => Ok(read(event)),
            events => Err(InvalidEvents::Batch(events.len())),
        }
    }
}

/// The events of a delivery.
fn split(text: &[u8]) -> Result<Vec<&RawValue>, InvalidEvents> {
    let events = match text.trim_ascii_start().first() {
        Some(b'[') => serde_json::from_slice(text),
        Some(b'{') => serde_json::from_slice(text).map(|event| vec![event]),
        _ => return Err(InvalidEvents::Malformed),
    };
    events.map_err(|_| InvalidEvents::Malformed)
}

/// An event in either schema. Other fields are ignored.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireEvent<'a> {
    /// Only CloudEvents have it.
    specversion: Option<String>,
    event_type: Option<String>,
    #[serde(rename = "type")]
    cloud_type: Option<String>,
    topic: Option<String>,
    source: Option<String>,
    event_time: Option<String>,
    time: Option<String>,
    subject: Option<String>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}

fn read(event: &RawValue) -> Event {
    let Ok(event) = serde_json::from_str::<WireEvent<'_>>(event.get()) else {
        return Event::Ignored(Ignored::Unreadable);
    };
    let (event_type, topic, time) = match event.specversion {
        Some(_) => (event.cloud_type, event.source, event.time),
        None => (event.event_type, event.topic, event.event_time),
    };
    let time = time.and_then(|text| OffsetDateTime::parse(&text, &Rfc3339).ok());
    let understood = match event_type.as_deref() {
        Some(ASSIGNMENT_REQUESTED) => {
            let request = event.data.map_or("null", RawValue::get).to_owned();
            Ok(Event::AssignmentRequested(AssignmentRequested { request, time }))
        }
        Some(BASELINE_CHECK_REQUESTED) => event
            .data
            .and_then(|data| BaselineCheckRequested::read(data, time))
            .map(Event::BaselineCheckRequested)
            .ok_or(Ignored::Unreadable),
        Some(RESOURCE_WRITTEN | RESOURCE_CREATED_OR_UPDATED) => {
            let (subject, topic) = (event.subject.unwrap_or_default(), topic.unwrap_or_default());
            ResourceWritten::new(&subject, &topic, time, event.data).map(Event::ResourceWritten)
        }
        Some(_) => Err(Ignored::OtherType),
        None => Err(Ignored::Unreadable),
    };
    understood.unwrap_or_else(Event::Ignored)
}
