//! Which app roles give so much that a rule must say that it means them.
//!
//! On Microsoft's APIs the known ones are in a table. The others are judged by the words of their
//! values, since Microsoft adds roles every month: one that is in no table must fail closed. Any
//! other API decides itself what its roles are worth.

mod table;
#[cfg(test)]
mod tests;

use std::fmt;

use table::{APIS, FAMILIES, OWNERS, ROLES, Reach};

use crate::ids::{AppId, AppRoleId, Guid};

/// What a privileged role gives power over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Why {
    /// Who holds which role or privileged group, and the rules for that.
    Roles,
    /// Applications and agents, and so every permission that they hold.
    Applications,
    /// Permissions that applications get by consent.
    Consent,
    /// What people and applications sign in with.
    Credentials,
    /// The rules of sign-in and of the tenant.
    Policy,
    /// Whose tokens, keys and domains the tenant believes.
    Trust,
    /// Users and groups, and so whatever they may do.
    Directory,
    /// What runs on devices.
    Devices,
    /// Passwords and recovery keys that can be read.
    Secrets,
    /// What people of the whole tenant write and keep.
    Data,
    /// Nobody can say: the role has no value.
    Unnamed,
}

impl fmt::Display for Why {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Roles => "roles",
            Self::Applications => "applications",
            Self::Consent => "consent",
            Self::Credentials => "credentials",
            Self::Policy => "policy",
            Self::Trust => "trust",
            Self::Directory => "directory",
            Self::Devices => "devices",
            Self::Secrets => "secrets",
            Self::Data => "data",
            Self::Unnamed => "unnamed",
        })
    }
}

/// Whether an API is Microsoft's: a well-known one, or one whose application lives in a tenant that
/// Microsoft publishes its applications from.
///
/// The list makes up for an owner that Graph did not say.
#[must_use]
pub fn is_microsofts(app_id: AppId, owner: Option<Guid>) -> bool {
    APIS.contains(&app_id.to_string().as_str())
        || owner.is_some_and(|owner| OWNERS.contains(&owner.to_string().as_str()))
}

/// Why a role is privileged; `None` if it is not.
///
/// `owner` is the tenant of the API's application (`appOwnerOrganizationId`). A role of the table
/// counts on its API whoever owns that, and its value counts on all of Microsoft's APIs, several of
/// which define roles of the same values as Microsoft Graph under ids of their own.
#[must_use]
pub fn why(
    app_id: AppId,
    owner: Option<Guid>,
    role_id: AppRoleId,
    value: Option<&str>,
) -> Option<Why> {
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
        return Some(Why::Unnamed);
    }
    ROLES
        .iter()
        .find(|role| role.value.eq_ignore_ascii_case(value))
        .map(|role| role.why)
        .or_else(|| by_words(value))
}

/// Judges a value by its words. Case and punctuation are left out, so that `Policy-ReadWrite` or
/// `policy.readwrite` do not get around a family.
fn by_words(value: &str) -> Option<Why> {
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

/// Whether a value, in lower case, says that its role reads and nothing else. `Create`, `Upload` or
/// a verb that nobody has met yet do not say so.
fn reads_only(value: &str, letters: &str) -> bool {
    let mut words = value.split(|character: char| !character.is_ascii_alphanumeric());
    words.any(|word| word == "read" || word == "readbasic")
        && !["write", "update"].iter().any(|verb| letters.contains(verb))
}
