//! The two JSON shapes of a request: the broker's own and Microsoft Graph's.

use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny},
};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{action::Action, invalid::InvalidRequest};
use crate::{
    ids::{AppRoleId, ObjectId},
    json,
    names::{ApiName, PrincipalName, RoleName},
    text::{Reason, RequestId},
};

/// Largest number of roles in one request. Each is a write, and all must fit into one invocation.
pub const MAX_ROLES: usize = 20;

/// A request in either shape.
pub(super) enum Shape {
    Own(Box<OwnShape>),
    Graph(GraphShape),
}

/// The broker's own shape.
#[derive(Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct OwnShape {
    pub(super) request_id: Option<RequestId>,
    pub(super) action: Option<Action>,
    pub(super) principal: PrincipalName,
    pub(super) api: ApiName,
    pub(super) roles: Roles,
    pub(super) reason: Option<Reason>,
    pub(super) not_after: Option<Moment>,
    pub(super) dry_run: Option<bool>,
}

/// Graph's own body ("Grant an appRoleAssignment to a service principal").
#[derive(Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct GraphShape {
    pub(super) principal_id: ObjectId,
    pub(super) resource_id: ObjectId,
    pub(super) app_role_id: AppRoleId,
}

/// The fields that only Graph's shape has.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct GraphFields {
    principal_id: Option<IgnoredAny>,
    resource_id: Option<IgnoredAny>,
    app_role_id: Option<IgnoredAny>,
}

/// 1 to [`MAX_ROLES`] roles.
pub(crate) struct Roles(pub(super) Vec<RoleName>);

impl<'de> Deserialize<'de> for Roles {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let roles = Vec::deserialize(deserializer)?;
        if roles.is_empty() || roles.len() > MAX_ROLES {
            return Err(D::Error::custom(format!("expected 1 to {MAX_ROLES} roles")));
        }
        Ok(Self(roles))
    }
}

/// A time in RFC 3339.
pub(crate) struct Moment(pub(super) OffsetDateTime);

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        json::parse_string(deserializer, |text| {
            OffsetDateTime::parse(text, &Rfc3339)
                .map(Self)
                .map_err(|_| "expected a time in RFC 3339, such as 2026-12-01T00:00:00Z")
        })
    }
}

/// Reads either shape. A document with a field that only Graph's shape has is read as such.
pub(super) fn read(bytes: &[u8]) -> Result<Shape, InvalidRequest> {
    let is_graphs = serde_json::from_slice::<GraphFields>(bytes).is_ok_and(|fields| {
        fields.principal_id.is_some()
            || fields.resource_id.is_some()
            || fields.app_role_id.is_some()
    });
    Ok(if is_graphs {
        Shape::Graph(json::from_slice(bytes, "request")?)
    } else {
        Shape::Own(json::from_slice(bytes, "request")?)
    })
}
