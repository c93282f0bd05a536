//! Errors of Microsoft Graph and their meaning.
//!
//! Graph returns the code `Request_BadRequest` for five different causes, so the text of the message
//! matters too. [`meanings`] is the only place that interprets it.

mod failure;
mod kind;
mod meanings;
mod permissions;

use std::time::Duration;

pub use kind::ErrorKind;
use meanings::Body;
pub use permissions::{NEEDED_ROLE_IDS, NEEDED_ROLES, missing_roles};

use app_roles::outcome::Failure;
use azure_rest::{
    claims::Claims,
    rest::{RequestError, Response, ServiceError},
    token::NoToken,
};

/// The number of bytes of an unknown error response that are logged.
const MAX_EXCERPT: usize = 4096;

/// A failed call to Microsoft Graph.
///
/// `Display` is the full text for the log. [`GraphError::into_failure`] is the short one for
/// requesters.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{detail}")]
pub struct GraphError {
    kind: ErrorKind,
    detail: String,
    is_transient: bool,
    is_in_doubt: bool,
    request_id: Option<String>,
    retry_after: Option<Duration>,
}

impl GraphError {
    fn new(kind: ErrorKind, detail: String) -> Self {
        let is_transient = matches!(
            kind,
            ErrorKind::ConcurrentWrites | ErrorKind::Throttled | ErrorKind::Unavailable
        );
        Self { kind, detail, is_transient, is_in_doubt: false, request_id: None, retry_after: None }
    }

    /// The meaning.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Whether a write was sent whose outcome is not known: Graph may have committed it, or may still do
    /// so.
    #[must_use]
    pub fn is_in_doubt(&self) -> bool {
        self.is_in_doubt
    }

    /// The error of a write, of which an attempt got no response.
    pub(crate) fn in_doubt(self, is_in_doubt: bool) -> Self {
        Self { is_in_doubt, ..self }
    }

    /// Whether another delivery, a minute later, may succeed: the cause can disappear without a new
    /// request.
    #[must_use]
    pub fn is_worth_another_delivery(&self) -> bool {
        self.is_transient()
            || matches!(
                self.kind,
                ErrorKind::AlreadyAssigned
                    | ErrorKind::OwnIdentityUnknown
                    | ErrorKind::PageExpired
                    | ErrorKind::NotSignedIn
                    | ErrorKind::TokenRefused
                    | ErrorKind::Forbidden
                    | ErrorKind::NotFound
                    | ErrorKind::PrincipalNotFound
            )
    }

    /// An error response.
    pub(crate) fn refused(response: &Response, body: &[u8], request_id: Option<String>) -> Self {
        let status = response.status.as_u16();
        let error = Self::by_body(status, body, response.token.claims());
        Self { request_id, retry_after: response.retry_after(), ..error }
    }

    /// An error by its status and body. `claims` are those of the token that was sent.
    fn by_body(status: u16, body: &[u8], claims: &Claims) -> Self {
        let decoded = Body::decode(body);
        let kind = decoded.meaning(status);
        let (code, message) = (&decoded.code, &decoded.message);
        let mut detail = format!("Microsoft Graph answered {status} {code} {message:?}");
        detail.push_str(&match kind {
            ErrorKind::Refused => format!("; the whole response: {}", excerpt(body)),
            _ => advice(kind, claims),
        });
        Self::new(kind, detail)
    }

    pub(crate) fn not_signed_in(error: &NoToken) -> Self {
        let advice = "check that the managed identity is assigned to the function app and that \
                      AZURE_CLIENT_ID is its client id";
        let detail = format!("the broker is not signed in: {error}; {advice}");
        Self { is_transient: !error.is_lasting(), ..Self::new(ErrorKind::NotSignedIn, detail) }
    }

    pub(crate) fn unreadable(error: &serde_json::Error, request_id: Option<String>) -> Self {
        let detail = format!("Microsoft Graph's response could not be read: {error}");
        Self { request_id, ..Self::new(ErrorKind::Unavailable, detail) }
    }

