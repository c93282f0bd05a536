//! What a rule may say about principals, APIs and roles.

use crate::{
    arm::ArmScope,
    directory::{Api, AppRole, Principal},
    ids::{AppId, AppRoleId, Guid, ObjectId},
    names::{ApiName, PrincipalName},
    text::IdentifierUri,
};

/// Where names that may have a wildcard stand in the segments of a scope: the resource group's, and
/// from the first resource on every second one.
const RESOURCE_GROUP_NAME: usize = 3;
const FIRST_RESOURCE_NAME: usize = 7;

/// Which principals a rule covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PrincipalPattern {
    /// This service principal, of any type.
    Object(ObjectId),
    /// Every managed identity whose Azure resource lies in this scope.
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

    /// Whether it covers whatever identity a resource has.
    pub(super) fn covers_resource(&self, resource: &ArmScope) -> bool {
        match self {
            Self::Object(_) => false,
            Self::Scope(scope) => scope.covers(resource),
        }
    }

    /// Whether it could cover what a request names so, before anything is known of it.
    pub(super) fn could_cover(&self, name: &PrincipalName) -> bool {
        match (self, name) {
            (Self::Object(id), PrincipalName::ObjectId(named)) => id == named,
            (Self::Scope(scope), PrincipalName::ResourceId(named)) => scope.covers(named),
            _ => true,
        }
    }
}

/// A place in Azure Resource Manager, with `*` allowed inside names of resource groups and resources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ScopePattern {
    segments: Vec<String>,
    /// Where there is no wildcard.
    place: Option<ArmScope>,
}

impl ScopePattern {
    fn parse(text: &str) -> Result<Self, String> {
        if text.contains('%') {
            return Err("an ARM scope of a rule is written without percent-encoding".to_owned());
        }
        // Any letter will do: the shape is what is checked.
        let scope = ArmScope::parse(&text.replace('*', "x")).map_err(|error| error.to_string())?;
        let path = text.trim_end_matches('/').to_ascii_lowercase();
        let segments: Vec<String> = path.split('/').skip(1).map(str::to_owned).collect();
        let wild = segments.iter().enumerate().filter(|(_, segment)| segment.contains('*'));
        let may_be_wild = |index: usize| {
            index == RESOURCE_GROUP_NAME
                || (index >= FIRST_RESOURCE_NAME && (index - FIRST_RESOURCE_NAME).is_multiple_of(2))
        };
        if segments.len() != scope.segments().count()
            || wild.map(|(index, _)| index).any(|index| !may_be_wild(index))
        {
            return Err("`*` may stand in the name of a resource group or resource only".to_owned());
        }
        let is_wild = segments.iter().any(|segment| segment.contains('*'));
        Ok(Self { segments, place: (!is_wild).then_some(scope) })
    }

    /// Whether a resource is this place or lies below it, compared segment by segment ignoring case.
    fn covers(&self, resource: &ArmScope) -> bool {
        if let Some(place) = &self.place {
            return place.contains(resource);
        }
        let mut found = resource.segments();
        self.segments.iter().all(|pattern| found.next().is_some_and(|name| glob(pattern, name)))
    }

    /// The place itself; where names have a wildcard, the resource group or subscription around it.
    pub(super) fn place(&self) -> String {
        let wild = self.segments.iter().position(|segment| segment.contains('*'));
        let known = match wild {
            None => self.segments.len(),
            Some(RESOURCE_GROUP_NAME) => RESOURCE_GROUP_NAME - 1,
            Some(_) => RESOURCE_GROUP_NAME + 1,
        };
        self.segments.iter().take(known).fold(String::new(), |place, part| place + "/" + part)
    }

    /// Whether whoever may create a resource group in the subscription can bring an identity into it.
    pub(super) fn admits_new_resource_groups(&self) -> bool {
        self.segments.get(RESOURCE_GROUP_NAME).is_none_or(|name| name.contains('*'))
    }
}

/// Whether a text matches a pattern in which `*` stands for any characters, none included.
fn glob(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = rest.get(at + part.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// Which API a rule is about. Never a display name: anybody can take one.
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
                      exchange, intune, defender); anybody can take a display name"
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

    /// By which name Graph is asked for it.
    pub(super) fn name(&self) -> ApiName {
        match self {
            Self::AppId(id) => ApiName::AppId(*id),
            Self::IdentifierUri(uri) => ApiName::IdentifierUri(uri.clone()),
        }
    }

    /// Whether it could be what a request names so, before anything is known of it.
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

/// Which role a rule names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum RolePattern {
    Id(AppRoleId),
    /// A role's value, compared ignoring case.
    Value(String),
    /// The beginning of a role's value, on APIs of the broker's own tenant.
    ValueStartsWith(String),
}

