//! Events as the broker writes them: those that it keeps for operators, as what it reads of them and
//! nothing else, so that they can be delivered again and no claims lie about; and its own.

use serde::Serialize;
use serde_json::value::RawValue;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{
    ASSIGNMENT_REQUESTED, AssignmentRequested, BASELINE_CHECK_REQUESTED, BaselineCheckRequested,
    RESOURCE_WRITTEN, ResourceWritten,
};
use crate::{
    ascii_json::ascii_json,
    ids::{Guid, ObjectId},
};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Kept<'a, D> {
    #[serde(skip_serializing_if = "Option::is_none")]
    topic: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<&'a str>,
    event_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    event_time: Option<String>,
    data: D,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct KeptCause {
    #[serde(skip_serializing_if = "Option::is_none")]
    correlation_id: Option<Guid>,
}

impl ResourceWritten {
    /// The event as JSON in ASCII, without who caused it.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        ascii_json(&Kept {
            topic: Some(self.topic.as_str()),
            subject: Some(self.resource.as_str()),
            event_type: RESOURCE_WRITTEN,
            event_time: written(self.time),
            data: KeptCause { correlation_id: self.cause.correlation_id },
        })
    }
}

impl AssignmentRequested {
    /// The event as JSON in ASCII, with the request as it was sent.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        let request: &RawValue = serde_json::from_str(&self.request)?;
        ascii_json(&Kept {
            topic: None,
            subject: None,
            event_type: ASSIGNMENT_REQUESTED,
            event_time: written(self.time),
            data: request,
        })
    }
}

/// What is checked.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Checked {
    principal_id: ObjectId,
}

impl BaselineCheckRequested {
    /// The event as JSON in ASCII, as it goes into the queue.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        ascii_json(&Kept {
            topic: None,
            subject: None,
            event_type: BASELINE_CHECK_REQUESTED,
            event_time: written(self.time),
            data: Checked { principal_id: self.principal },
        })
    }
}

fn written(time: Option<OffsetDateTime>) -> Option<String> {
    time.and_then(|time| time.format(&Rfc3339).ok())
}
