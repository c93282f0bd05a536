//! Requests for app roles, read strictly.

mod action;
mod censored;
mod invalid;
pub(crate) mod shapes;

pub use action::Action;
pub use invalid::{InvalidRequest, MAX_REQUEST_BYTES};
pub use shapes::MAX_ROLES;
use shapes::{GraphShape, OwnShape, Shape};
use time::{Duration, OffsetDateTime};

use crate::{
    names::{ApiName, PrincipalName, RoleName},
    text::{Reason, RequestId},
};

/// Largest age of a request. An older one was made in a situation that may have changed.
pub const MAX_REQUEST_AGE: Duration = Duration::hours(24);

/// A request to create or remove assignments.
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
    /// The requester's own id of the request.
    pub request_id: Option<RequestId>,
    /// Whether to create or to remove the assignments.
    pub action: Action,
    /// The principal that receives or loses the roles.
    pub principal: PrincipalName,
    /// The API that defines the roles.
    pub api: ApiName,
    /// The roles: 1 to [`MAX_ROLES`].
    pub roles: Vec<RoleName>,
    /// The requester's reason.
    pub reason: Option<Reason>,
    /// The time when the request expires.
    pub not_after: Option<OffsetDateTime>,
    /// Whether to look up and decide without changing anything.
    pub dry_run: bool,
}

/// The reason why a request has expired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Expired {
    /// The request's own limit has passed.
    #[error("the request's notAfter has passed")]
    NotAfter,
    /// The request is older than [`MAX_REQUEST_AGE`].
    #[error("the request is older than 24 hours; send it again if it is still needed")]
    TooOld,
}

impl Request {
    /// Reads the JSON of a request.
    pub fn decode(bytes: &[u8]) -> Result<Self, InvalidRequest> {
        if bytes.len() > MAX_REQUEST_BYTES {
            return Err(InvalidRequest::TooLarge(bytes.len()));
        }
        Ok(match shapes::read(bytes)? {
            Shape::Own(own) => Self::from(*own),
            Shape::Graph(graph) => Self::from(graph),
        })
    }

    /// Checks that the request has not expired. `sent` is the time when it was sent, if the trigger
    /// knows it.
    pub fn check_age(
        &self,
        sent: Option<OffsetDateTime>,
        now: OffsetDateTime,
    ) -> Result<(), Expired> {
        if self.not_after.is_some_and(|limit| now > limit) {
            return Err(Expired::NotAfter);
        }
        if sent.is_some_and(|sent| now - sent > MAX_REQUEST_AGE) {
            return Err(Expired::TooOld);
        }
        Ok(())
    }
}

impl From<OwnShape> for Request {
    fn from(own: OwnShape) -> Self {
        Self {
            request_id: own.request_id,
            action: own.action.unwrap_or_default(),
            principal: own.principal,
            api: own.api,
            roles: own.roles.0,
            reason: own.reason,
            not_after: own.not_after.map(|moment| moment.0),
            dry_run: own.dry_run.unwrap_or_default(),
        }
    }
}

impl From<GraphShape> for Request {
    fn from(graph: GraphShape) -> Self {
        Self {
            request_id: None,
            action: Action::Assign,
            principal: PrincipalName::ObjectId(graph.principal_id),
            api: ApiName::ObjectId(graph.resource_id),
            roles: vec![RoleName::from(graph.app_role_id)],
            reason: None,
            not_after: None,
            dry_run: false,
        }
    }
}

#[cfg(test)]
mod tests;
