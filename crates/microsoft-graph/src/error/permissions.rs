//! The permissions that the broker needs.

use azure_rest::claims::Claims;

/// The app roles of Microsoft Graph that the broker needs ("Grant an appRoleAssignment to a service
/// principal", permissions).
pub const NEEDED_ROLES: [&str; 2] = ["AppRoleAssignment.ReadWrite.All", "Application.Read.All"];

/// The ids of [`NEEDED_ROLES`], in this order ("Microsoft Graph permissions reference").
pub const NEEDED_ROLE_IDS: [&str; 2] =
    ["06b708a9-e830-4db3-a914-8e69da51d44f", "9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30"];

/// The needed roles that a token lacks, and how to grant them, as the end of a sentence. Empty if the
/// token has all of them.
#[must_use]
pub fn missing_roles(claims: &Claims) -> String {
    let missing: Vec<_> = NEEDED_ROLES
        .into_iter()
        .filter(|role| !claims.roles.iter().any(|held| held == role))
        .collect();
    if missing.is_empty() {
        return String::new();
    }
    let identity = claims.object_id.map_or("of the broker".to_owned(), |id| id.to_string());
    format!(
        "; the token, issued at {}, lacks {}: a Privileged Role Administrator must grant it on \
         Microsoft Graph to the identity {identity}; the platform caches a token from before the \
         grant for up to 24 hours",
        claims.issued(),
        missing.join(" and "),
    )
}
