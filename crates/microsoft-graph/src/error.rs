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

use app_roles::{
    ids::{AppId, Guid, ObjectId},
    outcome::Failure,
};
use azure_rest::{
    claims::Claims,
    rest::{RequestError, Response, ServiceError},
    status::summary,
    token::NoToken,
};

/// The number of bytes of an unknown error response that are logged.
const MAX_EXCERPT: usize = 4096;

/// The number of bytes of an answer without the expected form that are logged.
const MAX_EXCERPT_OF_ANSWER: usize = 512;

/// A failed call to Microsoft Graph.
///
/// `Display` is the full text for the log. [`GraphError::into_failure`] is the short one for
/// requesters.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{detail}")]
pub struct GraphError {
    kind: ErrorKind,
    detail: String,
    /// Graph's status, code and message, if it answered.
    answer: Option<String>,
    is_transient: bool,
    is_in_doubt: bool,
    request_id: Option<String>,
    retry_after: Option<Duration>,
    /// The ids that Graph's message names.
    named: Vec<Guid>,
    /// Whether the service principal exists and its application has not been replicated yet.
    is_too_new: bool,
    /// Whether the token that was sent has all roles that the broker needs.
    has_needed_roles: bool,
}

impl GraphError {
    fn new(kind: ErrorKind, detail: String) -> Self {
        let is_transient = matches!(
            kind,
            ErrorKind::ConcurrentWrites | ErrorKind::Throttled | ErrorKind::Unavailable
        );
        Self {
            kind,
            detail,
            answer: None,
            is_transient,
            is_in_doubt: false,
            request_id: None,
            retry_after: None,
            named: Vec::new(),
            is_too_new: false,
            has_needed_roles: false,
        }
    }

    /// The meaning.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Graph's status, code and message; `None` if there was no answer, or one without an error.
    #[must_use]
    pub fn answer(&self) -> Option<&str> {
        self.answer.as_deref()
    }

    /// Whether a write was sent whose outcome is not known: Graph may have committed it, or may still do
    /// so.
    #[must_use]
    pub fn is_in_doubt(&self) -> bool {
        self.is_in_doubt
    }

