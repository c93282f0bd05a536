//! The reader of events in both schemas ("Event Grid event schema"; CloudEvents 1.0, JSON event
//! format).

use serde::Deserialize;
use serde_json::value::RawValue;
use wire_formats::{byte_order_mark::trimmed, timestamp};

use super::{
    assignment_requested::{ASSIGNMENT_REQUESTED, AssignmentRequested},
    baseline_check::{BASELINE_CHECK_REQUESTED, BaselineCheckRequested},
    ignored::Ignored,
    resource_written::{RESOURCE_CREATED_OR_UPDATED, RESOURCE_WRITTEN, ResourceWritten},
};
use crate::request::SentTime;

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
    /// Reads an event from JSON, alone or in an array. The text may begin with a byte order mark.
    pub fn decode(text: &[u8]) -> Result<Self, InvalidEvents> {
        match split(trimmed(text))?.as_slice() {
            [] => Ok(Self::Ignored(Ignored::Unreadable)),
            [event] => Ok(read(event)),
            events => Err(InvalidEvents::Batch(events.len())),
        }
    }
}

/// The events of a delivery.
fn split(text: &[u8]) -> Result<Vec<&RawValue>, InvalidEvents> {
    let events = match text.first() {
        Some(b'[') => serde_json::from_slice(text),
        Some(b'{') => serde_json::from_slice(text).map(|event| vec![event]),
        _ => return Err(InvalidEvents::Malformed),
    };
    events.map_err(|_| InvalidEvents::Malformed)
}

/// An event in either schema. A member of a wrong type matters only if it is needed, and `null` is the same
/// as an absent member. Other members are ignored.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireEvent<'a> {
    /// Only CloudEvents have it.
    #[serde(borrow)]
    specversion: Option<&'a RawValue>,
    #[serde(borrow)]
    event_type: Option<&'a RawValue>,
    #[serde(borrow, rename = "type")]
    cloud_type: Option<&'a RawValue>,
    #[serde(borrow)]
    topic: Option<&'a RawValue>,
    #[serde(borrow)]
    source: Option<&'a RawValue>,
    #[serde(borrow)]
    event_time: Option<&'a RawValue>,
    #[serde(borrow)]
    time: Option<&'a RawValue>,
    #[serde(borrow)]
    subject: Option<&'a RawValue>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}

fn read(event: &RawValue) -> Event {
    // The JSON library would also fill a struct from an array.
    let is_object = event.get().starts_with('{');
    match serde_json::from_str::<WireEvent<'_>>(event.get()) {
        Ok(event) if is_object => understand(&event).unwrap_or_else(Event::Ignored),
        _ => Event::Ignored(Ignored::Unreadable),
    }
}

fn understand(event: &WireEvent<'_>) -> Result<Event, Ignored> {
    let (event_type, topic, time) = match event.specversion {
        Some(_) => (event.cloud_type, event.source, event.time),
        None => (event.event_type, event.topic, event.event_time),
    };
    let sent = sent_time(time);
    match text(event_type).ok_or(Ignored::Unreadable)?.as_str() {
        ASSIGNMENT_REQUESTED => {
            let request = event.data.map_or("null", RawValue::get).to_owned();
            Ok(Event::AssignmentRequested(AssignmentRequested { request, sent }))
        }
        BASELINE_CHECK_REQUESTED => event
            .data
            .and_then(|data| BaselineCheckRequested::read(data, sent.time()))
            .map(Event::BaselineCheckRequested)
            .ok_or(Ignored::Unreadable),
        RESOURCE_WRITTEN | RESOURCE_CREATED_OR_UPDATED => {
            let (subject, topic) = (text(event.subject), text(topic));
            let (subject, topic) = (subject.unwrap_or_default(), topic.unwrap_or_default());
            ResourceWritten::new(&subject, &topic, sent.time(), event.data)
                .map(Event::ResourceWritten)
        }
        _ => Err(Ignored::OtherType),
    }
}

/// The text of a member, if it is a string.
fn text(member: Option<&RawValue>) -> Option<String> {
    serde_json::from_str(member?.get()).ok()
}

/// The time of an event.
fn sent_time(member: Option<&RawValue>) -> SentTime {
    match member {
        None => SentTime::NotStated,
        stated => text(stated)
            .and_then(|text| timestamp::parse(&text))
            .map_or(SentTime::Unreadable, SentTime::At),
    }
}
