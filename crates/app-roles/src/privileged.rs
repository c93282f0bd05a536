//! Privileged app roles: those that a rule grants only if it names them exactly and says
//! `"privileged": true`.
//!
//! On an API of Microsoft's, or one whose owner is unknown, each role is privileged unless the table of
//! harmless roles names it. Microsoft adds roles every month, and they fail closed. The table of
//! dangerous roles and the words of their families only give the reason. On the APIs of other owners no
//! role is privileged. A role of the principal of an agent blueprint always is, because its agents
//! inherit it.

mod dangerous;
mod harmless;
mod reason;
mod table;
#[cfg(test)]
mod tests;

use dangerous::ROLES;
use harmless::HARMLESS;
pub use reason::PrivilegeReason;
pub use table::MICROSOFT_SERVICES;
use table::{APIS, FAMILIES, IDENTIFIER_URIS, OWNERS, Reach};

use crate::{
    directory::{Api, AppRole, Principal, PrincipalKind},
    ids::{AppId, AppRoleId, Guid},
};

/// Why an assignment is privileged: because of its role, or because of its principal. `None` if it is
/// not.
#[must_use]
pub fn of_assignment(principal: &Principal, api: &Api, role: &AppRole) -> Option<PrivilegeReason> {
    let is_inherited = principal.kind == PrincipalKind::AgentBlueprint;
    of_role(api, role).or(is_inherited.then_some(PrivilegeReason::Blueprint))
}

/// Why a role of an API is privileged, regardless of its holder. `None` if it is not.
#[must_use]
pub fn of_role(api: &Api, role: &AppRole) -> Option<PrivilegeReason> {
    why(api.app_id, api.owner, role.id, role.value.as_deref())
}

/// Why a role of one of Microsoft's APIs is privileged, given only its value.
pub(crate) fn of_value(app_id: AppId, value: &str) -> Option<PrivilegeReason> {
    let api = app_id.to_string();
    let is_harmless = HARMLESS
        .iter()
        .any(|role| role.api == api && role.value.eq_ignore_ascii_case(value.trim()));
    if is_harmless { None } else { Some(by_value(value).unwrap_or(PrivilegeReason::Unlisted)) }
}

/// Why a role of one of Microsoft's APIs is privileged, given only its id.
pub(crate) fn of_id(app_id: AppId, id: AppRoleId) -> Option<PrivilegeReason> {
    if is_harmless(app_id, id, None) {
        return None;
    }
    Some(dangerous(app_id, id).unwrap_or(PrivilegeReason::Unlisted))
}

/// Whether an API is Microsoft's: a well-known one, or one that a tenant of Microsoft owns.
///
/// The list of well-known APIs counts also if Graph does not state an owner.
#[must_use]
pub fn is_microsofts(app_id: AppId, owner: Option<Guid>) -> bool {
    APIS.contains(&app_id.to_string().as_str())
        || owner.is_some_and(|owner| OWNERS.contains(&owner.to_string().as_str()))
}

/// The appId of a well-known API of Microsoft's, by its identifier URI. Case and a slash at the end are
/// ignored.
#[must_use]
pub fn microsofts_api(identifier_uri: &str) -> Option<AppId> {
    let uri = identifier_uri.trim_end_matches('/');
    let (_, app_id) = IDENTIFIER_URIS.iter().find(|(known, _)| known.eq_ignore_ascii_case(uri))?;
    AppId::parse(app_id).ok()
}

/// The identifier URIs of a well-known API of Microsoft's, without a slash at the end.
pub fn identifier_uris(app_id: AppId) -> impl Iterator<Item = &'static str> {
    let app_id = app_id.to_string();
    IDENTIFIER_URIS.iter().filter(move |(_, known)| **known == app_id).map(|(uri, _)| *uri)
}

/// The id and the value of a role of one of Microsoft's APIs, given either of them.
///
/// `None` if the tables of harmless and of dangerous roles do not name it. Microsoft's role ids are equal
/// in every tenant.
#[must_use]
pub fn known_role(app_id: AppId, id_or_value: &str) -> Option<(AppRoleId, &'static str)> {
    let api = app_id.to_string();
    let harmless = HARMLESS.iter().map(|role| (role.api, role.id, role.value));
    let mut all = harmless.chain(ROLES.iter().map(|role| (role.api, role.id, role.value)));
    let is_named = |name: &str| name.eq_ignore_ascii_case(id_or_value);
    let (_, id, value) =
        all.find(|(of, id, value)| *of == api && (is_named(id) || is_named(value)))?;
    AppRoleId::parse(id).ok().map(|id| (id, value))
}

/// Why a role is privileged. `None` if it is not.
///
/// `owner` is the tenant of the API's application (`appOwnerOrganizationId`). A dangerous role is found
/// by its id, regardless of the API's owner. Its value counts on all APIs that can have privileged roles:
/// several define roles with the values of Microsoft Graph's roles and ids of their own. A harmless role
/// is found only by its own API and id, and only under its own value.
fn why(
    app_id: AppId,
    owner: Option<Guid>,
    role_id: AppRoleId,
    value: Option<&str>,
) -> Option<PrivilegeReason> {
    let is_microsofts = is_microsofts(app_id, owner);
    if !is_microsofts && owner.is_some() {
        return None;
    }
    if let Some(why) = dangerous(app_id, role_id) {
        return Some(why);
    }
    if is_harmless(app_id, role_id, value) {
        return None;
    }
    let value = value.map_or("", str::trim);
    if value.is_empty() {
        return Some(PrivilegeReason::Unnamed);
    }
    let unlisted =
        if is_microsofts { PrivilegeReason::Unlisted } else { PrivilegeReason::UnknownOwner };
    Some(by_value(value).unwrap_or(unlisted))
}

fn dangerous(app_id: AppId, id: AppRoleId) -> Option<PrivilegeReason> {
    let (api, id) = (app_id.to_string(), id.to_string());
    ROLES.iter().find(|role| role.api == api && role.id == id).map(|role| role.why)
}

fn is_harmless(app_id: AppId, id: AppRoleId, value: Option<&str>) -> bool {
    let (api, id) = (app_id.to_string(), id.to_string());
    let role = HARMLESS.iter().find(|role| role.api == api && role.id == id);
    role.is_some_and(|role| value.is_none_or(|value| value.eq_ignore_ascii_case(role.value)))
}

/// The reason that a value gives: that of the dangerous role with this value, or of a family.
fn by_value(value: &str) -> Option<PrivilegeReason> {
    let known = ROLES.iter().find(|role| role.value.eq_ignore_ascii_case(value.trim()));
    known.map(|role| role.why).or_else(|| by_words(value))
}

/// Judges a value by its words. Case and punctuation do not count, so that `Policy-ReadWrite` and
/// `policy.readwrite` belong to one family.
fn by_words(value: &str) -> Option<PrivilegeReason> {
    let value = value.to_ascii_lowercase();
    let letters: String = value.chars().filter(char::is_ascii_alphanumeric).collect();
    let reads_only = reads_only(&value, &letters);
    FAMILIES
        .iter()
        .find(|family| {
            letters.contains(family.word) && !(reads_only && family.reach == Reach::Writes)
        })
        .map(|family| family.why)
}

/// Whether a value, in lower case, says that its role only reads. `Create`, `Upload` and unknown verbs
/// do not say so.
fn reads_only(value: &str, letters: &str) -> bool {
    let mut words = value.split(|character: char| !character.is_ascii_alphanumeric());
    words.any(|word| word == "read" || word == "readbasic")
        && !["write", "update"].iter().any(|verb| letters.contains(verb))
}
