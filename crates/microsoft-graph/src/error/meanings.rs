//! The table of Microsoft Graph's errors.
//!
//! Statuses and codes are documented ("Microsoft Graph error responses and resource types", "Error
//! codes for identity and access"). The texts are not: callers have reported them, and they may change.
//! What is known to be final has a row. An error without a row may pass: it is worth another delivery, and
//! the log contains the whole response.

use serde::Deserialize;

use super::kind::ErrorKind;
use crate::member::Member;
use app_roles::ids::Guid;

/// The body of an error response.
///
/// ```json
/// { "error": { "code": "Request_BadRequest", "message": "…",
///              "details": [ { "code": "NoBackingApplicationObject" } ] } }
/// ```
///
/// Any member may be null, absent or of another type.
#[derive(Default, Deserialize)]
struct Envelope {
    #[serde(default)]
    error: Member<WireBody>,
}

#[derive(Deserialize)]
struct WireBody {
    #[serde(default)]
    code: Member<String>,
    #[serde(default)]
    message: Member<String>,
    #[serde(default)]
    details: Member<Vec<Member<Detail>>>,
}

#[derive(Deserialize)]
struct Detail {
    #[serde(default)]
    code: Member<String>,
}

/// The error in the body.
#[derive(Debug, Default)]
pub(super) struct Body {
    pub(super) code: String,
    pub(super) message: String,
    /// The codes of the details.
    details: Vec<String>,
}

/// A row of the table: conditions on an error, and its meaning. `None` and "" match everything. A code
/// that ends in `*` matches a prefix, one that begins with `*` a suffix. The comparison ignores case.
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

const fn refused(text: &'static str) -> Meaning {
    by_text(Some(400), None, text, ErrorKind::Refused)
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
    by_text(None, SAME_KEY, "entitlementgrant entry already exists", ErrorKind::AlreadyAssigned),
    // About delegated permissions.
    by_text(None, SAME_KEY, "permission entry already exists", ErrorKind::Refused),
    by_text(
        Some(400),
        None,
        "entitlementgrant being updated or deleted is not found",
        ErrorKind::AlreadyRevoked,
    ),
    by_text(Some(400), None, "not a valid reference update", ErrorKind::PrincipalNotFound),
    by_text(Some(400), None, "specified resourceid was not found", ErrorKind::ApiNotFound),
    by_text(Some(400), None, "permission being assigned was not found", ErrorKind::RoleNotFound),
    refused("invalid object identifier"),
    refused("cannot convert the literal"),
    refused("cannot convert a primitive value"),
    refused("one or more properties are invalid"),
    refused("one or more properties contains invalid values"),
    refused("invalid resource identifier for entitlementgrant"),
    refused("invalid filter clause"),
    refused("direct queries to this resource type are not supported"),
    by_code("Request_UnsupportedQuery", ErrorKind::Refused),
    by_code("Authorization_IdentityNotFound", ErrorKind::OwnIdentityUnknown),
    by_code("Authorization_IdentityDisabled", ErrorKind::OwnIdentityUnknown),
    by_text(
        Some(403),
        None,
        "identity of the calling application could not be established",
        ErrorKind::OwnIdentityUnknown,
    ),
    by_code("*_QuotaExceeded", ErrorKind::DirectoryFull),
    by_code("Directory_ResourceSizeExceeded", ErrorKind::PrincipalFull),
    by_code("Directory_ConcurrencyViolation", ErrorKind::ConcurrentWrites),
    by_code("Directory_ExpiredPageToken", ErrorKind::PageExpired),
    by_code("Request_Throttled*", ErrorKind::Throttled),
    // The token lacks a role. Its name begins like those of refused tokens.
    by_code("Authentication_MSGraphPermissionMissing", ErrorKind::Forbidden),
    by_code("Authentication_*", ErrorKind::TokenRefused),
    by_code("Authorization_RequestDenied", ErrorKind::Forbidden),
    by_text(Some(404), Some("Request_ResourceNotFound"), "", ErrorKind::NotFound),
    // "Unable to read the company information from the directory.": nothing is said about the object.
    by_code("Directory_ObjectNotFound", ErrorKind::Unavailable),
    by_code("bandwidthLimitExceeded", ErrorKind::Unavailable),
    by_status(401, ErrorKind::TokenRefused),
    by_status(405, ErrorKind::Refused),
    by_status(429, ErrorKind::Throttled),
    // Request Timeout and Too Early (RFC 9110 and 8470).
    by_status(408, ErrorKind::Unavailable),
    by_status(425, ErrorKind::Unavailable),
];

/// The detail for a service principal whose application has not been replicated yet. It overrides the
/// table.
const TOO_NEW: &str = "NoBackingApplicationObject";

impl Body {
    /// Decodes a body. A body that is not Graph's has an empty code and message.
    pub(super) fn decode(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let envelope: Envelope = serde_json::from_str(&text).unwrap_or_default();
        let Some(error) = envelope.error.value() else { return Self::default() };
        let details = error.details.value().unwrap_or_default().into_iter();
        Self {
            code: error.code.value().unwrap_or_default(),
            message: error.message.value().unwrap_or_default(),
            details: details.filter_map(|detail| detail.value()?.code.value()).collect(),
        }
    }

    /// The meaning of the error.
    pub(super) fn meaning(&self, status: u16) -> ErrorKind {
        if self.is_too_new() {
            return ErrorKind::PrincipalNotFound;
        }
        let text = self.message.to_lowercase();
        let row = MEANINGS.iter().find(|row| {
            row.status.is_none_or(|expected| expected == status)
                && row.code.is_none_or(|expected| matches(expected, &self.code))
                && text.contains(row.text)
        });
        row.map_or_else(|| without_row(status), |row| row.kind)
    }

    /// Whether the service principal's application has not been replicated yet.
    pub(super) fn is_too_new(&self) -> bool {
        self.details.iter().any(|code| code.eq_ignore_ascii_case(TOO_NEW))
    }

    /// The ids of objects that the message names, however it quotes them.
    pub(super) fn named(&self) -> Vec<Guid> {
        let words = self.message.split(|one: char| !one.is_ascii_hexdigit() && one != '-');
        words.filter_map(|word| Guid::parse(word).ok()).take(MOST_NAMED).collect()
    }
}

/// The number of ids that are kept. Graph names one.
const MOST_NAMED: usize = 8;

/// The meaning of a status that has no row. A fault of the server may pass within seconds. Any other
/// refusal may pass too, but not soon.
fn without_row(status: u16) -> ErrorKind {
    if status >= 500 { ErrorKind::Unavailable } else { ErrorKind::Unknown }
}

fn matches(expected: &str, code: &str) -> bool {
    if let Some(prefix) = expected.strip_suffix('*') {
        return code.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    }
    if let Some(suffix) = expected.strip_prefix('*') {
        let start = code.len().checked_sub(suffix.len());
        let end = start.and_then(|start| code.get(start..));
        return end.is_some_and(|end| end.eq_ignore_ascii_case(suffix));
    }
    expected.eq_ignore_ascii_case(code)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_response_makes_the_parser_panic(bytes: Vec<u8>, code: String, message: String, status: u16) {
            let _ = Body::decode(&bytes).meaning(status);
            let body = Body { code, message, details: Vec::new() };
            let _ = (body.meaning(status), body.named());
        }
    }
}
