//! The two schemas of an event ("Event Grid event schema"; CloudEvents 1.0, JSON event format).

use serde::Deserialize;
use serde_json::value::RawValue;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{
    ASSIGNMENT_REQUESTED, AssignmentRequested, BASELINE_CHECK_REQUESTED, BaselineCheckRequested,
    Cause, Event, Ignored, InvalidEvents, RESOURCE_CREATED_OR_UPDATED, RESOURCE_WRITTEN,
    ResourceWritten, resource_written,
};
use crate::ids::{Guid, ObjectId};

/// An event of either schema. Everything else that it has is passed over.
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

/// What the data of an event about a resource says of its cause.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct WireCause<'a> {
    correlation_id: Option<String>,
    #[serde(borrow)]
    claims: Option<&'a RawValue>,
}

/// The data of a check.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireCheck {
    principal_id: ObjectId,
}

/// The one claim that is read.
#[derive(Deserialize)]
struct WireClaims {
    #[serde(rename = "http://schemas.microsoft.com/identity/claims/objectidentifier")]
    object_id: Option<String>,
}

/// The events of a delivery, each as its own text.
pub(super) fn split(text: &[u8]) -> Result<Vec<&RawValue>, InvalidEvents> {
    let events = match text.trim_ascii_start().first() {
        Some(b'[') => serde_json::from_slice(text),
        Some(b'{') => serde_json::from_slice(text).map(|event| vec![event]),
        _ => return Err(InvalidEvents::Malformed),
    };
    events.map_err(|_| InvalidEvents::Malformed)
}

/// What one event means.
pub(super) fn read(event: &RawValue) -> Event {
    let Ok(event) = serde_json::from_str::<WireEvent<'_>>(event.get()) else {
        return Event::Ignored(Ignored::Unreadable);
    };
    let is_cloud_event = event.specversion.is_some();
    let (kind, topic, time) = if is_cloud_event {
        (event.cloud_type, event.source, event.time)
    } else {
        (event.event_type, event.topic, event.event_time)
    };
    let time = time.and_then(|text| OffsetDateTime::parse(&text, &Rfc3339).ok());
    match kind.as_deref() {
        Some(ASSIGNMENT_REQUESTED) => {
            let request = event.data.map_or("null", RawValue::get).to_owned();
            Event::AssignmentRequested(AssignmentRequested { request, time })
        }
        Some(BASELINE_CHECK_REQUESTED) => match event.data.and_then(checked) {
            Some(principal) => {
                Event::BaselineCheckRequested(BaselineCheckRequested { principal, time })
            }
            None => Event::Ignored(Ignored::Unreadable),
        },
        Some(RESOURCE_WRITTEN | RESOURCE_CREATED_OR_UPDATED) => {
            let (subject, topic) = (event.subject.unwrap_or_default(), topic.unwrap_or_default());
            match resource_written(&subject, &topic, time) {
                Ok(written) => Event::ResourceWritten(ResourceWritten {
                    cause: event.data.map(cause).unwrap_or_default(),
                    ..written
                }),
                Err(ignored) => Event::Ignored(ignored),
            }
        }
        Some(_) => Event::Ignored(Ignored::OtherType),
        None => Event::Ignored(Ignored::Unreadable),
    }
}

fn checked(data: &RawValue) -> Option<ObjectId> {
    serde_json::from_str::<WireCheck>(data.get()).ok().map(|check| check.principal_id)
}

/// What led to an event, as far as its data can be read.
fn cause(data: &RawValue) -> Cause {
    let cause: WireCause<'_> = serde_json::from_str(data.get()).unwrap_or_default();
    let correlation_id = cause.correlation_id.and_then(|id| Guid::parse(&id).ok());
    Cause { author: cause.claims.and_then(author), correlation_id }
}

/// Claims are an object, or a text that holds one: libraries of Azure have written both.
fn author(claims: &RawValue) -> Option<ObjectId> {
    let claims: WireClaims = match serde_json::from_str::<String>(claims.get()) {
        Ok(text) => serde_json::from_str(&text).ok()?,
        Err(_) => serde_json::from_str(claims.get()).ok()?,
    };
    ObjectId::parse(&claims.object_id?).ok()
}
