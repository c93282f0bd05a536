//! What Microsoft Graph's refusals mean.
//!
//! Graph answers five different causes with the code `Request_BadRequest`, so the text has to be
//! looked at too. [`MEANINGS`] is the only place that does.

use std::time::Duration;

use serde::Deserialize;

use crate::{
    domain::outcome::{Code, Failure},
    remote::{claims::Claims, token::NoToken},
};

/// The app roles on Microsoft Graph that the broker needs ("Grant an appRoleAssignment to a service
/// principal", permissions).
pub const NEEDED_ROLES: [&str; 2] = ["AppRoleAssignment.ReadWrite.All", "Application.Read.All"];

/// What a failed call to Graph means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The assignment exists.
    AlreadyAssigned,
    /// The assignment to be removed does not exist.
    AlreadyRevoked,
    /// The object in the address does not exist, or has not replicated yet.
    NotFound,
    /// The principal in the body does not exist, or has not replicated yet.
    PrincipalNotFound,
    /// The API in the body does not exist.
    ApiNotFound,
    /// The API does not define the role, or not for applications.
    RoleNotFound,
    /// There was no token to send.
    NotSignedIn,
    /// The token was not accepted.
    TokenRefused,
    /// The broker's identity lacks a role, or its token is older than the grant.
    Forbidden,
    /// Another write on the same object was under way.
    ConcurrentWrites,
    /// Too many requests.
    Throttled,
    /// A passing fault on Graph's side, or no answer at all.
    Unavailable,
    /// Anything else: a refusal that is not about the moment.
    Refused,
}

/// Status, code and a part of the message (compared ignoring case) that a refusal must have, and
/// what it means; the first row that matches counts. `None` matches everything.
const MEANINGS: &[(Option<u16>, Option<&str>, &str, ErrorKind)] = &[
    (
        None,
        Some("Request_BadRequest"),
        "permission being assigned already exists",
        ErrorKind::AlreadyAssigned,
    ),
    (
        None,
        Some("Request_MultipleObjectsWithSameKeyValue"),
        "entitlementgrant entry already exists",
        ErrorKind::AlreadyAssigned,
    ),
    (
        Some(400),
        None,
        "entitlementgrant being updated or deleted is not found",
        ErrorKind::AlreadyRevoked,
    ),
    (Some(400), None, "not a valid reference update", ErrorKind::PrincipalNotFound),
    (Some(400), None, "specified resourceid was not found", ErrorKind::ApiNotFound),
    (Some(400), None, "permission being assigned was not found", ErrorKind::RoleNotFound),
    (Some(401), None, "", ErrorKind::TokenRefused),
    (Some(403), Some("Authorization_RequestDenied"), "", ErrorKind::Forbidden),
    (Some(404), Some("Request_ResourceNotFound"), "", ErrorKind::NotFound),
    (Some(409), Some("Directory_ConcurrencyViolation"), "", ErrorKind::ConcurrentWrites),
    (Some(429), None, "", ErrorKind::Throttled),
    (Some(408), None, "", ErrorKind::Unavailable),
    (Some(500), None, "", ErrorKind::Unavailable),
    (Some(502), None, "", ErrorKind::Unavailable),
    (Some(503), None, "", ErrorKind::Unavailable),
    (Some(504), None, "", ErrorKind::Unavailable),
];

fn meaning(status: u16, code: &str, message: &str) -> ErrorKind {
    let message = message.to_lowercase();
    MEANINGS
        .iter()
        .find(|(of_status, of_code, part, _)| {
            of_status.is_none_or(|expected| expected == status)
                && of_code.is_none_or(|expected| expected.eq_ignore_ascii_case(code))
                && message.contains(part)
        })
        .map_or(ErrorKind::Refused, |(.., kind)| *kind)
}

/// A call to Graph that did not work.
///
/// `Display` is the full text for the log; [`GraphError::into_failure`] makes the one that
/// requesters see.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{detail}")]
pub struct GraphError {
    kind: ErrorKind,
    detail: String,
    passing: bool,
    request_id: Option<String>,
    retry_after: Option<Duration>,
}

/// ```json
/// { "error": { "code": "Request_BadRequest", "message": "…" } }
/// ```
#[derive(Deserialize)]
struct WireError {
    error: WireErrorBody,
}

#[derive(Deserialize)]
struct WireErrorBody {
    code: String,
    #[serde(default)]
    message: String,
}

impl GraphError {
    fn new(kind: ErrorKind, detail: String) -> Self {
        let passing = matches!(
            kind,
            ErrorKind::ConcurrentWrites | ErrorKind::Throttled | ErrorKind::Unavailable
        );
        Self { kind, detail, passing, request_id: None, retry_after: None }
    }