    /// Whether what this write did is certain. A 403 has been seen to hide a success, and so may a refusal
    /// that is not known. The list that was read after it may lag.
    #[must_use]
    pub fn is_certain(&self) -> bool {
        let may_hide_success = matches!(
            self.kind(),
            ErrorKind::Forbidden | ErrorKind::NotForAgents | ErrorKind::Unknown
        );
        !self.is_in_doubt && !may_hide_success
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
                    | ErrorKind::Stopping
                    | ErrorKind::Unknown
            )
    }

    /// An error response.
    pub(crate) fn refused(response: &Response, body: &[u8], request_id: Option<String>) -> Self {
        let status = response.status.as_u16();
        let error = Self::by_body(status, body, response.token.claims());
        let retry_after = response.retry_after();
        // Whatever the fault is, Graph expects it to pass.
        let passes = error.kind == ErrorKind::Unknown && retry_after.is_some();
        let is_transient = error.is_transient || passes;
        Self { request_id, retry_after, is_transient, ..error }
    }

    /// An error by its status and body. `claims` are those of the token that was sent.
    fn by_body(status: u16, body: &[u8], claims: &Claims) -> Self {
        let decoded = Body::decode(body);
        let kind = decoded.meaning(status);
        let answer = summary(status, &decoded.code, &decoded.message);
        let mut detail = format!("Microsoft Graph answered {answer}");
        detail.push_str(&match kind {
            ErrorKind::Refused | ErrorKind::Unknown => {
                format!("; the whole response: {}", excerpt(body, MAX_EXCERPT))
            }
            _ => advice(kind, claims),
        });
        let has_needed_roles = missing_roles(claims).is_empty();
        let (named, is_too_new) = (decoded.named(), decoded.is_too_new());
        let answer = Some(answer);
        Self { answer, named, is_too_new, has_needed_roles, ..Self::new(kind, detail) }
    }

    pub(crate) fn not_signed_in(error: &NoToken) -> Self {
        let advice = "check that the managed identity is assigned to the function app and that \
                      AZURE_CLIENT_ID is its client id";
        let detail = format!("the broker is not signed in: {error}; {advice}");
        Self { is_transient: !error.is_lasting(), ..Self::new(ErrorKind::NotSignedIn, detail) }
    }

    /// An answer that ends before its JSON does, as if the connection had ended.
    pub(crate) fn truncated(request_id: Option<String>) -> Self {
        let detail = "Microsoft Graph's answer is not complete".to_owned();
        Self { request_id, ..Self::new(ErrorKind::Unavailable, detail) }
    }

    /// A complete answer that does not have the expected form.
    pub(crate) fn unreadable(fault: &str, body: &[u8], request_id: Option<String>) -> Self {
        let start = excerpt(body, MAX_EXCERPT_OF_ANSWER);
        let detail =
            format!("Microsoft Graph's answer cannot be used: {fault}; it begins with {start}");
        Self { request_id, ..Self::new(ErrorKind::Unreadable, detail) }
    }

    /// An object that lacks what a decision needs.
    pub(crate) fn unusable(object: &str, fault: &str) -> Self {
        let detail = format!("Microsoft Graph's answer cannot be used: {object}: {fault}");
        Self::new(ErrorKind::Unreadable, detail)
    }

    /// The list of what a principal holds does not say whether it holds the role.
    #[must_use]
    pub fn unclear_assignment() -> Self {
        let fault = "an assignment that cannot be read may be of this role";
        Self::unusable("the list of the principal's assignments", fault)
    }

    /// The API does not exist, and not the principal.
    pub(crate) fn about_api(self) -> Self {
        Self { kind: ErrorKind::ApiNotFound, ..self }
    }

    /// An error of a call whose URL names an API, and no principal.
    pub(crate) fn of_api_in_url(self) -> Self {
        if self.kind == ErrorKind::NotFound { self.about_api() } else { self }
    }

    /// The principal does not exist, or not yet.
    pub(crate) fn about_principal(self) -> Self {
        Self { kind: ErrorKind::PrincipalNotFound, ..self }
    }

    /// The role is one that Graph gives to no agent: the broker's token has what it needs.
    pub(crate) fn about_agent(self) -> Self {
        let detail = format!(
            "{}; the broker's token has the roles that it needs, and the principal is an agent: Microsoft \
             Graph gives some roles to no agent",
            self.detail
        );
        Self { kind: ErrorKind::NotForAgents, detail, ..self }
    }

    /// Whether Graph's message names the object with this id.
    pub(crate) fn names(&self, object: ObjectId) -> bool {
        self.named.iter().any(|named| ObjectId::from(*named) == object)
    }

    /// Whether Graph's message names the application with this id.
    pub(crate) fn names_application(&self, id: AppId) -> bool {
        self.named.iter().any(|named| AppId::from(*named) == id)
    }

    pub(crate) fn is_too_new(&self) -> bool {
        self.is_too_new
    }

    pub(crate) fn has_needed_roles(&self) -> bool {
        self.has_needed_roles
    }

    /// The deadline passed before the rate limit allowed the call.
    pub(crate) fn not_sent() -> Self {
        let detail = "nothing could be sent to Microsoft Graph before the deadline: it is throttling, \
                      or GRAPH_WRITE_QUOTA is used up";
        Self::new(ErrorKind::Throttled, detail.to_owned())
    }

    /// A write of low priority was not sent, because others come first.
    pub(crate) fn gives_way() -> Self {
        let detail = "a background write was not sent yet, because other writes go first";
        Self::new(ErrorKind::Throttled, detail.to_owned())
    }

    /// The process ends, so no more writes are sent.
    pub(crate) fn stopping() -> Self {
        let detail = "nothing more is written to Microsoft Graph: the handler is stopping";
        Self::new(ErrorKind::Stopping, detail.to_owned())
    }

    /// The deadline passed while other requests wrote to the principal.
    pub(crate) fn principal_busy() -> Self {
        let detail = "other requests were writing to the same principal until the deadline";
        Self::new(ErrorKind::ConcurrentWrites, detail.to_owned())
    }

    pub(crate) fn too_many_pages() -> Self {
        let detail = "Microsoft Graph's list has too many pages";
        Self::new(ErrorKind::Unreadable, detail.to_owned())
    }

    pub(crate) fn repeated_page() -> Self {
        let detail = "the link to the next page of Microsoft Graph's list leads to a page that was read \
                      before";
        Self::new(ErrorKind::Unreadable, detail.to_owned())
    }

    pub(crate) fn foreign_next_page() -> Self {
        let detail = "the link to the next page of Microsoft Graph's list has another host or contains \
                      credentials; no token is sent to it";
        Self::new(ErrorKind::Unreadable, detail.to_owned())
    }

    /// The broker's token does not identify the broker.
    #[must_use]
    pub fn own_identity_unknown() -> Self {
        let detail = "the broker's token has no object id (claim oid), so the broker writes nothing: it \
                      could not exclude its own identity";
        Self::new(ErrorKind::NotSignedIn, detail.to_owned())
    }

    /// A removal got no answer, and it cannot be told from that of another request.
    #[must_use]
    pub fn contested_removal() -> Self {
        let detail = "Microsoft Graph did not answer the removal of an assignment; the assignment is gone, \
                      and another request may have removed it";
        Self::new(ErrorKind::Unavailable, detail.to_owned()).in_doubt(true)
    }

    /// A creation got no answer, and it cannot be told from that of another request.
    #[must_use]
    pub fn contested_creation() -> Self {
        let detail = "Microsoft Graph did not answer the creation of an assignment; the assignment exists, \
                      and another request may have created it";
        Self::new(ErrorKind::Unavailable, detail.to_owned()).in_doubt(true)
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
fn excerpt(body: &[u8], length: usize) -> String {
    let start = body.get(..length).unwrap_or(body);
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

    fn is_response(&self) -> bool {
        self.answer.is_some()
    }

    fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }
}

#[cfg(test)]
mod tests;
