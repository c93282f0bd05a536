//! Names in a request: of the principal, the API and the roles.
//!
//! A name is a string, or an object with one field that states its kind. The deserializers are written
//! by hand, because serde's untagged enums lose the path of a fault.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, MapAccess, Visitor},
};

use crate::{
    arm::ArmScope,
    ids::{AppId, AppRoleId, Guid, ObjectId},
    json::parse_string,
    text::{DisplayName, IdentifierUri, RoleValue},
};

/// Aliases of Microsoft's APIs and their appIds ("Verify first-party Microsoft
/// applications in sign-in reports").
const ALIASES: [(&str, &str); 5] = [
    ("graph", "00000003-0000-0000-c000-000000000000"),
    ("sharepoint", "00000003-0000-0ff1-ce00-000000000000"),
    ("exchange", "00000002-0000-0ff1-ce00-000000000000"),
    ("intune", "c161e42e-d4df-4a3d-9b42-e7a3c31f59d4"),
    ("defender", "fc780465-2017-40d4-a0c5-307022471b92"),
];

/// The aliases of Microsoft's APIs.
#[cfg(feature = "operator")]
pub fn api_aliases() -> impl Iterator<Item = &'static str> {
    ALIASES.iter().map(|(alias, _)| *alias)
}

/// The alias of one of Microsoft's APIs. `None` for an API that has none.
#[cfg(feature = "operator")]
pub(crate) fn alias_of(app_id: AppId) -> Option<&'static str> {
    let app_id = app_id.to_string();
    ALIASES.iter().find(|(_, known)| *known == app_id).map(|(alias, _)| *alias)
}

/// The name of a principal in a request.
///
/// On the wire: `"2f5f…"`, a GUID that is an object id or else a client id; `"/subscriptions/…"`, the
/// ARM id of a resource; any other string, a display name; or `{"objectId": "…"}`, `{"clientId": "…"}`,
/// `{"resourceId": "…"}`, `{"displayName": "…"}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PrincipalName {
    /// An object id or else a client id.
    Guid(Guid),
    /// An object id.
    ObjectId(ObjectId),
    /// A client id.
    ClientId(AppId),
    /// The ARM id of the resource that the identity belongs to.
    ResourceId(ArmScope),
    /// A display name.
    DisplayName(DisplayName),
}

/// The name of an API in a request.
///
/// On the wire: `"2f5f…"`, a GUID that is an appId or else an object id; `"graph"`, `"sharepoint"`,
/// `"exchange"`, `"intune"`, `"defender"`; `"api://…"` or `"https://…"`, an identifier URI; any other
/// string, a display name; or `{"appId": "…"}`, `{"objectId": "…"}`, `{"identifierUri": "…"}`,
/// `{"displayName": "…"}`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ApiName {
    /// An appId or else an object id.
    Guid(Guid),
    /// An appId.
    AppId(AppId),
    /// An object id.
    ObjectId(ObjectId),
    /// An identifier URI.
    IdentifierUri(IdentifierUri),
    /// A display name.
    DisplayName(DisplayName),
}

/// The name of a role in a request.
///
/// On the wire: a string, the role's id or its value. The zero GUID is default access.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RoleName {
    /// The id of a role.
    Id(AppRoleId),
    /// The value of a role. Values are compared ignoring case.
    Value(RoleValue),
    /// Default access: an assignment without a role, on an API that defines none.
    DefaultAccess,
}

impl From<AppRoleId> for RoleName {
    fn from(id: AppRoleId) -> Self {
        if id == AppRoleId::DEFAULT_ACCESS { Self::DefaultAccess } else { Self::Id(id) }
    }
}

impl fmt::Display for PrincipalName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Guid(id) => id.fmt(formatter),
            Self::ObjectId(id) => id.fmt(formatter),
            Self::ClientId(id) => id.fmt(formatter),
            Self::ResourceId(id) => id.fmt(formatter),
            Self::DisplayName(name) => name.fmt(formatter),
        }
    }
}

impl fmt::Display for ApiName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Guid(id) => id.fmt(formatter),
            Self::AppId(id) => id.fmt(formatter),
            Self::ObjectId(id) => id.fmt(formatter),
            Self::IdentifierUri(uri) => uri.fmt(formatter),
            Self::DisplayName(name) => name.fmt(formatter),
        }
    }
}

impl fmt::Display for RoleName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => write!(formatter, "{id}"),
            Self::Value(value) => write!(formatter, "{value}"),
            Self::DefaultAccess => write!(formatter, "{}", AppRoleId::DEFAULT_ACCESS),
        }
    }
}

impl<'de> Deserialize<'de> for RoleName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = RoleValue::deserialize(deserializer)?;
        Ok(AppRoleId::parse(value.as_str()).map_or(Self::Value(value), Self::from))
    }
}

/// A name that is a string or an object with one field.
trait Name: Sized {
    /// The possible fields of an object, which has exactly one of them.
    const KINDS: &'static [&'static str];

    /// Reads a name that does not state its kind.
    fn of_text(text: &str) -> Result<Self, String>;

    /// Reads the value of the field. `None` if it is `null`, which is the same as an absent field.
    fn of_field<'de, A: MapAccess<'de>>(kind: &str, map: &mut A) -> Result<Option<Self>, A::Error>;
}

struct NameVisitor<N>(PhantomData<N>);

