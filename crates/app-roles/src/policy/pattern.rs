//! What a rule may say about principals, APIs and roles.

use std::fmt;

use super::scope_pattern::ScopePattern;
use crate::{
    arm::ArmScope,
    directory::{Api, AppRole, Principal},
    ids::{AppId, AppRoleId, ObjectId},
    names::{ApiName, PrincipalName},
    text::{IdentifierUri, MAX_ROLE_VALUE_LENGTH, check},
};

/// The principals that a rule covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PrincipalPattern {
    /// One service principal of any type.
    Object(ObjectId),
    /// Every managed identity whose Azure resource lies in the scope.
    Scope(ScopePattern),
}

impl PrincipalPattern {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if text.starts_with('/') {
            return ScopePattern::parse(text).map(Self::Scope);
        }
        ObjectId::parse(text).map(Self::Object).map_err(|_| {
            "expected an object id or an ARM scope that starts with /subscriptions/".to_owned()
        })
    }

    pub(super) fn covers(&self, principal: &Principal) -> bool {
        match self {
            Self::Object(id) => *id == principal.object_id,
            Self::Scope(scope) => {
                principal.resource_id.as_ref().is_some_and(|resource| scope.covers(resource))
            }
        }
    }

    /// Whether this pattern covers all that another pattern covers, as far as the patterns say it.
    pub(super) fn contains(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Object(id), Self::Object(other)) => id == other,
            (Self::Scope(scope), Self::Scope(other)) => scope.contains(other),
            _ => false,
        }
    }

    /// Whether every identity of the resource is covered.
    pub(super) fn covers_resource(&self, resource: &ArmScope) -> bool {
        match self {
            Self::Object(_) => false,
            Self::Scope(scope) => scope.covers(resource),
        }
    }

    /// Whether the pattern could cover the principal that a request names, before the look-up.
    pub(super) fn could_cover(&self, name: &PrincipalName) -> bool {
        match (self, name) {
            (Self::Object(id), PrincipalName::ObjectId(named)) => id == named,
            (Self::Scope(scope), PrincipalName::ResourceId(named)) => scope.covers(named),
            _ => true,
        }
    }
}

impl fmt::Display for PrincipalPattern {
    /// The pattern in lower case, equal for all spellings.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Object(id) => id.fmt(formatter),
            Self::Scope(scope) => scope.fmt(formatter),
        }
    }
}

/// The API of a rule. Never a display name: any application can take one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ApiPattern {
    AppId(AppId),
    IdentifierUri(IdentifierUri),
}

impl ApiPattern {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        match ApiName::parse(text) {
            Ok(ApiName::Guid(id)) => Ok(Self::AppId(id.into())),
            Ok(ApiName::AppId(id)) => Ok(Self::AppId(id)),
            Ok(ApiName::IdentifierUri(uri)) => Ok(Self::IdentifierUri(uri)),
            _ => Err("expected an appId, an identifier URI or an alias (graph, sharepoint, \
                      exchange, intune, defender); a display name is not accepted, because any \
                      application can take it"
                .to_owned()),
        }
    }

    pub(super) fn is(&self, api: &Api) -> bool {
        match self {
            Self::AppId(id) => *id == api.app_id,
            Self::IdentifierUri(uri) => {
                api.identifier_uris.iter().any(|known| known.eq_ignore_ascii_case(uri.as_str()))
            }
        }
    }

    /// The name to look the API up by.
    pub(super) fn name(&self) -> ApiName {
        match self {
            Self::AppId(id) => ApiName::AppId(*id),
            Self::IdentifierUri(uri) => ApiName::IdentifierUri(uri.clone()),
        }
    }

    /// Whether this could be the API that a request names, before the look-up.
    pub(super) fn could_be(&self, name: &ApiName) -> bool {
        match (self, name) {
            (Self::AppId(id), ApiName::AppId(named)) => id == named,
            (Self::IdentifierUri(uri), ApiName::IdentifierUri(named)) => {
                uri.as_str().eq_ignore_ascii_case(named.as_str())
            }
            _ => true,
        }
    }
}

/// The roles that one entry of a rule names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum RolePattern {
    Id(AppRoleId),
    /// The value of a role in lower case. Values are compared ignoring case.
    Value(String),
    /// The beginning of a value in lower case, for APIs that the broker's own tenant owns.
    Prefix(String),
}

impl fmt::Display for RolePattern {
    /// The pattern in lower case, equal for all spellings.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => id.fmt(formatter),
            Self::Value(value) => formatter.write_str(value),
            Self::Prefix(prefix) => write!(formatter, "{prefix}*"),
        }
    }
}

impl RolePattern {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if let Ok(id) = AppRoleId::parse(text) {
            return Ok(Self::Id(id));
        }
        let (value, is_prefix) =
            text.strip_suffix('*').map_or((text, false), |start| (start, true));
        if text.is_empty() || value.contains('*') || value.contains(char::is_whitespace) {
            return Err("expected the value or id of a role; `*` is allowed only at the end of a \
                        value"
                .to_owned());
        }
        if !value.is_empty() {
            check(value, MAX_ROLE_VALUE_LENGTH).map_err(|error| error.to_string())?;
        }
        let value = value.to_ascii_lowercase();
        Ok(if is_prefix { Self::Prefix(value) } else { Self::Value(value) })
    }

    /// The value (in lower case) or id of the role, unless the pattern is a prefix.
    pub(super) fn exact_name(&self) -> Option<String> {
        match self {
            Self::Id(id) => Some(id.to_string()),
            Self::Value(value) => Some(value.clone()),
            Self::Prefix(_) => None,
        }
    }

    /// Whether the pattern is the role's full value or its id.
    pub(super) fn is_exactly(&self, role: &AppRole) -> bool {
        match self {
            Self::Id(id) => *id == role.id,
            Self::Value(value) => {
                role.value.as_ref().is_some_and(|known| known.eq_ignore_ascii_case(value))
            }
            Self::Prefix(_) => false,
        }
    }

    /// Whether the pattern is a prefix of the role's value. A role without a value, such as default
    /// access, has none.
    pub(super) fn is_prefix_of(&self, role: &AppRole) -> bool {
        match (self, &role.value) {
            (Self::Prefix(prefix), Some(value)) => value.to_ascii_lowercase().starts_with(prefix),
            _ => false,
        }
    }
}
