//! The table of Microsoft Graph's errors.
//!
//! Statuses and codes are documented ("Microsoft Graph error responses and resource types", "Error
//! codes for identity and access"). The texts are not: callers have reported them, and they may change.
//! An error without a row is [`ErrorKind::Refused`], and the log contains the whole response.

use serde::Deserialize;

use super::kind::ErrorKind;

/// The body of an error response.
///
/// ```json
/// { "error": { "code": "Request_BadRequest", "message": "…",
///              "details": [ { "code": "NoBackingApplicationObject" } ] } }
/// ```
#[derive(Deserialize)]
struct Envelope {
    error: Body,
}

/// The error in the body.
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

/// A row of the table: conditions on an error, and its meaning. `None` and "" match everything. A code
/// that ends in `*` matches a prefix. The comparison ignores case.
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

/// The first row that matches applies. The five causes of `Request_BadRequest` differ only in their
/// text.
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

/// The detail for a service principal whose application has not been replicated yet. It overrides the
/// table.
const TOO_NEW: &str = "NoBackingApplicationObject";

impl Body {
    /// Decodes a body. A body that is not Graph's has an empty code and message.
    pub(super) fn decode(bytes: &[u8]) -> Self {
        serde_json::from_slice::<Envelope>(bytes).map(|envelope| envelope.error).unwrap_or_default()
    }

    /// The meaning of the error.
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
        Some(prefix) => {
            code.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
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
        fn no_response_makes_the_parser_panic(bytes: Vec<u8>, code: String, message: String, status: u16) {
            let _ = Body::decode(&bytes).meaning(status);
            let _ = Body { code, message, details: Vec::new() }.meaning(status);
        }
    }
}
