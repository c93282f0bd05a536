//! The directory of the emulated tenant: service principals, and who holds which app role.
//!
//! Plain data without HTTP. Ids are GUIDs in lower case, compared ignoring case as Microsoft Graph
//! does.

use std::collections::{BTreeMap, BTreeSet};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{service_principal::ServicePrincipal, timestamp};

/// The app role id that means "default access": the API has no app roles of its own
/// (Microsoft Learn, "appRoleAssignment resource type").
pub const DEFAULT_ACCESS: &str = "00000000-0000-0000-0000-000000000000";

/// An app role held by a service principal (Microsoft Learn, "appRoleAssignment resource type").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppRoleAssignment {
    /// 43 base64url characters; the first 16 of its 32 bytes are the principal's object id.
    pub id: String,
    /// The role's id.
    pub app_role_id: String,
    /// RFC 3339 in UTC with seven fraction digits.
    pub created_date_time: String,
    /// The holder's display name when the assignment was created.
    pub principal_display_name: String,
    /// The holder's object id.
    pub principal_id: String,
    /// The API's display name when the assignment was created.
    pub resource_display_name: String,
    /// The object id of the API that defines the role.
    pub resource_id: String,
}

/// Why an assignment can't be created.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AssignmentError {
    /// No service principal has the object id given as the principal.
    #[error("no service principal has the object id {0}, given as the principal")]
    UnknownPrincipal(String),
    /// No service principal has the object id given as the API.
    #[error("no service principal has the object id {0}, given as the API")]
    UnknownApi(String),
    /// The role isn't one that a service principal can be given on this API.
    #[error("the application {app_id} has no enabled app role {role} for applications")]
    RoleNotOnApi {
        /// The API's application id.
        app_id: String,
        /// The role asked for.
        role: String,
    },
    /// The principal holds this role already.
    #[error("the principal holds this app role already")]
    AlreadyAssigned,
    /// The principal has default access already.
    #[error("the principal has default access already")]
    DefaultAccessAlreadyAssigned,
}

/// Everything that the emulated tenant knows.
#[derive(Debug, Clone)]
pub struct Directory {
    tenant_id: String,
    service_principals: BTreeMap<String, ServicePrincipal>,
    object_ids: BTreeMap<String, String>,
    /// By object id, like those that have arrived.
    replicating: BTreeMap<String, ServicePrincipal>,
    assignments: BTreeMap<String, Vec<AppRoleAssignment>>,
    /// The ids of assignments that lists don't show yet; none while lists are up to date.
    held_back: Option<BTreeSet<String>>,
    attached: Vec<String>,
}

impl Directory {
    /// A directory without any service principal.
    #[must_use]
    pub fn new(tenant_id: &str) -> Self {
        Self {
            tenant_id: tenant_id.to_owned(),
            service_principals: BTreeMap::new(),
            object_ids: BTreeMap::new(),
            replicating: BTreeMap::new(),
            assignments: BTreeMap::new(),
            held_back: None,
            attached: Vec::new(),
        }
    }

    /// The tenant's id, a GUID.
    #[must_use]
    pub fn tenant_id(&self) -> &str {
        &self.tenant_id
    }

    /// Adds a service principal, or replaces the one with the same object id.
    pub fn add_service_principal(&mut self, service_principal: ServicePrincipal) {
        let id = service_principal.id.to_lowercase();
        self.replicating.remove(&id);
        self.object_ids.insert(service_principal.app_id.to_lowercase(), id.clone());
        self.service_principals.insert(id, service_principal);
    }

    /// Adds a service principal, or a change of one, that has not arrived yet: nothing here sees it
    /// until it [has](Self::replicate).
    pub fn add_replicating_service_principal(&mut self, service_principal: ServicePrincipal) {
        self.replicating.insert(service_principal.id.to_lowercase(), service_principal);
    }

    /// Lets a service principal arrive; false when none with this object id was under way.
    pub fn replicate(&mut self, object_id: &str) -> bool {
        match self.replicating.remove(&object_id.to_lowercase()) {
            Some(arrived) => {
                self.add_service_principal(arrived);
                true
            }
            None => false,
        }
    }

    /// Attaches a managed identity to the broker, so that the identity endpoint issues its tokens.
    pub fn attach(&mut self, object_id: &str) {
        self.attached.push(object_id.to_lowercase());
    }

    /// The managed identities that are attached to the broker, in the order of attaching.
    pub fn attached(&self) -> impl Iterator<Item = &ServicePrincipal> {
        self.attached.iter().filter_map(|id| self.service_principal(id))
    }

    /// All service principals, in the order of their object ids.
    pub fn service_principals(&self) -> impl Iterator<Item = &ServicePrincipal> {
        self.service_principals.values()
    }

    /// The service principal with this object id.
    #[must_use]
    pub fn service_principal(&self, object_id: &str) -> Option<&ServicePrincipal> {
        self.service_principals.get(&object_id.to_lowercase())
    }

    /// The service principal with this application id (of a managed identity: client id).
    #[must_use]
    pub fn service_principal_by_app_id(&self, app_id: &str) -> Option<&ServicePrincipal> {
        self.object_ids
            .get(&app_id.to_lowercase())
            .and_then(|object_id| self.service_principal(object_id))
    }