    /// What it means.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Whether another try within seconds may work.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        self.passing
    }

    /// Whether another delivery, a minute later, may work: everything that an operator, Azure or
    /// time can mend without another request.
    #[must_use]
    pub fn is_worth_another_delivery(&self) -> bool {
        self.is_passing()
            || matches!(
                self.kind,
                ErrorKind::AlreadyAssigned
                    | ErrorKind::NotSignedIn
                    | ErrorKind::TokenRefused
                    | ErrorKind::Forbidden
                    | ErrorKind::NotFound
                    | ErrorKind::PrincipalNotFound
            )
    }

    pub(super) fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    pub(super) fn with_retry_after(self, retry_after: Option<Duration>) -> Self {
        Self { retry_after, ..self }
    }

    /// A refusal by status and body. `claims` are those of the token that was sent.
    pub(super) fn refused(
        status: u16,
        body: &[u8],
        request_id: Option<String>,
        claims: &Claims,
    ) -> Self {
        let (code, message) = match serde_json::from_slice::<WireError>(body) {
            Ok(WireError { error }) => (error.code, error.message),
            Err(_) => (String::new(), String::new()),
        };
        let kind = meaning(status, &code, &message);
        let advice = advice(kind, claims);
        let detail = format!("Microsoft Graph answered {status} {code} {message:?}{advice}");
        Self { request_id, ..Self::new(kind, detail) }
    }

    pub(super) fn not_signed_in(error: &NoToken) -> Self {
        let advice = "check that the managed identity is assigned to the function app and that \
                      AZURE_CLIENT_ID is its client id";
        let detail = format!("the broker is not signed in: {error}; {advice}");
        Self { passing: !error.is_lasting(), ..Self::new(ErrorKind::NotSignedIn, detail) }
    }

    pub(super) fn unreachable(error: &reqwest::Error) -> Self {
        let mut detail = format!("Microsoft Graph did not answer: {error}");
        let mut next = std::error::Error::source(error);
        while let Some(cause) = next {
            detail.push_str(&format!(": {cause}"));
            next = cause.source();
        }
        Self::new(ErrorKind::Unavailable, detail)
    }

    pub(super) fn unreadable(error: &serde_json::Error, request_id: Option<String>) -> Self {
        let detail = format!("Microsoft Graph's answer could not be read: {error}");
        Self { request_id, ..Self::new(ErrorKind::Unavailable, detail) }
    }

    pub(super) fn endless_list() -> Self {
        let detail = "Microsoft Graph's list has more pages than any list that the broker reads";
        Self::new(ErrorKind::Refused, detail.to_owned())
    }

    pub(super) fn foreign_link() -> Self {
        let detail = "Microsoft Graph's next page lies at another host, where no token is sent";
        Self::new(ErrorKind::Refused, detail.to_owned())
    }

    /// The broker's token does not say who the broker is.
    #[must_use]
    pub fn own_identity_unknown() -> Self {
        let detail = "the broker's token has no object id (claim oid), so the broker cannot keep \
                      itself from changing its own rights and writes nothing";
        Self::new(ErrorKind::NotSignedIn, detail.to_owned())
    }

    pub(super) fn not_listed_yet(self) -> Self {
        let detail = "Microsoft Graph says that the assignment exists and does not list it yet";
        Self { detail: detail.to_owned(), ..self }
    }

    /// The failure as requesters see it.
    #[must_use]
    pub fn into_failure(self) -> Failure {
        let (code, message) = outward(self.kind);
        Failure { code, message: message.to_owned(), graph_request_id: self.request_id }
    }
}

/// What the log adds to Graph's own words.
fn advice(kind: ErrorKind, claims: &Claims) -> String {
    match kind {
        ErrorKind::TokenRefused => format!(
            "; the token was issued at {} for the audience {}; check that GRAPH_ENDPOINT is the \
             Graph of this tenant's cloud, whose address must be the audience",
            claims.issued(),
            claims.audience.as_deref().unwrap_or("that could not be read"),
        ),
        ErrorKind::Forbidden => missing_roles(claims),
        _ => String::new(),
    }
}

/// Which of the needed roles a token lacks, and what to do about it.
#[must_use]
pub fn missing_roles(claims: &Claims) -> String {
    let missing: Vec<_> = NEEDED_ROLES
        .into_iter()
        .filter(|role| !claims.roles.iter().any(|held| held == role))
        .collect();
    if missing.is_empty() {
        return String::new();
    }
    let identity = claims.object_id.map_or("of the broker".to_owned(), |id| id.to_string());
    format!(
        "; the token, issued at {}, lacks {}: a Privileged Role Administrator must grant it on \
         Microsoft Graph to the identity {identity}; a token that is older than the grant is \
         cached by the platform for up to 24 hours",
        claims.issued(),
        missing.join(" and "),
    )
}

fn outward(kind: ErrorKind) -> (Code, &'static str) {
    match kind {
        ErrorKind::NotFound | ErrorKind::PrincipalNotFound => {
            (Code::PrincipalNotFound, "Microsoft Graph does not know the principal (yet)")
        }
        ErrorKind::ApiNotFound => {
            (Code::ApiNotFound, "Microsoft Graph does not know the API (any more)")
        }
        ErrorKind::RoleNotFound => (
            Code::RoleNotFound,
            "Microsoft Graph says that the API has no such role for applications (any more)",
        ),
        ErrorKind::NotSignedIn => (
            Code::NotSignedIn,
            "the broker could not sign in; its operators find the reason in its log",
        ),
        ErrorKind::TokenRefused => (
            Code::TokenRefused,
            "Microsoft Graph refused the broker's token; its operators find the reason in its log",
        ),
        ErrorKind::Forbidden => (
            Code::Forbidden,
            "the broker lacks a role on Microsoft Graph; its operators find the reason in its log",
        ),
        ErrorKind::Throttled => {
            (Code::Throttled, "Microsoft Graph is throttling; send the request again later")
        }
        ErrorKind::Unavailable
        | ErrorKind::ConcurrentWrites
        | ErrorKind::AlreadyAssigned
        | ErrorKind::AlreadyRevoked => (
            Code::GraphUnavailable,
            "Microsoft Graph could not do it for now; send the request again later",
        ),
        ErrorKind::Refused => (
            Code::GraphRefused,
            "Microsoft Graph refused; the broker's operators find the reason in its log",
        ),
    }
}

#[cfg(test)]
mod tests;