    /// The deadline passed before the rate limit allowed the call.
    pub(crate) fn not_sent() -> Self {
        let detail = "nothing could be sent to Microsoft Graph before the deadline: it is throttling, \
                      or GRAPH_WRITE_QUOTA is used up";
        Self::new(ErrorKind::Throttled, detail.to_owned())
    }

    /// The deadline passed while other requests wrote to the principal.
    pub(crate) fn principal_busy() -> Self {
        let detail = "other requests were writing to the same principal until the deadline";
        Self::new(ErrorKind::ConcurrentWrites, detail.to_owned())
    }

    pub(crate) fn too_many_pages() -> Self {
        let detail = "Microsoft Graph's list has too many pages";
        Self::new(ErrorKind::Refused, detail.to_owned())
    }

    pub(crate) fn repeated_page() -> Self {
        let detail = "the link to the next page of Microsoft Graph's list leads to a page that was read \
                      before";
        Self::new(ErrorKind::Refused, detail.to_owned())
    }

    pub(crate) fn foreign_next_page() -> Self {
        let detail = "the link to the next page of Microsoft Graph's list has another host or contains \
                      credentials; no token is sent to it";
        Self::new(ErrorKind::Refused, detail.to_owned())
    }

    /// The broker's token does not identify the broker.
    #[must_use]
    pub fn own_identity_unknown() -> Self {
        let detail = "the broker's token has no object id (claim oid), so the broker writes nothing: it \
                      could not exclude its own identity";
        Self::new(ErrorKind::NotSignedIn, detail.to_owned())
    }

    pub(crate) fn not_listed_yet(self) -> Self {
        let detail = "Microsoft Graph says that the assignment exists, but does not list it yet";
        Self { detail: detail.to_owned(), ..self }
    }

    /// The failure for requesters.
    #[must_use]
    pub fn into_failure(self) -> Failure {
        let (code, message) = failure::code_and_message(self.kind);
        Failure { code, message: message.to_owned(), graph_request_id: self.request_id }
    }
}

/// The advice that the log adds to Graph's message.
fn advice(kind: ErrorKind, claims: &Claims) -> String {
    match kind {
        ErrorKind::TokenRefused => format!(
            "; the token was issued at {} for the audience {}; check that GRAPH_ENDPOINT \
             belongs to this tenant's cloud, and that it is the audience",
            claims.issued(),
            claims.audience.as_deref().unwrap_or("(unknown)"),
        ),
        ErrorKind::Forbidden => missing_roles(claims),
        ErrorKind::OwnIdentityUnknown => format!(
            "; the broker's service principal {} must exist in tenant {} and be enabled",
            claims.object_id.map_or("(unknown)".to_owned(), |id| id.to_string()),
            claims.tenant_id.map_or("(unknown)".to_owned(), |id| id.to_string()),
        ),
        ErrorKind::PrincipalFull => "; a service principal can hold 1,500 app role assignments, \
                                     including those on deleted APIs"
            .to_owned(),
        ErrorKind::DirectoryFull => {
            "; an administrator must delete objects (deleted objects count for 30 days) or raise \
             the tenant's quota"
                .to_owned()
        }
        _ => String::new(),
    }
}

/// The beginning of a response, escaped to one line.
fn excerpt(body: &[u8]) -> String {
    let start = body.get(..MAX_EXCERPT).unwrap_or(body);
    format!("{:?}", String::from_utf8_lossy(start))
}

impl From<RequestError> for GraphError {
    fn from(error: RequestError) -> Self {
        match error {
            RequestError::NotSignedIn(error) => Self::not_signed_in(&error),
            RequestError::Unreachable(causes) => {
                let detail = format!("Microsoft Graph did not answer: {causes}");
                Self::new(ErrorKind::Unavailable, detail)
            }
        }
    }
}

impl ServiceError for GraphError {
    fn is_transient(&self) -> bool {
        self.is_transient
    }

    fn is_token_refused(&self) -> bool {
        self.kind == ErrorKind::TokenRefused
    }

    fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }
}

#[cfg(test)]
mod tests;