impl RolePattern {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if let Ok(id) = AppRoleId::parse(text) {
            return Ok(Self::Id(id));
        }
        let (start, is_wild) = text.strip_suffix('*').map_or((text, false), |start| (start, true));
        if text.is_empty() || start.contains('*') || start.contains(char::is_whitespace) {
            return Err("expected a role's value or id; `*` may stand at the end only".to_owned());
        }
        let value = start.to_ascii_lowercase();
        Ok(if is_wild { Self::ValueStartsWith(value) } else { Self::Value(value) })
    }

    /// The role that it names exactly, as the file has it but for its case; none if it covers by the
    /// beginning.
    pub(super) fn exact_name(&self) -> Option<String> {
        match self {
            Self::Id(id) => Some(id.to_string()),
            Self::Value(value) => Some(value.clone()),
            Self::ValueStartsWith(_) => None,
        }
    }

    /// Whether it names the role exactly.
    pub(super) fn names(&self, role: &AppRole) -> bool {
        match self {
            Self::Id(id) => *id == role.id,
            Self::Value(value) => {
                role.value.as_ref().is_some_and(|known| known.eq_ignore_ascii_case(value))
            }
            Self::ValueStartsWith(_) => false,
        }
    }

    /// Whether it covers the role by the beginning of its value. Roles without a value, default access
    /// among them, begin with nothing.
    pub(super) fn covers(&self, role: &AppRole) -> bool {
        match (self, &role.value) {
            (Self::ValueStartsWith(start), Some(value)) => {
                value.to_ascii_lowercase().starts_with(start)
            }
            _ => false,
        }
    }
}

/// What no rule can touch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Protected {
    /// An object id or appId, of a principal or an API.
    Guid(Guid),
    /// Every managed identity whose Azure resource lies in this scope.
    Scope(ScopePattern),
}

impl Protected {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if text.starts_with('/') {
            return ScopePattern::parse(text).map(Self::Scope);
        }
        Guid::parse(text).map(Self::Guid).map_err(|_| {
            "expected an object id, an appId or an ARM scope that starts with /subscriptions/"
                .to_owned()
        })
    }

    pub(super) fn is_principal(&self, principal: &Principal) -> bool {
        match self {
            Self::Guid(id) => {
                ObjectId::from(*id) == principal.object_id
                    || AppId::from(*id) == principal.client_id
            }
            Self::Scope(scope) => {
                principal.resource_id.as_ref().is_some_and(|resource| scope.covers(resource))
            }
        }
    }

    /// Whether it protects whatever identity a resource has.
    pub(super) fn is_resource(&self, resource: &ArmScope) -> bool {
        match self {
            Self::Guid(_) => false,
            Self::Scope(scope) => scope.covers(resource),
        }
    }

    pub(super) fn is_api(&self, api: &Api) -> bool {
        match self {
            Self::Guid(id) => {
                ObjectId::from(*id) == api.object_id || AppId::from(*id) == api.app_id
            }
            Self::Scope(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_star_stands_for_any_characters_and_for_none() {
        for (pattern, text, matches) in [
            ("rg", "rg", true),
            ("rg", "rg-other", false),
            ("rg-*", "rg-", true),
            ("rg-*", "rg", false),
            ("rg-*-dev", "rg-orders-dev", true),
            ("rg-*-dev", "rg-dev", false),
            ("*", "", true),
            ("*a*", "bab", true),
            ("a*a", "a", false),
            ("*-dev", "x-dev-prod", false),
        ] {
            assert_eq!(glob(pattern, text), matches, "{pattern} {text}");
        }
    }

    proptest! {
        #[test]
        fn a_pattern_matches_what_it_was_made_of(parts in proptest::collection::vec("[a-c]{0,3}", 1..4), fill in "[a-c]{0,3}") {
            prop_assert!(glob(&parts.join("*"), &parts.join(&fill)));
        }

        #[test]
        fn without_a_star_only_the_same_text_matches(pattern in "[a-b]{0,4}", text in "[a-b]{0,4}") {
            prop_assert_eq!(glob(&pattern, &text), pattern == text);
        }
    }
}
