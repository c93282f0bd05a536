//! What Microsoft Graph says about the two service principals of a request.

use crate::{
    arm::ArmScope,
    ids::{AppId, AppRoleId, Guid, ObjectId},
    names::RoleName,
};

/// Most names that are suggested for one that does not exist.
const MOST_SUGGESTIONS: usize = 5;

/// The service principal that is to receive or lose a role, as Graph knows it.
#[derive(Debug, Clone)]
pub struct Principal {
    /// Its object id in this tenant.
    pub object_id: ObjectId,
    /// Its application id; of a managed identity, the client id.
    pub client_id: AppId,
    /// Its name, for people: not unique.
    pub display_name: String,
    /// The Azure resource whose identity it is; `None` for anything but a managed identity.
    pub resource_id: Option<ArmScope>,
    /// Whether Graph was asked for it by its client id. The replica that knows an identity by one id
    /// may not know it by the other yet, so what follows names it the same way.
    pub by_client_id: bool,
}

/// The service principal that defines the roles, as Graph knows it.
#[derive(Debug, Clone)]
pub struct Api {
    /// Its object id in this tenant.
    pub object_id: ObjectId,
    /// Its application id, which is what the policy knows an API by.
    pub app_id: AppId,
    /// The tenant that owns the application (`appOwnerOrganizationId`).
    pub owner: Option<Guid>,
    /// URIs and ids by which tokens for it are asked for (`servicePrincipalNames`).
    pub identifier_uris: Vec<String>,
    /// Its name, for people: not unique.
    pub display_name: String,
    /// The roles that it defines.
    pub roles: Vec<AppRole>,
}

/// One role of an API, or default access.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppRole {
    /// The id that an assignment carries.
    pub id: AppRoleId,
    /// The text that appears in the `roles` claim of tokens, for instance `User.Read.All`.
    pub value: Option<String>,
    /// Whether it can be assigned at all.
    pub is_enabled: bool,
    /// Whether applications can hold it; some roles are for people only.
    pub is_for_applications: bool,
}

impl AppRole {
    /// A role of which only the id is known: default access, or one that the API defines no more.
    #[must_use]
    pub fn known_by_id(id: AppRoleId) -> Self {
        Self { id, value: None, is_enabled: true, is_for_applications: true }
    }

    /// Whether an application can be given it.
    #[must_use]
    pub fn is_assignable(&self) -> bool {
        self.is_enabled && self.is_for_applications
    }
}

/// Why a name means no role of an API.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoSuchRole {
    /// The API defines no role of this name; with values that come near.
    #[error("the API defines no app role of this name")]
    Unknown(Vec<String>),
    /// Several roles have this value.
    #[error("several roles of the API have this value; name one by its id")]
    Ambiguous,
    /// Default access is only for APIs without roles.
    #[error("the API defines app roles, so default access cannot be assigned; name a role")]
    HasRoles,
}

impl Api {
    /// The role that a request names, whether it can be assigned or not.
    pub fn role(&self, name: &RoleName) -> Result<AppRole, NoSuchRole> {
        match name {
            RoleName::DefaultAccess if self.roles.is_empty() => {
                Ok(AppRole::known_by_id(AppRoleId::DEFAULT_ACCESS))
            }
            RoleName::DefaultAccess => Err(NoSuchRole::HasRoles),
            RoleName::Id(id) => self
                .roles
                .iter()
                .find(|role| role.id == *id)
                .cloned()
                .ok_or(NoSuchRole::Unknown(Vec::new())),
            RoleName::Value(value) => self.role_by_value(value.as_str()),
        }
    }

    fn role_by_value(&self, value: &str) -> Result<AppRole, NoSuchRole> {
        let mut matches = self.roles.iter().filter(|role| {
            role.value.as_ref().is_some_and(|known| known.eq_ignore_ascii_case(value))
        });
        match (matches.next(), matches.next()) {
            (Some(role), None) => Ok(role.clone()),
            (Some(_), Some(_)) => Err(NoSuchRole::Ambiguous),
            (None, _) => Err(NoSuchRole::Unknown(self.nearest_values(value))),
        }
    }

    /// Values of assignable roles that a person may have meant.
    fn nearest_values(&self, value: &str) -> Vec<String> {
        let assignable =
            self.roles.iter().filter(|role| role.is_enabled && role.is_for_applications);
        nearest(value, assignable.filter_map(|role| role.value.as_deref()))
    }
}

/// The texts that a person may have meant: those within a third of the text's length, ignoring case,
/// nearest first, five at most.
#[must_use]
pub fn nearest<'a>(text: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let text = text.to_ascii_lowercase();
    let limit = text.chars().count() / 3;
    let mut near: Vec<(usize, &str)> = known
        .into_iter()
        // Texts whose lengths differ by more cannot be near; measuring them is the costly part.
        .filter(|known| known.len().abs_diff(text.len()) <= limit)
        .map(|known| (edit_distance(&text, &known.to_ascii_lowercase()), known))
        .filter(|(distance, _)| *distance <= limit)
        .collect();
    near.sort_unstable();
    near.dedup();
    near.into_iter().take(MOST_SUGGESTIONS).map(|(_, known)| known.to_owned()).collect()
}

/// How many characters must be put in, taken out or changed to make one text of the other.
fn edit_distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (index, character) in left.chars().enumerate() {
        let mut before = index + 1;
        let mut diagonal = index;
        for (known, cell) in right.iter().zip(row.iter_mut().skip(1)) {
            let change = diagonal + usize::from(character != *known);
            diagonal = *cell;
            *cell = change.min(diagonal + 1).min(before + 1);
            before = *cell;
        }
        if let Some(first) = row.first_mut() {
            *first = index + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

/// An assignment as it stands in the tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// Graph's id of it, which a delete needs. Opaque and case-sensitive.
    pub id: String,
    /// The API that defines the role.
    pub api: ObjectId,
    /// The role.
    pub role: AppRoleId,
    /// When it was made, as Graph writes it; Graph leaves it out for some old assignments.
    pub created: Option<String>,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_distance_of_two_texts_is_the_number_of_their_differences() {
        for (left, right, distance) in [
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "", 3),
            ("read", "raed", 2),
            ("kitten", "sitting", 3),
            ("a", "a", 0),
        ] {
            assert_eq!(edit_distance(left, right), distance, "{left} {right}");
        }
    }

    proptest! {
        #[test]
        fn the_distance_is_symmetric_and_at_most_the_longer_text(a in "[a-c]{0,8}", b in "[a-c]{0,8}") {
            let distance = edit_distance(&a, &b);
            prop_assert_eq!(distance, edit_distance(&b, &a));
            prop_assert!(distance <= a.len().max(b.len()));
            prop_assert_eq!(distance == 0, a == b);
        }
    }
}
