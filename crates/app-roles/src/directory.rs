//! Directory objects as Microsoft Graph states them: principals, APIs, app roles and assignments.

use crate::{
    arm::ArmScope,
    ids::{AppId, AppRoleId, Guid, ObjectId},
    names::RoleName,
};

/// Largest number of suggestions for a misspelled name.
const MAX_SUGGESTIONS: usize = 5;

/// Largest edit distance of a suggestion. It bounds the time of comparing long names: an API may define
/// 1,500 of them, and a request may misspell 20.
const MAX_EDITS: usize = 8;

/// The service principal that receives or loses a role.
#[derive(Debug, Clone)]
pub struct Principal {
    /// The object id in this tenant.
    pub object_id: ObjectId,
    /// The application id. For a managed identity, this is the client id. `None` if Microsoft Graph does
    /// not state it: an agent has none of its own ("agentIdentity resource type").
    pub client_id: Option<AppId>,
    /// The display name. Not unique.
    pub display_name: String,
    /// The kind of service principal.
    pub kind: PrincipalKind,
    /// The Azure resource that a managed identity belongs to. `None` for other service principals, and
    /// for a managed identity whose resource cannot be read.
    pub resource_id: Option<ArmScope>,
    /// Whether Graph found the principal by its client id. Because of replica lag, a replica may know a
    /// new identity by one id and not yet by the other, so later calls use the id that worked.
    pub by_client_id: bool,
}

/// The kind of service principal that a principal is.
///
/// It is stated apart from the resource id, because a managed identity whose resource cannot be read is
/// still a managed identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PrincipalKind {
    /// A managed identity. Only Azure can create one.
    ManagedIdentity,
    /// An application.
    Application,
    /// An agent of Microsoft Entra Agent ID. It also has the roles of its blueprint that the blueprint
    /// lets it inherit, and Graph does not list them with the agent.
    Agent,
    /// The principal of an agent blueprint. All its agents, present and future, can inherit its roles
    /// ("Inheritable permissions and required resource access in Microsoft Entra Agent ID").
    AgentBlueprint,
    /// A kind that Graph does not state, or that this program does not know.
    Unknown,
}

impl Principal {
    /// Whether the principal is, or may be, a managed identity whose resource is unknown. Then no scope can
    /// be ruled out.
    pub(crate) fn may_lie_anywhere(&self) -> bool {
        let may_be_identity =
            matches!(self.kind, PrincipalKind::ManagedIdentity | PrincipalKind::Unknown);
        may_be_identity && self.resource_id.is_none()
    }

    /// Whether the principal has a client id that is unknown. An agent has none of its own.
    pub(crate) fn may_have_any_client_id(&self) -> bool {
        self.client_id.is_none() && self.kind != PrincipalKind::Agent
    }

    /// The ARM id of the resource or else the object id: what a rule must name to cover the principal.
    pub(crate) fn resource_or_object_id(&self) -> String {
        match &self.resource_id {
            Some(resource) => resource.to_string(),
            None => self.object_id.to_string(),
        }
    }
}

/// The service principal that defines the roles.
#[derive(Debug, Clone)]
pub struct Api {
    /// The object id in this tenant.
    pub object_id: ObjectId,
    /// The application id, the name of the API in the policy.
    pub app_id: AppId,
    /// The tenant that owns the application (`appOwnerOrganizationId`).
    pub owner: Option<Guid>,
    /// The audiences that tokens can be requested for (`servicePrincipalNames`).
    pub identifier_uris: Vec<String>,
    /// The display name. Not unique.
    pub display_name: String,
    /// The roles that the API defines, as far as they can be read.
    pub roles: Vec<AppRole>,
    /// Whether the API defines more roles, which cannot be read.
    pub has_unreadable_roles: bool,
}

/// A role of an API, or default access.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppRole {
    /// The id, which assignments refer to.
    pub id: AppRoleId,
    /// The value in the `roles` claim of tokens, for instance `User.Read.All`.
    pub value: Option<String>,
    /// Whether the role is enabled. A disabled role cannot be assigned.
    pub is_enabled: bool,
    /// Whether applications can hold the role. Some roles are for users only.
    pub is_for_applications: bool,
}

impl AppRole {
    /// A role whose id alone is known: default access, or a role that the API no longer defines.
    #[must_use]
    pub fn known_by_id(id: AppRoleId) -> Self {
        Self { id, value: None, is_enabled: true, is_for_applications: true }
    }

    /// The value, or the id if the role has none.
    pub(crate) fn value_or_id(&self) -> String {
        self.value.clone().unwrap_or_else(|| self.id.to_string())
    }

    /// Whether the role can be assigned to an application.
    #[must_use]
    pub fn is_assignable(&self) -> bool {
        self.is_enabled && self.is_for_applications
    }
}

