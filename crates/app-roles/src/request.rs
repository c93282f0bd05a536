//! Requests for app roles, read strictly.

mod action;
mod age;
mod invalid;
mod label;
pub(crate) mod shapes;
mod written;

pub use action::Action;
pub use age::{Expired, MAX_REQUEST_AGE, SentTime};
pub use invalid::{InvalidRequest, MAX_REQUEST_BYTES, RequestFault};
pub use label::request_id_of;
use shapes::{GraphShape, OwnShape, Shape};
pub use shapes::{MAX_ROLES, Moment};
use time::OffsetDateTime;
use wire_formats::byte_order_mark::without_byte_order_mark;
use written::WrittenShape;

use crate::{
    end::{PlannedEnd, RequestedEnd, UnusableEnd, rfc3339},
    names::{ApiName, PrincipalName, RoleName},
    text::{Reason, RequestId},
};

/// A request to create or remove assignments.
///
/// ```json
/// { "requestId": "INC-1234", "action": "assign", "principal": "id-orders", "api": "api://orders",
///   "roles": ["Orders.Read"], "reason": "the orders service reads its own API",
///   "duration": "PT8H", "notAfter": "2026-12-01T00:00:00Z", "dryRun": false }
/// ```
///
/// Only `principal`, `api` and `roles` are required, and `null` means the same as an absent field. A single
/// string in `roles` is one role: PowerShell turns an array of one into its only element. The assignments
/// end after `duration`, or at `endDateTime`; a request has at most one of them, and none if it revokes.
///
/// Graph's own body is a request too, with or without annotations of OData:
///
/// ```json
/// { "@odata.type": "#microsoft.graph.appRoleAssignment",
///   "principalId": "1111…", "resourceId": "2222…", "appRoleId": "3333…" }
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
    /// When the assignments must end. `None` for a revocation, or if the request does not state it.
    pub end: Option<RequestedEnd>,
    /// The time when the request expires.
    pub not_after: Option<OffsetDateTime>,
    /// Whether to look up and decide without changing anything.
    pub dry_run: bool,
}

impl Request {
    /// Reads the JSON of a request, which may begin with a byte order mark.
    pub fn decode(bytes: &[u8]) -> Result<Self, InvalidRequest> {
        let length = without_byte_order_mark(bytes).len();
        let shape = if length > MAX_REQUEST_BYTES {
            Err(RequestFault::TooLarge(length))
        } else {
            shapes::read(bytes).map_err(RequestFault::from)
        };
        let request = match shape {
            Ok(Shape::Own(own)) => Self::from_own(*own),
            Ok(Shape::Graph(graph)) => Ok(Self::from(graph)),
            Err(fault) => Err(fault),
        };
        request.map_err(|fault| InvalidRequest { request_id: request_id_of(bytes), fault })
    }

    fn from_own(own: OwnShape) -> Result<Self, RequestFault> {
        let end = own.end()?;
        Ok(Self {
            request_id: own.request_id,
            action: own.action.unwrap_or_default(),
            principal: own.principal,
            api: own.api,
            roles: own.roles.0,
            reason: own.reason,
            end,
            not_after: own.not_after.map(|moment| moment.0),
            dry_run: own.dry_run.unwrap_or_default(),
        })
    }

    /// Writes the request in the broker's own shape. A request from [`Self::decode`] is equal after it was
    /// written and read again.
    #[must_use]
    pub fn to_json(&self) -> String {
        let (duration, end_date_time) = match self.end {
            None => (None, None),
            Some(RequestedEnd::After(duration)) => (Some(duration.to_string()), None),
            Some(RequestedEnd::At(end)) => (None, Some(rfc3339(end))),
        };
        let written = WrittenShape {
            request_id: self.request_id.as_ref().map(RequestId::as_str),
            action: self.action,
            principal: &self.principal,
            api: &self.api,
            roles: self.roles.iter().map(ToString::to_string).collect(),
            reason: self.reason.as_ref().map(Reason::as_str),
            duration,
            end_date_time,
            not_after: self.not_after.map(rfc3339),
            dry_run: self.dry_run,
        };
        // Texts can always be written. An empty text is no request.
        serde_json::to_string(&written).unwrap_or_default()
    }

    /// The end of the assignments if the decision is made `now`. `None` if the request does not state one.
    pub fn planned_end(&self, now: OffsetDateTime) -> Result<Option<PlannedEnd>, UnusableEnd> {
        self.end.map(|end| end.planned(now)).transpose()
    }

    /// Checks that the request has not expired.
    pub fn check_age(&self, sent: SentTime, now: OffsetDateTime) -> Result<(), Expired> {
        if self.not_after.is_some_and(|limit| now > limit) {
            return Err(Expired::NotAfter);
        }
        sent.check(now)
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
            end: None,
            not_after: None,
            dry_run: false,
        }
    }
}

#[cfg(test)]
mod end_tests;
#[cfg(test)]
mod forms_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod written_tests;
