//! The event that makes the broker compare one identity with the baseline.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use time::OffsetDateTime;

use super::envelope::Envelope;
use crate::ids::ObjectId;

/// The type of the event with which the broker requests the check of an identity.
pub const BASELINE_CHECK_REQUESTED: &str = "AppRoleBroker.BaselineCheckRequested";

/// A request to compare an identity with the baseline.
///
/// ```json
/// { "eventType": "AppRoleBroker.BaselineCheckRequested", "eventTime": "2026-08-20T10:00:01Z",
///   "data": { "principalId": "1111…" } }
/// ```
///
/// A forged event is harmless: the check grants nothing beyond the baseline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BaselineCheckRequested {
    /// The identity.
    pub principal: ObjectId,
    /// The time since when the identity may lack roles.
    pub time: Option<OffsetDateTime>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    principal_id: ObjectId,
}

impl BaselineCheckRequested {
    /// Reads the event's data. `None` if it names no principal.
    pub(super) fn read(data: &RawValue, time: Option<OffsetDateTime>) -> Option<Self> {
        let Data { principal_id } = serde_json::from_str(data.get()).ok()?;
        Some(Self { principal: principal_id, time })
    }

    /// Writes the event as JSON in ASCII.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        let data = Data { principal_id: self.principal };
        Envelope::new(BASELINE_CHECK_REQUESTED, self.time, data).to_json()
    }
}
