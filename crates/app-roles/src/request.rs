//! What somebody asks for, read strictly.

mod wire;

use time::{Duration, OffsetDateTime};

use crate::{
    names::{ApiName, PrincipalName, RoleName},
    text::{Reason, RequestId},
};

/// Largest request, in bytes of JSON. A queue message holds 64 KiB, and half of it is room enough
/// for every field at its limit.
pub const LARGEST_REQUEST: usize = 32 * 1024;

/// Most roles of one request. Each is a write, and all must fit the time of one invocation.
pub const MOST_ROLES: usize = 20;

/// A request that has waited longer than this was asked in another situation.
pub const OLDEST_REQUEST: Duration = Duration::hours(24);

/// What somebody asks for.
///
/// ```json
/// { "requestId": "INC-1234", "action": "assign", "principal": "id-orders", "api": "api://orders",
///   "roles": ["Orders.Read"], "reason": "the orders service reads its own API",
///   "notAfter": "2026-12-01T00:00:00Z", "dryRun": false }
/// ```
///
/// Only `principal`, `api` and `roles` are required. Graph's own body is a request too:
///
/// ```json
/// { "principalId": "1111…", "resourceId": "2222…", "appRoleId": "3333…" }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The requester's own label.
    pub request_id: Option<RequestId>,
    /// What to do.
    pub action: Action,
    /// Who is to receive or lose the roles.
    pub principal: PrincipalName,
    /// Whose roles they are.
    pub api: ApiName,
    /// The roles: 1 to [`MOST_ROLES`].
    pub roles: Vec<RoleName>,
    /// Why.
    pub reason: Option<Reason>,
    /// When the request loses its meaning.
    pub not_after: Option<OffsetDateTime>,
    /// Look up and decide, and change nothing.
    pub dry_run: bool,
}

/// What a request asks to do.
///
/// On the wire: `"assign"` or `"revoke"`.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Default, serde::Serialize, serde::Deserialize,
)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum Action {
    /// Give the roles.
    #[default]
    Assign,
    /// Take the roles away.
    Revoke,
}

impl Action {
    /// The word for sentences.
    #[must_use]
    pub fn verb(self) -> &'static str {
        match self {
            Self::Assign => "assign",
            Self::Revoke => "revoke",
        }
    }
}

/// Why bytes are not a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRequest {
    /// More bytes than [`LARGEST_REQUEST`].
    #[error("the request has {0} bytes and may have {LARGEST_REQUEST}")]
    TooLarge(usize),
    /// Not JSON, or JSON of another shape.
    #[error("{path}: {problem}")]
    Json {
        /// Where in the document, for instance `roles[2]`; `request` for the document itself.
        path: String,
        /// What is wrong there. May repeat a field's name, never a value.
        problem: String,
    },
}

impl InvalidRequest {
    /// A short word for logs, which never hold any of the request's own text.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::TooLarge(_) => "tooLarge",
            Self::Json { .. } => "malformed",
        }
    }

    pub(super) fn at(path: &str, problem: &serde_json::Error) -> Self {
        // The document itself, and text that ends before anything in it has a name.
        let path = if matches!(path, "." | "?") { "request" } else { path };
        Self::Json { path: path.to_owned(), problem: problem.to_string() }
    }
}

/// Why a request is not looked at any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Expired {
    /// Its own limit has passed.
    #[error("the request's notAfter has passed")]
    NotAfter,
    /// It has waited for longer than [`OLDEST_REQUEST`].
    #[error("the request has waited for more than 24 hours; send it again if it is still wanted")]
    TooOld,
}

impl Request {
    /// Reads the JSON text of a request.
    pub fn decode(bytes: &[u8]) -> Result<Self, InvalidRequest> {
        if bytes.len() > LARGEST_REQUEST {
            return Err(InvalidRequest::TooLarge(bytes.len()));
        }
        wire::decode(bytes)
    }

    /// Whether the request is too late. `sent` is when it was asked, as far as the entrance knows.
    pub fn check_age(
        &self,
        sent: Option<OffsetDateTime>,
        now: OffsetDateTime,
    ) -> Result<(), Expired> {
        if self.not_after.is_some_and(|limit| now > limit) {
            return Err(Expired::NotAfter);
        }
        if sent.is_some_and(|sent| now - sent > OLDEST_REQUEST) {
            return Err(Expired::TooOld);
        }
        Ok(())
    }
}

#[cfg(any(test, feature = "schema"))]
pub mod schema;
#[cfg(test)]
mod tests;