/// Why a name matches no role of an API.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoSuchRole {
    /// The API defines no role with this name. Holds the values of roles that are spelled similarly.
    #[error("the API defines no app role of this name")]
    Unknown(Vec<String>),
    /// Several roles have this value, so it is ambiguous.
    #[error("several roles of the API have this value; name one by its id")]
    Ambiguous,
    /// Default access exists only on APIs that define no roles.
    #[error("the API defines app roles, so default access cannot be assigned; name a role")]
    HasRoles,
}

impl Api {
    /// Whether default access can be assigned: only an API that defines no roles has it. A role that
    /// cannot be read is a role.
    #[must_use]
    pub fn has_default_access(&self) -> bool {
        self.roles.is_empty() && !self.has_unreadable_roles
    }

    /// Finds the role that a request names, assignable or not.
    pub fn role(&self, name: &RoleName) -> Result<AppRole, NoSuchRole> {
        match name {
            RoleName::DefaultAccess if self.has_default_access() => {
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

    /// Values of assignable roles that are spelled similarly.
    fn nearest_values(&self, value: &str) -> Vec<String> {
        let assignable = self.roles.iter().filter(|role| role.is_assignable());
        nearest(value, assignable.filter_map(|role| role.value.as_deref()))
    }
}

/// Suggestions for a misspelled text: the known texts whose edit distance is at most a third of its
/// length and at most eight, ignoring case. At most five, nearest first.
#[must_use]
pub fn nearest<'a>(text: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let text = text.to_ascii_lowercase();
    let limit = (text.chars().count() / 3).min(MAX_EDITS);
    let mut near: Vec<(usize, &str)> = known
        .into_iter()
        .filter_map(|known| {
            Some((edit_distance(&text, &known.to_ascii_lowercase(), limit)?, known))
        })
        .collect();
    near.sort_unstable();
    near.dedup();
    near.into_iter().take(MAX_SUGGESTIONS).map(|(_, known)| known.to_owned()).collect()
}

/// The Levenshtein distance, which counts insertions, deletions and substitutions between two texts, if
/// it is at most `limit`. The time is proportional to the length of a text times the limit.
fn edit_distance(left: &str, right: &str, limit: usize) -> Option<usize> {
    let [left, right]: [Vec<char>; 2] = [left, right].map(|text| text.chars().collect());
    if left.len().abs_diff(right.len()) > limit {
        return None;
    }
    let too_far = limit.saturating_add(1);
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (index, character) in left.iter().enumerate() {
        let length = index + 1;
        // A cell further from the diagonal is beyond the limit.
        let first = length.saturating_sub(limit).max(1);
        let last = length.saturating_add(limit).min(right.len());
        let mut diagonal = row.get(first - 1).copied().unwrap_or(too_far);
        let mut before = if first == 1 { length } else { too_far };
        if let Some(cell) = row.get_mut(first - 1) {
            *cell = before;
        }
        let known = right.get(first - 1..last).unwrap_or_default();
        for (known, cell) in known.iter().zip(row.iter_mut().skip(first)) {
            let change = diagonal.saturating_add(usize::from(character != known));
            diagonal = *cell;
            *cell = change.min(diagonal.saturating_add(1)).min(before.saturating_add(1));
            before = *cell;
        }
        if let Some(cell) = row.get_mut(last + 1) {
            *cell = too_far;
        }
    }
    row.last().copied().filter(|distance| *distance <= limit)
}

/// An existing assignment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// Graph's id of the assignment, which a delete needs. Opaque and case-sensitive.
    pub id: String,
    /// The API that defines the role.
    pub api: ObjectId,
    /// The role.
    pub role: AppRoleId,
    /// When the assignment was created, as Graph writes it. Graph omits it for some old assignments.
    pub created: Option<String>,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_edit_distance_counts_insertions_deletions_and_substitutions() {
        for (left, right, distance) in [
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "", 3),
            ("read", "raed", 2),
            ("kitten", "sitting", 3),
            ("a", "a", 0),
        ] {
            for limit in [0, 1, 2, 3, 4, usize::MAX] {
                let expected = (distance <= limit).then_some(distance);
                assert_eq!(edit_distance(left, right, limit), expected, "{left} {right} {limit}");
            }
        }
    }

    #[test]
    fn of_fifteen_hundred_long_names_five_are_suggested() {
        let names: Vec<_> =
            (0..1500).map(|number| format!("{}{number:04}", "a".repeat(116))).collect();
        let name = format!("{}zzzz", "a".repeat(116));
        assert_eq!(nearest(&name, names.iter().map(String::as_str)), names[..5]);
    }

    proptest! {
        #[test]
        fn the_edit_distance_is_symmetric_and_at_most_the_longer_length(a in "[a-c]{0,8}", b in "[a-c]{0,8}") {
            let distance = edit_distance(&a, &b, usize::MAX).unwrap();
            prop_assert_eq!(Some(distance), edit_distance(&b, &a, usize::MAX));
            for limit in 0..9 {
                let within = edit_distance(&a, &b, limit);
                prop_assert_eq!(within, (distance <= limit).then_some(distance), "{}", limit);
            }
            prop_assert!(distance <= a.len().max(b.len()));
            prop_assert_eq!(distance == 0, a == b);
        }
    }
}
