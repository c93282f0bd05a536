//! What Microsoft Graph's refusals mean.
//!
//! Graph answers five different causes with the code `Request_BadRequest`, so the text has to be
//! looked at too. [`meanings`] is the only place that does.

mod meanings;

use std::time::Duration;

use meanings::Body;

use app_roles::outcome::{Code, Failure};
use azure_rest::{claims::Claims, client::causes, token::NoToken};

/// The app roles on Microsoft Graph that the broker needs ("Grant an appRoleAssignment to a service
/// principal", permissions).
pub const NEEDED_ROLES: [&str; 2] = ["AppRoleAssignment.ReadWrite.All", "Application.Read.All"];

/// Their ids, in the same order ("Microsoft Graph permissions reference").
pub const NEEDED_ROLE_IDS: [&str; 2] =
    ["06b708a9-e830-4db3-a914-8e69da51d44f", "9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30"];

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
    /// The broker's own service principal is missing or disabled in this tenant.
    OwnIdentityUnknown,
    /// The principal has as many assignments as Graph lets one object have.
    PrincipalFull,
    /// The tenant, or the broker's share of it, has no room for another object.
    DirectoryFull,
    /// Graph has forgotten where the reader of a list was.
    PageExpired,
    /// Too many requests.
    Throttled,
    /// A passing fault on Graph's side, or no answer at all.
    Unavailable,
    /// Anything else: a refusal that is not about the moment.
    Refused,
}

/// How much of an answer that nobody understands goes to the log, in bytes.
const LONGEST_EXCERPT: usize = 4096;

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
                    | ErrorKind::OwnIdentityUnknown
                    | ErrorKind::PageExpired
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
        let said = Body::decode(body);
        let kind = said.meaning(status);
        let (code, message) = (&said.code, &said.message);
        let mut detail = format!("Microsoft Graph answered {status} {code} {message:?}");
        detail.push_str(&match kind {
            ErrorKind::Refused => format!("; its whole answer: {}", excerpt(body)),
            _ => advice(kind, claims),
        });
        Self { request_id, ..Self::new(kind, detail) }
    }

    pub(super) fn not_signed_in(error: &NoToken) -> Self {
        let advice = "check that the managed identity is assigned to the function app and that \
                      AZURE_CLIENT_ID is its client id";
        let detail = format!("the broker is not signed in: {error}; {advice}");
        Self { passing: !error.is_lasting(), ..Self::new(ErrorKind::NotSignedIn, detail) }
    }

    pub(super) fn unreachable(error: &reqwest::Error) -> Self {
        let detail = format!("Microsoft Graph did not answer: {}", causes(error));
        Self::new(ErrorKind::Unavailable, detail)
    }

    pub(super) fn unreadable(error: &serde_json::Error, request_id: Option<String>) -> Self {
        let detail = format!("Microsoft Graph's answer could not be read: {error}");
        Self { request_id, ..Self::new(ErrorKind::Unavailable, detail) }
    }

    /// The deadline passed while nothing could be sent.
    pub(super) fn held_back() -> Self {
        let detail = "nothing could be sent to Microsoft Graph before the deadline: it is throttling, \
                      or GRAPH_WRITE_QUOTA is used up";
        Self::new(ErrorKind::Throttled, detail.to_owned())
    }

    /// The deadline passed while others wrote to the same principal.
    pub(super) fn other_writes() -> Self {
        let detail = "other requests were writing to the same principal until the deadline";
        Self::new(ErrorKind::ConcurrentWrites, detail.to_owned())
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
        ErrorKind::OwnIdentityUnknown => format!(
            "; the broker's service principal {} must exist in tenant {} and be enabled",
            claims.object_id.map_or("(unknown)".to_owned(), |id| id.to_string()),
            claims.tenant_id.map_or("(unknown)".to_owned(), |id| id.to_string()),
        ),
        ErrorKind::PrincipalFull => "; one service principal can hold 1,500 app role assignments, \
                                     those on deleted APIs included"
            .to_owned(),
        ErrorKind::DirectoryFull => {
            "; an administrator must delete objects (deleted ones count for 30 days) or have the \
             tenant's quota raised"
                .to_owned()
        }
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

/// The beginning of an answer, in one line that can be shown.
fn excerpt(body: &[u8]) -> String {
    let beginning = body.get(..LONGEST_EXCERPT).unwrap_or(body);
    format!("{:?}", String::from_utf8_lossy(beginning))
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
        ErrorKind::OwnIdentityUnknown => (
            Code::Forbidden,
            "Microsoft Graph does not know the broker's identity; its operators find the reason in \
             its log",
        ),
        ErrorKind::PrincipalFull => (
            Code::PrincipalFull,
            "the principal has as many app role assignments as one service principal can have \
             (1,500); revoke some",
        ),
        ErrorKind::DirectoryFull => (
            Code::DirectoryFull,
            "the tenant has no room for another object; an administrator must make some",
        ),
        ErrorKind::Throttled => {
            (Code::Throttled, "Microsoft Graph is throttling; send the request again later")
        }
        ErrorKind::Unavailable
        | ErrorKind::ConcurrentWrites
        | ErrorKind::PageExpired
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