impl<'de, N: Name> Visitor<'de> for NameVisitor<N> {
    type Value = N;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "a string, or an object with one of {}", N::KINDS.join(", "))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<N, E> {
        N::of_text(text).map_err(E::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<N, A::Error> {
        let not_one =
            || de::Error::custom(format!("must have exactly one of {}", N::KINDS.join(", ")));
        let (mut name, mut seen) = (None, Vec::new());
        while let Some(kind) = map.next_key::<String>()? {
            let Some(kind) = N::KINDS.iter().find(|known| **known == kind) else {
                return Err(de::Error::unknown_field(&kind, N::KINDS));
            };
            if seen.contains(kind) {
                return Err(de::Error::duplicate_field(kind));
            }
            seen.push(*kind);
            if let Some(read) = N::of_field(kind, &mut map)? {
                if name.is_some() {
                    return Err(not_one());
                }
                name = Some(read);
            }
        }
        name.ok_or_else(not_one)
    }
}

impl PrincipalName {
    /// Reads a name that does not state its kind.
    pub fn parse(text: &str) -> Result<Self, String> {
        Self::of_text(text)
    }
}

impl ApiName {
    /// Reads a name that does not state its kind.
    pub fn parse(text: &str) -> Result<Self, String> {
        Self::of_text(text)
    }

    /// The alias of the API, if the name is the appId of one that has an alias.
    pub(crate) fn alias(&self) -> Option<&'static str> {
        let Self::AppId(id) = self else { return None };
        let id = id.to_string();
        ALIASES.iter().find(|(_, app_id)| *app_id == id).map(|(alias, _)| *alias)
    }
}

impl Name for PrincipalName {
    const KINDS: &'static [&'static str] = &["objectId", "clientId", "resourceId", "displayName"];

    fn of_text(text: &str) -> Result<Self, String> {
        if let Ok(guid) = Guid::parse(text) {
            return Ok(Self::Guid(guid));
        }
        if text.starts_with('/') {
            return resource_id(text).map(Self::ResourceId);
        }
        DisplayName::parse(text).map(Self::DisplayName).map_err(|error| error.to_string())
    }

    fn of_field<'de, A: MapAccess<'de>>(kind: &str, map: &mut A) -> Result<Option<Self>, A::Error> {
        Ok(match kind {
            "objectId" => map.next_value::<Option<_>>()?.map(Self::ObjectId),
            "clientId" => map.next_value::<Option<_>>()?.map(Self::ClientId),
            "resourceId" => {
                map.next_value::<Option<ResourceId>>()?.map(|id| Self::ResourceId(id.0))
            }
            _ => map.next_value::<Option<_>>()?.map(Self::DisplayName),
        })
    }
}

impl Name for ApiName {
    const KINDS: &'static [&'static str] = &["appId", "objectId", "identifierUri", "displayName"];

    fn of_text(text: &str) -> Result<Self, String> {
        if let Ok(guid) = Guid::parse(text) {
            return Ok(Self::Guid(guid));
        }
        if let Some((_, app_id)) =
            ALIASES.iter().find(|(alias, _)| alias.eq_ignore_ascii_case(text))
        {
            return AppId::parse(app_id).map(Self::AppId).map_err(|error| error.to_string());
        }
        if text.starts_with("api://") || text.starts_with("https://") {
            return IdentifierUri::parse(text)
                .map(Self::IdentifierUri)
                .map_err(|error| error.to_string());
        }
        DisplayName::parse(text).map(Self::DisplayName).map_err(|error| error.to_string())
    }

    fn of_field<'de, A: MapAccess<'de>>(kind: &str, map: &mut A) -> Result<Option<Self>, A::Error> {
        Ok(match kind {
            "appId" => map.next_value::<Option<_>>()?.map(Self::AppId),
            "objectId" => map.next_value::<Option<_>>()?.map(Self::ObjectId),
            "identifierUri" => map.next_value::<Option<_>>()?.map(Self::IdentifierUri),
            _ => map.next_value::<Option<_>>()?.map(Self::DisplayName),
        })
    }
}

impl<'de> Deserialize<'de> for PrincipalName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NameVisitor(PhantomData))
    }
}

impl<'de> Deserialize<'de> for ApiName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NameVisitor(PhantomData))
    }
}

impl Serialize for PrincipalName {
    /// States the kind of the name, except of a GUID, which is read as a string only.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let kind = match self {
            Self::Guid(_) => return serializer.collect_str(self),
            Self::ObjectId(_) => "objectId",
            Self::ClientId(_) => "clientId",
            Self::ResourceId(_) => "resourceId",
            Self::DisplayName(_) => "displayName",
        };
        serializer.collect_map([(kind, self.to_string())])
    }
}

impl Serialize for ApiName {
    /// States the kind of the name, except of a GUID, which is read as a string only.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let kind = match self {
            Self::Guid(_) => return serializer.collect_str(self),
            Self::AppId(_) => "appId",
            Self::ObjectId(_) => "objectId",
            Self::IdentifierUri(_) => "identifierUri",
            Self::DisplayName(_) => "displayName",
        };
        serializer.collect_map([(kind, self.to_string())])
    }
}

/// The ARM id of a resource.
struct ResourceId(ArmScope);

impl<'de> Deserialize<'de> for ResourceId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        parse_string(deserializer, |text| resource_id(text).map(Self))
    }
}

fn resource_id(text: &str) -> Result<ArmScope, String> {
    let scope = ArmScope::parse(text).map_err(|error| error.to_string())?;
    if scope.is_resource() {
        Ok(scope)
    } else {
        Err("expected the ARM id of a resource, not of a subscription or resource group".to_owned())
    }
}
