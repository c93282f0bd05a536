//! The two JSON shapes of a request.

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error, IgnoredAny},
};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{Action, InvalidRequest, MOST_ROLES, Request};
use crate::{
    ids::{AppRoleId, ObjectId},
    names::{ApiName, PrincipalName, RoleName},
    parsed_string::parsed,
    text::{Reason, RequestId},
};

/// The broker's own shape.
#[derive(Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct OwnShape {
    request_id: Option<RequestId>,
    action: Option<Action>,
    principal: PrincipalName,
    api: ApiName,
    roles: Roles,
    reason: Option<Reason>,
    not_after: Option<Moment>,
    dry_run: Option<bool>,
}

/// Graph's own body ("Grant an appRoleAssignment to a service principal").
#[derive(Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct GraphShape {
    principal_id: ObjectId,
    resource_id: ObjectId,
    app_role_id: AppRoleId,
}

/// Which of the two a document means to be: only Graph's shape has these fields.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Probe {
    principal_id: Option<IgnoredAny>,
    resource_id: Option<IgnoredAny>,
    app_role_id: Option<IgnoredAny>,
}

/// 1 to [`MOST_ROLES`] roles.
pub(super) struct Roles(Vec<RoleName>);

impl<'de> Deserialize<'de> for Roles {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let roles = Vec::deserialize(deserializer)?;
        if roles.is_empty() || roles.len() > MOST_ROLES {
            return Err(D::Error::custom(format!("expected 1 to {MOST_ROLES} roles")));
        }
        Ok(Self(roles))
    }
}

/// A moment in RFC 3339.
pub(super) struct Moment(OffsetDateTime);

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        parsed(deserializer, |text| {
            OffsetDateTime::parse(text, &Rfc3339)
                .map(Self)
                .map_err(|_| "expected a moment such as 2026-12-01T00:00:00Z")
        })
    }
}

pub(super) fn decode(bytes: &[u8]) -> Result<Request, InvalidRequest> {
    let is_graphs = serde_json::from_slice::<Probe>(bytes).is_ok_and(|probe| {
        probe.principal_id.is_some() || probe.resource_id.is_some() || probe.app_role_id.is_some()
    });
    if is_graphs {
        strictly::<GraphShape>(bytes).map(Request::from)
    } else {
        strictly::<OwnShape>(bytes).map(Request::from)
    }
}

/// Keeping track of the path costs more than reading, so only a fault is looked for with it.
fn strictly<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, InvalidRequest> {
    serde_json::from_slice(bytes).or_else(|_| with_path(bytes))
}

fn with_path<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, InvalidRequest> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer)
        .map_err(|error| InvalidRequest::at(&error.path().to_string(), error.inner()))?;
    deserializer.end().map_err(|error| InvalidRequest::at(".", &error))?;
    Ok(value)
}

impl From<OwnShape> for Request {
    fn from(wire: OwnShape) -> Self {
        Self {
            request_id: wire.request_id,
            action: wire.action.unwrap_or_default(),
            principal: wire.principal,
            api: wire.api,
            roles: wire.roles.0,
            reason: wire.reason,
            not_after: wire.not_after.map(|moment| moment.0),
            dry_run: wire.dry_run.unwrap_or_default(),
        }
    }
}

impl From<GraphShape> for Request {
    fn from(wire: GraphShape) -> Self {
        Self {
            request_id: None,
            action: Action::Assign,
            principal: PrincipalName::ObjectId(wire.principal_id),
            api: ApiName::ObjectId(wire.resource_id),
            roles: vec![RoleName::from(wire.app_role_id)],
            reason: None,
            not_after: None,
            dry_run: false,
        }
    }
}
