//! Privileged app roles: those that a rule grants only if it names them exactly and says
//! `"privileged": true`.
//!
//! On Microsoft's APIs, a table lists the known ones. All other roles are judged by the words in their
//! values, because Microsoft adds roles every month, and a dangerous role that no table lists must fail
//! closed. On all other APIs no role is privileged.

mod reason;
mod table;
#[cfg(test)]
mod tests;

pub use reason::PrivilegeReason;
use table::{APIS, FAMILIES, OWNERS, ROLES, Reach};

use crate::{
    directory::{Api, AppRole},
    ids::{AppId, AppRoleId, Guid},
};

/// Why a role of an API is privileged. `None` if it is not.
#[must_use]
pub fn of_role(api: &Api, role: &AppRole) -> Option<PrivilegeReason> {
    why(api.app_id, api.owner, role.id, role.value.as_deref())
}

/// Whether an API is Microsoft's: a well-known one, or one that a tenant of Microsoft owns.
///
/// The list of well-known APIs counts also if Graph does not state an owner.
#[must_use]
pub fn is_microsofts(app_id: AppId, owner: Option<Guid>) -> bool {
    APIS.contains(&app_id.to_string().as_str())
        || owner.is_some_and(|owner| OWNERS.contains(&owner.to_string().as_str()))
}

/// Why a role is privileged. `None` if it is not.
///
/// `owner` is the tenant of the API's application (`appOwnerOrganizationId`). A role of the table is
/// found by its id, regardless of the API's owner. Its value counts on all of Microsoft's APIs: several define
/// roles with the values of Microsoft Graph's roles and ids of their own.
#[must_use]
pub fn why(
    app_id: AppId,
    owner: Option<Guid>,
    role_id: AppRoleId,
    value: Option<&str>,
) -> Option<PrivilegeReason> {
    // Every API of the table is one of Microsoft's.
    if !is_microsofts(app_id, owner) {
        return None;
    }
    let (api, id) = (app_id.to_string(), role_id.to_string());
    if let Some(role) = ROLES.iter().find(|role| role.api == api && role.id == id) {
        return Some(role.why);
    }
    let value = value.map_or("", str::trim);
    if value.is_empty() {
        return Some(PrivilegeReason::Unnamed);
    }
    ROLES
        .iter()
        .find(|role| role.value.eq_ignore_ascii_case(value))
        .map(|role| role.why)
        .or_else(|| by_words(value))
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
