//! What the policy protects from every change, whatever its rules allow.

use std::fmt;

use super::{denial::Denial, question::OwnIdentity, scope_pattern::ScopePattern};
use crate::{
    arm::ArmScope,
    directory::{Api, Principal},
    ids::{AppId, Guid, ObjectId},
};

/// One entry of `protected`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Protected {
    /// The object id or appId of a principal or an API.
    Guid(Guid),
    /// Every managed identity whose Azure resource lies in the scope.
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

    fn is_principal(&self, principal: &Principal) -> bool {
        match self {
            Self::Guid(id) => {
                ObjectId::from(*id) == principal.object_id
                    || Some(AppId::from(*id)) == principal.client_id
            }
            Self::Scope(scope) => {
                principal.resource_id.as_ref().is_some_and(|resource| scope.may_cover(resource))
            }
        }
    }

    fn is_api(&self, api: &Api) -> bool {
        match self {
            Self::Guid(id) => {
                ObjectId::from(*id) == api.object_id || AppId::from(*id) == api.app_id
            }
            Self::Scope(_) => false,
        }
    }
}

impl fmt::Display for Protected {
    /// The entry in lower case, equal for all spellings.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Guid(id) => id.fmt(formatter),
            Self::Scope(scope) => scope.fmt(formatter),
        }
    }
}

/// Denies every change of the broker's own identity, of protected principals and of protected APIs.
pub(super) fn check(
    protected: &[Protected],
    principal: &Principal,
    api: &Api,
    own: OwnIdentity,
) -> Result<(), Denial> {
    check_principal(protected, principal, own)?;
    if is_api_protected(protected, api) {
        return Err(Denial::ProtectedApi(api.app_id.to_string()));
    }
    Ok(())
}

/// Denies every change of the broker's own identity and of protected principals.
pub(super) fn check_principal(
    protected: &[Protected],
    principal: &Principal,
    own: OwnIdentity,
) -> Result<(), Denial> {
    if principal.object_id == own.object_id {
        return Err(Denial::OwnIdentity);
    }
    match principal_protection(protected, principal) {
        None => Ok(()),
        Some(Protection::Named) => {
            Err(Denial::ProtectedPrincipal(principal.resource_or_object_id()))
        }
        Some(Protection::UnknownPlace) => Err(Denial::UnknownPlace(principal.object_id)),
        Some(Protection::UnknownClientId) => Err(Denial::UnknownClientId(principal.object_id)),
    }
}

/// Why a principal is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protection {
    /// By its id, or by the scope of its resource.
    Named,
    /// A scope is protected, and it is unknown where this managed identity lies.
    UnknownPlace,
    /// An id is protected, which may be the client id that Microsoft Graph does not state.
    UnknownClientId,
}

/// Why the principal is protected. `None` if it is not.
pub(super) fn principal_protection(
    protected: &[Protected],
    principal: &Principal,
) -> Option<Protection> {
    if protected.iter().any(|entry| entry.is_principal(principal)) {
        return Some(Protection::Named);
    }
    let has_scope = protected.iter().any(|entry| matches!(entry, Protected::Scope(_)));
    if has_scope && principal.may_lie_anywhere() {
        return Some(Protection::UnknownPlace);
    }
    let has_id = protected.iter().any(|entry| matches!(entry, Protected::Guid(_)));
    (has_id && principal.may_have_any_client_id()).then_some(Protection::UnknownClientId)
}

/// Whether the API is protected.
pub(super) fn is_api_protected(protected: &[Protected], api: &Api) -> bool {
    protected.iter().any(|entry| entry.is_api(api))
}

/// Whether every identity of the resource is protected by a scope.
pub(super) fn is_resource_protected(protected: &[Protected], resource: &ArmScope) -> bool {
    protected.iter().any(|entry| match entry {
        Protected::Guid(_) => false,
        Protected::Scope(scope) => scope.may_cover(resource),
    })
}
