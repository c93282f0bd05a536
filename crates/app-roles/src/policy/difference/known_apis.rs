//! What is known about APIs, with or without information from the tenant.

use std::sync::Arc;

use super::super::pattern::{ApiPattern, RolePattern};
use crate::{
    directory::Api,
    ids::{AppId, Guid},
    names::RoleName,
    privileged,
};

/// What is known about the APIs that policies name. By default, only Microsoft's well-known APIs are known.
#[derive(Debug, Default)]
pub struct KnownApis {
    /// APIs as the tenant, or a catalogue, states them.
    pub apis: Vec<Arc<Api>>,
    /// The tenant of the broker. If it is unknown, any API but Microsoft's may be the tenant's own.
    pub own_tenant: Option<Guid>,
}

/// The name of an API for readers: its alias, if it has one, or else the name in the rule.
pub(super) fn shown(pattern: &ApiPattern) -> String {
    let name = pattern.name();
    name.alias().map_or_else(|| name.to_string(), str::to_owned)
}

/// The identity of an API: equal for all names that are known to mean the same API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ApiKey {
    /// By its appId.
    AppId(AppId),
    /// By an identifier URI of an unknown API, in lower case.
    IdentifierUri(String),
}

/// The tenant that owns an API, as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ApiOwner {
    /// A tenant of Microsoft's. Its roles are privileged unless they are known to be harmless.
    Microsoft,
    /// Microsoft Graph does not state the owner. All roles of the API are privileged.
    NotStated,
    /// The broker's own tenant. Patterns that end in `*` match its roles.
    OwnTenant,
    /// Another tenant.
    OtherTenant,
    /// The API is not known.
    Unknown,
}

impl KnownApis {
    /// The API that a rule names.
    pub(super) fn key(&self, pattern: &ApiPattern) -> ApiKey {
        let uri = match pattern {
            ApiPattern::AppId(id) => return ApiKey::AppId(*id),
            ApiPattern::IdentifierUri(uri) => uri.as_str(),
        };
        let known = self.apis.iter().find(|api| pattern.is(api)).map(|api| api.app_id);
        let known = known.or_else(|| privileged::microsofts_api(uri));
        known.map_or_else(|| ApiKey::IdentifierUri(uri.to_ascii_lowercase()), ApiKey::AppId)
    }

    /// Who owns an API.
    pub(super) fn owner(&self, key: &ApiKey) -> ApiOwner {
        let ApiKey::AppId(app_id) = key else { return ApiOwner::Unknown };
        let known = self.api(key);
        let owner = known.and_then(|api| api.owner);
        if privileged::is_microsofts(*app_id, owner) {
            return ApiOwner::Microsoft;
        }
        match (known, owner, self.own_tenant) {
            (None, ..) | (Some(_), Some(_), None) => ApiOwner::Unknown,
            (Some(_), None, _) => ApiOwner::NotStated,
            (Some(_), Some(owner), Some(own)) if owner == own => ApiOwner::OwnTenant,
            (Some(_), Some(_), Some(_)) => ApiOwner::OtherTenant,
        }
    }

    /// The role that an entry of a rule names: by its value if the API says which value an id has.
    pub(super) fn role(&self, key: &ApiKey, pattern: &RolePattern) -> RolePattern {
        let RolePattern::Id(id) = pattern else { return pattern.clone() };
        let value = || {
            let api = self.api(key)?;
            let role = api.role(&RoleName::Id(*id)).ok()?;
            let value = role.value?.to_ascii_lowercase();
            let has_value = |known: &Option<String>| {
                known.as_ref().is_some_and(|known| known.eq_ignore_ascii_case(&value))
            };
            // A value that several roles have names more than this one.
            let is_unique = api.roles.iter().filter(|role| has_value(&role.value)).count() == 1;
            is_unique.then_some(value)
        };
        value().map_or(RolePattern::Id(*id), RolePattern::Value)
    }

    fn api(&self, key: &ApiKey) -> Option<&Api> {
        let api = |app_id| self.apis.iter().find(|api| api.app_id == app_id);
        match key {
            ApiKey::AppId(app_id) => api(*app_id).map(Arc::as_ref),
            ApiKey::IdentifierUri(_) => None,
        }
    }
}
