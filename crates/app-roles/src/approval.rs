//! What approvers approve.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};
use sha2::{Digest, Sha256};
use time::{OffsetDateTime, UtcOffset};

use crate::{
    duration::AssignmentDuration,
    end::{self, RequestedEnd},
    ids::{AppRoleId, ObjectId},
    json,
    request::Action,
};

/// What an approval covers, in terms of ids. Two requests with equal subjects mean the same change, made
/// by the same requester under the same policy.
///
/// ```json
/// { "action": "assign", "principalId": "1111…", "apiId": "2222…", "requester": "http:3333…",
///   "policySha256": "9f86…",
///   "roles": [ { "id": "4444…", "rule": "directory sync", "end": "PT8H" } ] }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ApprovalSubject {
    /// Whether assignments are created or removed.
    pub action: Action,
    /// The object id of the principal.
    pub principal_id: ObjectId,
    /// The object id of the API's service principal.
    pub api_id: ObjectId,
    /// The requester.
    pub requester: String,
    /// SHA-256 of the policy. Absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub policy_sha256: Option<String>,
    /// The roles, in the order of the request.
    pub roles: Vec<SubjectRole>,
}

/// A role that an approval covers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SubjectRole {
    /// The id of the role.
    pub id: AppRoleId,
    /// The rule that allows it.
    pub rule: String,
    /// When the assignment ends: a duration from the grant on (`PT8H`), a time (RFC 3339), or `none`.
    pub end: String,
}

/// How far a request that waits for approval is.
///
/// On the wire: a string in camelCase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum ApprovalState {
    /// It waits for decisions.
    Pending,
    /// Enough approvers have approved it, and it is being carried out.
    Approved,
    /// It was carried out.
    Done,
    /// An approver has denied it.
    Denied,
    /// The approvers did not decide in time.
    Expired,
    /// The policy does not allow it any more, or it cannot be carried out.
    Refused,
}

impl ApprovalState {
    /// Whether the state can no longer change.
    #[must_use]
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Pending | Self::Approved)
    }
}

/// What an approver decides.
///
/// On the wire: `"approve"` or `"deny"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum Vote {
    /// The request may be carried out.
    Approve,
    /// It may not.
    Deny,
}

/// SHA-256 of a subject: approvers state it, so that they approve what they have seen.
///
/// On the wire: 64 hexadecimal digits in lower case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct ApprovalDigest(String);

/// The error for a text that is no digest. It does not repeat the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected the digest that the broker shows: 64 hexadecimal digits in lower case")]
pub struct InvalidDigest;

impl ApprovalSubject {
    /// The digest of everything that the approval covers.
    #[must_use]
    pub fn digest(&self) -> ApprovalDigest {
        // Strings can always be written. An empty text is the digest of no subject that is stored.
        let text = serde_json::to_string(self).unwrap_or_default();
        let hash = Sha256::digest(text);
        ApprovalDigest(hash.iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

impl ApprovalDigest {
    /// The number of digits.
    const LENGTH: usize = 64;

    /// Reads a digest.
    pub fn parse(text: &str) -> Result<Self, InvalidDigest> {
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let is_digest = text.len() == Self::LENGTH && text.bytes().all(is_digit);
        if is_digest { Ok(Self(text.to_owned())) } else { Err(InvalidDigest) }
    }

    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for ApprovalDigest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        json::parse_string(deserializer, Self::parse)
    }
}

impl fmt::Display for ApprovalDigest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The end of an assignment as a subject states it: the requested end, or else the limit of the rule. It is
/// the same whenever it is computed.
#[must_use]
pub fn subject_end(requested: Option<RequestedEnd>, limit: Option<AssignmentDuration>) -> String {
    match (requested, limit) {
        (Some(RequestedEnd::After(duration)), _) | (None, Some(duration)) => duration.to_string(),
        (Some(RequestedEnd::At(time)), _) => end_time(time),
        (None, None) => "none".to_owned(),
    }
}

fn end_time(time: OffsetDateTime) -> String {
    let in_utc = time.checked_to_offset(UtcOffset::UTC).unwrap_or(time);
    end::rfc3339(in_utc.truncate_to_second())
}

#[cfg(test)]
mod tests;
