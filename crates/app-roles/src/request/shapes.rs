//! The two JSON shapes of a request: the broker's own and Microsoft Graph's.

use std::{collections::BTreeMap, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor, value::StrDeserializer},
};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use wire_formats::json::{self as document, Fault};

use super::{action::Action, invalid::RequestFault};
use crate::{
    duration::AssignmentDuration,
    end::RequestedEnd,
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
#[cfg_attr(
    any(test, feature = "schema"),
    derive(schemars::JsonSchema),
    schemars(
        rename = "AppRoleRequest",
        extend("not" = crate::schema::contradicting_ends())
    )
)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct OwnShape {
    /// The requester's own label, which the result has too.
    pub(super) request_id: Option<RequestId>,
    /// `assign` by default.
    pub(super) action: Option<Action>,
    /// The principal that receives the roles.
    pub(super) principal: PrincipalName,
    /// The API that defines the roles.
    pub(super) api: ApiName,
    /// The roles, by their values or ids.
    pub(super) roles: Roles,
    /// Why they are asked for. It is recorded.
    pub(super) reason: Option<Reason>,
    /// How long the assignments last, 5 minutes to 365 days, in ISO 8601.
    pub(super) duration: Option<AssignmentDuration>,
    /// When the assignments end, instead of `duration`.
    pub(super) end_date_time: Option<Moment>,
    /// When the request expires.
    pub(super) not_after: Option<Moment>,
    /// `true` looks up and decides, and changes nothing.
    pub(super) dry_run: Option<bool>,
}

impl OwnShape {
    /// When the assignments must end. A fault if the request states it twice, or in a revocation.
    pub(super) fn end(&self) -> Result<Option<RequestedEnd>, RequestFault> {
        let at = self.end_date_time.as_ref().map(|moment| RequestedEnd::At(moment.0));
        let (path, end) = match (self.duration.map(RequestedEnd::After), at) {
            (None, None) => return Ok(None),
            (Some(_), Some(_)) => {
                let problem = "a request has either duration or endDateTime, and not both";
                return Err(RequestFault::at(END_DATE_TIME, problem));
            }
            (Some(end), None) => (DURATION, end),
            (None, Some(end)) => (END_DATE_TIME, end),
        };
        if self.action == Some(Action::Revoke) {
            return Err(RequestFault::at(path, "a request that revokes has no end; leave it out"));
        }
        Ok(Some(end))
    }
}

const DURATION: &str = "duration";
const END_DATE_TIME: &str = "endDateTime";

/// Graph's own body ("Grant an appRoleAssignment to a service principal").
///
/// The official SDKs write the annotation `@odata.type`. Annotations say nothing that the broker needs
/// ("OData JSON Format Version 4.01", control information and instance annotations), so all are ignored.
#[cfg_attr(
    any(test, feature = "schema"),
    derive(schemars::JsonSchema),
    schemars(
        rename = "GraphRequest",
        rename_all = "camelCase",
        deny_unknown_fields,
        extend("patternProperties" = { "@": true })
    )
)]
pub(crate) struct GraphShape {
    pub(super) principal_id: ObjectId,
    pub(super) resource_id: ObjectId,
    pub(super) app_role_id: AppRoleId,
}

const PRINCIPAL_ID: &str = "principalId";
const RESOURCE_ID: &str = "resourceId";
const APP_ROLE_ID: &str = "appRoleId";

/// The character that only names of annotations contain.
const ANNOTATION: char = '@';

impl<'de> Deserialize<'de> for GraphShape {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(GraphVisitor)
    }
}

struct GraphVisitor;

impl<'de> Visitor<'de> for GraphVisitor {
    type Value = GraphShape;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<GraphShape, A::Error> {
        let (mut principal, mut resource, mut role) = (None, None, None);
        while let Some(name) = fields.next_key::<String>()? {
            match name.as_str() {
                PRINCIPAL_ID => read_once(&mut principal, PRINCIPAL_ID, &mut fields)?,
                RESOURCE_ID => read_once(&mut resource, RESOURCE_ID, &mut fields)?,
                APP_ROLE_ID => read_once(&mut role, APP_ROLE_ID, &mut fields)?,
                annotation if annotation.contains(ANNOTATION) => {
                    fields.next_value::<IgnoredAny>()?;
                }
                other => {
                    let known = &[PRINCIPAL_ID, RESOURCE_ID, APP_ROLE_ID];
                    return Err(A::Error::unknown_field(other, known));
                }
            }
        }
        Ok(GraphShape {
            principal_id: principal.ok_or_else(|| A::Error::missing_field(PRINCIPAL_ID))?,
            resource_id: resource.ok_or_else(|| A::Error::missing_field(RESOURCE_ID))?,
            app_role_id: role.ok_or_else(|| A::Error::missing_field(APP_ROLE_ID))?,
        })
    }
}

/// Reads a field that may occur once.
fn read_once<'de, T: Deserialize<'de>, A: MapAccess<'de>>(
    field: &mut Option<T>,
    name: &'static str,
    fields: &mut A,
) -> Result<(), A::Error> {
    if field.is_some() {
        return Err(A::Error::duplicate_field(name));
    }
    *field = Some(fields.next_value()?);
    Ok(())
}

/// 1 to [`MAX_ROLES`] roles.
pub(crate) struct Roles(pub(super) Vec<RoleName>);

impl<'de> Deserialize<'de> for Roles {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RolesVisitor)
    }
}

struct RolesVisitor;

impl<'de> Visitor<'de> for RolesVisitor {
    type Value = Roles;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "an array of 1 to {MAX_ROLES} roles, or one role as a string")
    }

    fn visit_str<E: Error>(self, role: &str) -> Result<Roles, E> {
        RoleName::deserialize(StrDeserializer::new(role)).map(|role| Roles(vec![role]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Roles, A::Error> {
        let mut roles = Vec::new();
        while let Some(role) = items.next_element()? {
            roles.push(role);
        }
        if roles.is_empty() || roles.len() > MAX_ROLES {
            return Err(A::Error::custom(format!("must have 1 to {MAX_ROLES} roles")));
        }
        Ok(Roles(roles))
    }
}

/// Length of the date at the beginning of a time in RFC 3339.
const DATE_LENGTH: usize = "2026-12-01".len();

/// A time in RFC 3339.
///
/// On the wire: a JSON string such as `"2026-12-01T00:00:00Z"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment(pub OffsetDateTime);

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        json::parse_string(deserializer, |text| {
            // The library accepts any separator; the standard's date-time has the letter T.
            let has_separator =
                text.get(DATE_LENGTH..).is_some_and(|rest| rest.starts_with(['T', 't']));
            let moment = OffsetDateTime::parse(text, &Rfc3339).ok().filter(|_| has_separator);
            moment.map(Self).ok_or("expected a time in RFC 3339, such as 2026-12-01T00:00:00Z")
        })
    }
}

/// Reads either shape. A document with a field that only Graph's shape has is read as such.
pub(super) fn read(bytes: &[u8]) -> Result<Shape, Fault> {
    let fields = document::from_slice::<BTreeMap<String, IgnoredAny>>(bytes)?;
    let is_graphs =
        [PRINCIPAL_ID, RESOURCE_ID, APP_ROLE_ID].iter().any(|name| fields.contains_key(*name));
    Ok(if is_graphs {
        Shape::Graph(document::from_slice(bytes)?)
    } else {
        Shape::Own(document::from_slice(bytes)?)
    })
}
