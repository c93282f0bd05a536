//! The event that carries a request.

use serde_json::value::RawValue;

use super::envelope::Envelope;
use crate::request::SentTime;

/// The type of an event whose data is a request for an assignment.
pub const ASSIGNMENT_REQUESTED: &str = "AppRoleBroker.AssignmentRequested";

/// An event that carries a request for an assignment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssignmentRequested {
    /// The request as JSON, not validated.
    pub request: String,
    /// The time when the event was published.
    pub sent: SentTime,
}

impl AssignmentRequested {
    /// Writes the event as JSON in ASCII. The request keeps its form.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        let request: &RawValue = serde_json::from_str(&self.request)?;
        Envelope::new(ASSIGNMENT_REQUESTED, self.sent.time(), request).to_json()
    }
}
