//! The JSON of the events that the broker writes, in Event Grid's own schema.

use serde::Serialize;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::json;

/// An event that the broker writes.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Envelope<'a, D> {
    #[serde(skip_serializing_if = "Option::is_none")]
    topic: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<&'a str>,
    event_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    event_time: Option<String>,
    data: D,
}

impl<'a, D: Serialize> Envelope<'a, D> {
    pub(super) fn new(event_type: &'static str, time: Option<OffsetDateTime>, data: D) -> Self {
        let event_time = time.and_then(|time| time.format(&Rfc3339).ok());
        Self { topic: None, subject: None, event_type, event_time, data }
    }

    pub(super) fn with_subject(self, topic: &'a str, subject: &'a str) -> Self {
        Self { topic: Some(topic), subject: Some(subject), ..self }
    }

    /// JSON in ASCII.
    pub(super) fn to_json(&self) -> Result<String, serde_json::Error> {
        json::to_ascii_string(self)
    }
}