    /// The API for which a token with this resource (application id or identifier URI) is valid.
    #[must_use]
    pub fn api_named(&self, resource: &str) -> Option<&ServicePrincipal> {
        self.service_principals
            .values()
            .filter(|candidate| !candidate.service_principal_type.is_managed_identity())
            .find(|candidate| candidate.answers_to(resource))
    }

    /// All assignments, those of one principal together and in the order of their creation.
    #[must_use]
    pub fn assignments(&self) -> Vec<AppRoleAssignment> {
        self.assignments.values().flatten().cloned().collect()
    }

    /// The assignments that a principal holds, in the order of their creation.
    #[must_use]
    pub fn assignments_of(&self, principal_id: &str) -> &[AppRoleAssignment] {
        self.assignments.get(&principal_id.to_lowercase()).map_or(&[], Vec::as_slice)
    }

    /// Those that a list shows, in the order of their creation.
    #[must_use]
    pub fn listed_assignments_of(&self, principal_id: &str) -> Vec<&AppRoleAssignment> {
        let is_listed = |one: &&AppRoleAssignment| {
            self.held_back.as_ref().is_none_or(|held_back| !held_back.contains(&one.id))
        };
        self.assignments_of(principal_id).iter().filter(is_listed).collect()
    }

    /// Whether assignments made from now on stay out of lists. Switched off, lists show them all.
    pub fn hold_back_assignments(&mut self, held_back: bool) {
        self.held_back = held_back.then(|| self.held_back.take().unwrap_or_default());
    }

    /// The values of the app roles of `api` that the principal holds; what a token's `roles` claim
    /// has.
    #[must_use]
    pub fn role_values(&self, principal_id: &str, api: &ServicePrincipal) -> Vec<String> {
        self.assignments_of(principal_id)
            .iter()
            .filter(|held| held.resource_id == api.id)
            .filter_map(|held| api.app_role(&held.app_role_id)?.value.clone())
            .collect()
    }

    /// Gives a principal an app role, named by its value or id.
    ///
    /// # Errors
    /// When Microsoft Graph would refuse it.
    pub fn assign(
        &mut self,
        principal_id: &str,
        api_id: &str,
        role: &str,
    ) -> Result<AppRoleAssignment, AssignmentError> {
        let principal = self
            .service_principal(principal_id)
            .ok_or_else(|| AssignmentError::UnknownPrincipal(principal_id.to_owned()))?;
        let api = self
            .service_principal(api_id)
            .ok_or_else(|| AssignmentError::UnknownApi(api_id.to_owned()))?;
        let app_role_id = assignable_role(api, role)?;
        if self.holds(&principal.id, &api.id, &app_role_id) {
            return Err(match app_role_id.as_str() {
                DEFAULT_ACCESS => AssignmentError::DefaultAccessAlreadyAssigned,
                _ => AssignmentError::AlreadyAssigned,
            });
        }
        let assignment = new_assignment(principal, api, app_role_id);
        self.assignments
            .entry(assignment.principal_id.clone())
            .or_default()
            .push(assignment.clone());
        if let Some(held_back) = &mut self.held_back {
            held_back.insert(assignment.id.clone());
        }
        Ok(assignment)
    }

    /// Takes an assignment away; false when there is none with this id.
    pub fn revoke(&mut self, assignment_id: &str) -> bool {
        for held in self.assignments.values_mut() {
            if let Some(position) = held.iter().position(|held| held.id == assignment_id) {
                held.remove(position);
                return true;
            }
        }
        false
    }

    fn holds(&self, principal_id: &str, api_id: &str, app_role_id: &str) -> bool {
        self.assignments_of(principal_id)
            .iter()
            .any(|held| held.resource_id == api_id && held.app_role_id == app_role_id)
    }
}

fn assignable_role(api: &ServicePrincipal, role: &str) -> Result<String, AssignmentError> {
    if role == DEFAULT_ACCESS && api.app_roles.is_empty() {
        return Ok(DEFAULT_ACCESS.to_owned());
    }
    match api.app_role(role) {
        Some(found) if found.is_assignable() => Ok(found.id.clone()),
        _ => {
            Err(AssignmentError::RoleNotOnApi { app_id: api.app_id.clone(), role: role.to_owned() })
        }
    }
}

fn new_assignment(
    principal: &ServicePrincipal,
    api: &ServicePrincipal,
    app_role_id: String,
) -> AppRoleAssignment {
    AppRoleAssignment {
        id: assignment_id(&principal.id),
        app_role_id,
        created_date_time: timestamp::with_fraction(OffsetDateTime::now_utc()),
        principal_display_name: principal.display_name.clone(),
        principal_id: principal.id.clone(),
        resource_display_name: api.display_name.clone(),
        resource_id: api.id.clone(),
    }
}

/// GUIDs are written in the byte order of .NET's `Guid.ToByteArray`, as Microsoft Graph's ids are.
fn assignment_id(principal_id: &str) -> String {
    let principal = Uuid::try_parse(principal_id).unwrap_or_default();
    let bytes = [principal.to_bytes_le(), Uuid::new_v4().to_bytes_le()].concat();
    URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRINCIPAL: &str = "0ace32da-7771-4990-b257-b5758d4c517d";

    #[test]
    fn an_assignment_id_is_43_characters_and_starts_with_the_principal() {
        let id = assignment_id(PRINCIPAL);
        assert_eq!(id.len(), 43);
        assert!(id.starts_with("2jLOCnF3kEmyV7V1jUxRf"));
        assert_ne!(id, assignment_id(PRINCIPAL));
    }
}
