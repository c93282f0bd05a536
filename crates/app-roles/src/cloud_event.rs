//! Events about the broker's own work, for programs that inform people: CloudEvents in JSON
//! ("CloudEvents - Version 1.0.2" and "JSON Event Format for CloudEvents - Version 1.0.2").
//!
//! An event contains ids and names only. It has no reasons and no claims, and it decides nothing: a
//! receiver that wants to act asks the broker.

mod happening;

use serde::Serialize;
use time::{OffsetDateTime, UtcOffset};

use crate::{end::rfc3339, ids::ObjectId, json::to_ascii_string, text::printable};

pub use happening::{
    About, ApprovalDecided, ApprovalDecision, ApprovalRequested, AssignmentCreated,
    AssignmentEnded, AssignmentEnding, EndedBy, EventRole, Happening,
};

/// Largest event, in bytes. A queue message holds 64 KiB, and base64, which some receivers use, adds a
/// third.
pub const MAX_EVENT_BYTES: usize = 48 * 1024;

/// Longest text of an event, in characters: 20 approvers, separated by commas, have fewer.
const LONGEST_TEXT: usize = 1024;

/// Length that names are cut to in an event that would be too large: 20 roles with three texts each, and
/// 20 approvers, every character an escape of 12 bytes, are 44 KB.
const SHORTENED_LENGTH: usize = 40;

/// An event in the format of CloudEvents.
///
/// ```json
/// { "specversion": "1.0", "id": "0f8f…-00", "source": "urn:app-role-broker",
///   "subject": "1111…", "time": "2026-08-20T10:11:12Z", "datacontenttype": "application/json",
///   "type": "AppRoleBroker.AssignmentCreated",
///   "data": { "requestId": "INC-1234", "requester": "queue:app-role-requests",
///             "principalId": "1111…", "principalDisplayName": "id-orders",
///             "apiId": "2222…", "apiAppId": "3333…", "apiDisplayName": "Orders API",
///             "roles": [ { "appRoleId": "4444…", "appRoleValue": "Orders.Read", "privileged": false,
///                          "rule": "orders workloads", "endDateTime": "2026-08-20T18:11:12Z" } ],
///             "approvedBy": "policy" } }
/// ```
///
/// Unknown members are absent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
pub struct CloudEvent {
    /// The version of CloudEvents.
    specversion: SpecVersion,
    /// The id of the event. An event that arrives again has the same.
    id: String,
    /// The broker.
    source: Source,
    /// The object id of the principal.
    subject: ObjectId,
    /// When it happened, in UTC, RFC 3339.
    time: String,
    /// The type of `data`.
    datacontenttype: ContentType,
    #[serde(flatten)]
    happening: Happening,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
enum SpecVersion {
    #[serde(rename = "1.0")]
    V1,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
enum Source {
    #[serde(rename = "urn:app-role-broker")]
    Broker,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
enum ContentType {
    #[serde(rename = "application/json")]
    Json,
}

impl CloudEvent {
    /// A new event. `id` must be the same each time this event is made, and different from that of every
    /// other event.
    #[must_use]
    pub fn new(id: &str, time: OffsetDateTime, mut happening: Happening) -> Self {
        // A table may have been changed by hand, so it may contain any text.
        happening.change_texts(|text| beginning(&printable(text), LONGEST_TEXT));
        let in_utc = time.checked_to_offset(UtcOffset::UTC).unwrap_or(time);
        Self {
            specversion: SpecVersion::V1,
            id: beginning(&printable(id), LONGEST_TEXT),
            source: Source::Broker,
            subject: happening.about().principal_id,
            time: rfc3339(in_utc),
            datacontenttype: ContentType::Json,
            happening,
        }
    }

    /// Writes JSON in ASCII, at most [`MAX_EVENT_BYTES`] bytes. Names are cut if it would be larger.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Strings and ids can always be written.
        let write = |event: &Self| to_ascii_string(event).unwrap_or_default();
        let whole = write(self);
        if whole.len() <= MAX_EVENT_BYTES {
            return whole;
        }
        let mut short = self.clone();
        short.happening.change_texts(|text| beginning(text, SHORTENED_LENGTH));
        write(&short)
    }
}

fn beginning(text: &str, length: usize) -> String {
    text.chars().take(length).collect()
}

#[cfg(test)]
mod tests;
