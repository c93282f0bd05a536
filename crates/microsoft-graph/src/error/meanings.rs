//! What Microsoft Graph's refusals mean: the one table.
//!
//! Statuses and codes are documented ("Microsoft Graph error responses and resource types", "Error
//! codes for identity and access"); the texts are those that callers have reported, and nothing
//! promises that they stay. Whatever no row knows is [`ErrorKind::Refused`], with the whole answer in
//! the log.

use serde::Deserialize;

use super::ErrorKind;

/// A refusal's body.
///
/// ```json
/// { "error": { "code": "Request_BadRequest", "message": "…",
///              "details": [ { "code": "NoBackingApplicationObject" } ] } }
/// ```
#[derive(Deserialize)]
struct Envelope {
    error: Body,
}

/// What a refusal says of itself.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Body {
    pub(super) code: String,
    #[serde(default)]
    pub(super) message: String,
    #[serde(default)]
    details: Vec<Detail>,
}

#[derive(Debug, Deserialize)]
struct Detail {
    #[serde(default)]
    code: String,
}

/// A row: what a refusal must have, and what it means. `None` and "" match everything; a code that
/// ends in `*` matches its beginning. Upper and lower case are the same.
struct Meaning {
    status: Option<u16>,
    code: Option<&'static str>,
    text: &'static str,
    kind: ErrorKind,
}

const fn by_text(
    status: Option<u16>,
    code: Option<&'static str>,
    text: &'static str,
    kind: ErrorKind,
) -> Meaning {
    Meaning { status, code, text, kind }
}

const fn by_code(code: &'static str, kind: ErrorKind) -> Meaning {
    Meaning { status: None, code: Some(code), text: "", kind }
}

const fn by_status(status: u16, kind: ErrorKind) -> Meaning {
    Meaning { status: Some(status), code: None, text: "", kind }
}

const BAD_REQUEST: Option<&str> = Some("Request_BadRequest");
const SAME_KEY: Option<&str> = Some("Request_MultipleObjectsWithSameKeyValue");

/// The first row that matches counts. The five causes of `Request_BadRequest` differ in their text
/// only.
const MEANINGS: &[Meaning] = &[
    by_text(
        None,
        BAD_REQUEST,
        "permission being assigned already exists",
        ErrorKind::AlreadyAssigned,
    ),
    // "Permission entry already exists" under the same code is about delegated permissions.
    by_text(None, SAME_KEY, "entitlementgrant entry already exists", ErrorKind::AlreadyAssigned),
    by_text(
        Some(400),
        None,
        "entitlementgrant being updated or deleted is not found",
        ErrorKind::AlreadyRevoked,
    ),
    by_text(Some(400), None, "not a valid reference update", ErrorKind::PrincipalNotFound),
    by_text(Some(400), None, "specified resourceid was not found", ErrorKind::ApiNotFound),
    by_text(Some(400), None, "permission being assigned was not found", ErrorKind::RoleNotFound),
    by_code("Authorization_IdentityNotFound", ErrorKind::OwnIdentityUnknown),
    by_code("Authorization_IdentityDisabled", ErrorKind::OwnIdentityUnknown),
    by_text(
        Some(403),
        None,
        "identity of the calling application could not be established",
        ErrorKind::OwnIdentityUnknown,
    ),
    by_code("Directory_QuotaExceeded", ErrorKind::DirectoryFull),
    by_code("Directory_ResourceSizeExceeded", ErrorKind::PrincipalFull),
    by_code("Directory_ConcurrencyViolation", ErrorKind::ConcurrentWrites),
    by_code("Directory_ExpiredPageToken", ErrorKind::PageExpired),
    by_code("Request_Throttled*", ErrorKind::Throttled),
    by_code("Authentication_*", ErrorKind::TokenRefused),
    by_code("Authorization_RequestDenied", ErrorKind::Forbidden),
    by_text(Some(404), Some("Request_ResourceNotFound"), "", ErrorKind::NotFound),
    by_status(401, ErrorKind::TokenRefused),
    by_status(429, ErrorKind::Throttled),
    by_status(408, ErrorKind::Unavailable),
    by_status(500, ErrorKind::Unavailable),
    by_status(502, ErrorKind::Unavailable),
    by_status(503, ErrorKind::Unavailable),
    by_status(504, ErrorKind::Unavailable),
];

/// A service principal that is so new that its application is not there yet; whatever else the
/// refusal says.
const TOO_NEW: &str = "NoBackingApplicationObject";

impl Body {
    /// What the bytes of a refusal say; nothing, if they are not Graph's.
    pub(super) fn decode(bytes: &[u8]) -> Self {
        serde_json::from_slice::<Envelope>(bytes).map(|envelope| envelope.error).unwrap_or_default()
    }

    /// What the refusal means.
    pub(super) fn meaning(&self, status: u16) -> ErrorKind {
        if self.details.iter().any(|detail| detail.code.eq_ignore_ascii_case(TOO_NEW)) {
            return ErrorKind::PrincipalNotFound;
        }
        let text = self.message.to_lowercase();
        let row = MEANINGS.iter().find(|row| {
            row.status.is_none_or(|expected| expected == status)
                && row.code.is_none_or(|expected| matches(expected, &self.code))
                && text.contains(row.text)
        });
        row.map_or(ErrorKind::Refused, |row| row.kind)
    }
}

fn matches(expected: &str, code: &str) -> bool {
    match expected.strip_suffix('*') {
        Some(beginning) => {
            code.get(..beginning.len()).is_some_and(|start| start.eq_ignore_ascii_case(beginning))
        }
        None => expected.eq_ignore_ascii_case(code),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_answer_makes_reading_panic(bytes: Vec<u8>, code: String, message: String, status: u16) {
            let _ = Body::decode(&bytes).meaning(status);
            let _ = Body { code, message, details: Vec::new() }.meaning(status);
        }
    }
}
