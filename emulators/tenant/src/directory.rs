//! The directory of the tenant: service principals and assignments of app roles.
//!
//! Ids are GUIDs in lower case. Comparisons ignore case, as Microsoft Graph does.

mod assignment;
pub(crate) mod assignment_id;
mod holders;
mod list_delay;
mod replication;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use crate::service_principal::ServicePrincipal;
pub use assignment::{AppRoleAssignment, AssignmentError, DEFAULT_ACCESS};
use {holders::Holders, list_delay::ListDelay, replication::Replication};

/// The objects of a tenant.
#[derive(Debug, Clone)]
pub struct Directory {
    tenant_id: String,
    service_principals: BTreeMap<String, ServicePrincipal>,
    /// The object ids by application id in lower case.
    object_ids: BTreeMap<String, String>,
    /// The object ids by alternative name in lower case.
    alternative_names: BTreeMap<String, BTreeSet<String>>,
    replication: Replication,
    assignments: BTreeMap<String, Vec<AppRoleAssignment>>,
    holders: Holders,
    list_delay: ListDelay,
    attached: Vec<String>,
    /// Permissions that are no assignments, by object id in lower case.
    permitted: BTreeMap<String, Vec<String>>,
    /// Azure scopes with the role Reader, in lower case, by object id in lower case.
    readable: BTreeMap<String, Vec<String>>,
}

impl Directory {
    /// A directory without any service principal.
    #[must_use]
    pub fn new(tenant_id: &str) -> Self {
        Self {
            tenant_id: tenant_id.to_owned(),
            service_principals: BTreeMap::new(),
            object_ids: BTreeMap::new(),
            alternative_names: BTreeMap::new(),
            replication: Replication::default(),
            assignments: BTreeMap::new(),
            holders: Holders::default(),
            list_delay: ListDelay::default(),
            attached: Vec::new(),
            permitted: BTreeMap::new(),
            readable: BTreeMap::new(),
        }
    }

    /// The tenant's id, a GUID.
    #[must_use]
    pub fn tenant_id(&self) -> &str {
        &self.tenant_id
    }

    /// Adds a service principal, or replaces the one with this object id.
    pub fn add_service_principal(&mut self, service_principal: ServicePrincipal) {
        let id = service_principal.id.to_lowercase();
        self.replication.end(&id);
        if let Some(former) = self.service_principals.get(&id) {
            self.object_ids.remove(&former.app_id.to_lowercase());
        }
        self.object_ids.insert(service_principal.app_id.to_lowercase(), id.clone());
        for name in &service_principal.alternative_names {
            self.alternative_names.entry(name.to_lowercase()).or_default().insert(id.clone());
        }
        self.service_principals.insert(id, service_principal);
    }

    /// Deletes a service principal for good, with all assignments of it and to it; returns false if there is
    /// none with this object id.
    pub fn remove_service_principal(&mut self, object_id: &str) -> bool {
        let id = object_id.to_lowercase();
        let Some(former) = self.service_principals.remove(&id) else { return false };
        self.object_ids.remove(&former.app_id.to_lowercase());
        for named in self.alternative_names.values_mut() {
            named.remove(&id);
        }
        self.holders.forget(&id);
        self.assignments.remove(&former.id);
        for held in self.assignments.values_mut() {
            held.retain(|assignment| assignment.resource_id != former.id);
        }
        true
    }

    /// Adds a service principal, or a change of one, that is hidden until [`Self::replicate`].
    pub fn add_replicating_service_principal(&mut self, service_principal: ServicePrincipal) {
        self.replication.begin(service_principal, None);
    }

    /// Adds a service principal that is hidden until the first [`Self::let_arrive`] after `delay`.
    pub fn add_service_principal_after(
        &mut self,
        service_principal: ServicePrincipal,
        delay: Duration,
    ) {
        // A delay that the clock cannot represent never ends.
        self.replication.begin(service_principal, Instant::now().checked_add(delay));
    }

    /// Shows the service principals whose delay is over.
    pub fn let_arrive(&mut self, now: Instant) {
        while let Some(arrived) = self.replication.next_arrival(now) {
            self.add_service_principal(arrived);
        }
    }

    /// Shows a hidden service principal; returns false if none with this object id was hidden.
    pub fn replicate(&mut self, object_id: &str) -> bool {
        match self.replication.end(object_id) {
            Some(arrived) => {
                self.add_service_principal(arrived);
                true
            }
            None => false,
        }
    }

    /// Attaches a managed identity to the broker, so that the identity endpoint issues tokens for it.
    pub fn attach(&mut self, object_id: &str) {
        self.attached.push(object_id.to_lowercase());
    }

    /// Lets a principal use these permissions of Microsoft Graph without an assignment, as a person with a
    /// directory role can.
    pub fn permit(&mut self, object_id: &str, permissions: &[&str]) {
        let permitted = self.permitted.entry(object_id.to_lowercase()).or_default();
        permitted.extend(permissions.iter().map(|permission| (*permission).to_owned()));
    }

    /// The permissions of [`Self::permit`].
    #[must_use]
    pub fn permissions_of(&self, object_id: &str) -> &[String] {
        self.permitted.get(&object_id.to_lowercase()).map_or(&[], Vec::as_slice)
    }

    /// Gives a principal the role Reader on an Azure scope, for the list of its Azure roles. What Azure Resource
    /// Manager lets it read depends on [`crate::Tenant::set_arm_forbidden`] alone.
    pub fn add_azure_reader(&mut self, object_id: &str, scope: &str) {
        self.readable.entry(object_id.to_lowercase()).or_default().push(scope.to_lowercase());
    }

    /// The scopes of [`Self::add_azure_reader`], in lower case.
    #[must_use]
    pub fn readable_scopes(&self, object_id: &str) -> &[String] {
        self.readable.get(&object_id.to_lowercase()).map_or(&[], Vec::as_slice)
    }

    /// The managed identities that are attached to the broker, in order.
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

    /// The service principal with this application id or, for a managed identity, client id.
    #[must_use]
    pub fn service_principal_by_app_id(&self, app_id: &str) -> Option<&ServicePrincipal> {
        self.object_ids
            .get(&app_id.to_lowercase())
            .and_then(|object_id| self.service_principal(object_id))
    }

    /// The service principals that have or had this alternative name, in the order of their object
    /// ids. Names are not case-sensitive.
    pub fn service_principals_by_alternative_name(
        &self,
        name: &str,
    ) -> impl Iterator<Item = &ServicePrincipal> + use<'_> {
        let object_ids = self.alternative_names.get(&name.to_lowercase());
        object_ids.into_iter().flatten().filter_map(|id| self.service_principal(id))
    }

    /// The service principals with this alternative name, including hidden ones, which exist already.
    pub fn all_service_principals_by_alternative_name(
        &self,
        name: &str,
    ) -> impl Iterator<Item = &ServicePrincipal> {
        let name = name.to_lowercase();
        let arrived = self.service_principals_by_alternative_name(&name);
        arrived.chain(self.replication.under_way()).filter(move |one| {
            one.alternative_names.iter().any(|known| known.to_lowercase() == name)
        })
    }

    /// The API of a token's resource, which is an application id or an identifier URI.
    #[must_use]
    pub fn api_named(&self, resource: &str) -> Option<&ServicePrincipal> {
        self.service_principals
            .values()
            .filter(|candidate| !candidate.service_principal_type.is_managed_identity())
            .find(|candidate| candidate.answers_to(resource))
    }

    /// All assignments, grouped by principal, in the order of their creation.
    #[must_use]
    pub fn assignments(&self) -> Vec<AppRoleAssignment> {
        self.assignments.values().flatten().cloned().collect()
    }

    /// The assignments that a principal holds, in the order of their creation.
    #[must_use]
    pub fn assignments_of(&self, principal_id: &str) -> &[AppRoleAssignment] {
        self.assignments.get(&principal_id.to_lowercase()).map_or(&[], Vec::as_slice)
    }

    /// The assignments of a principal that a list shows, in the order of their creation.
    #[must_use]
    pub fn listed_assignments_of(&self, principal_id: &str) -> Vec<&AppRoleAssignment> {
        let held = self.assignments_of(principal_id);
        self.list_delay.shown(&principal_id.to_lowercase(), held, Instant::now())
    }

    /// The assignments of an API's roles that a list shows, grouped by principal.
    pub fn listed_assignments_to(&self, api_id: &str) -> Vec<&AppRoleAssignment> {
        let is_listed = |one: &&AppRoleAssignment| one.resource_id.eq_ignore_ascii_case(api_id);
        let principals = self.assignments.keys();
        let listed = principals.flat_map(|principal| self.listed_assignments_of(principal));
        listed.filter(is_listed).collect()
    }

    /// A part of [`Self::listed_assignments_to`], from the assignment with the number `first` on, and the length
    /// of the whole; `None` while lists lag, because they show something else than what is held then.
    #[must_use]
    pub fn page_of_assignments_to(
        &self,
        api_id: &str,
        (first, size): (usize, usize),
    ) -> Option<(Vec<&AppRoleAssignment>, usize)> {
        if !self.list_delay.is_off() {
            return None;
        }
        let (holders, before) = self.holders.from(api_id, first);
        let held = holders.flat_map(|principal| self.assignments_of(principal));
        let to_api = held.filter(|one| one.resource_id.eq_ignore_ascii_case(api_id));
        Some((to_api.skip(before).take(size).collect(), self.holders.count(api_id)))
    }

    /// Sets the replica lag of lists.
    pub fn set_list_lag(&mut self, lag: Duration) {
        self.list_delay.set_lag(lag);
    }

    /// Hides new assignments from lists, or shows all of them.
    pub fn hold_back_assignments(&mut self, held_back: bool) {
        self.list_delay.hold_back(held_back);
    }

    /// The values of the app roles of `api` that the principal holds, for a token's `roles` claim.
    #[must_use]
    pub fn role_values(&self, principal_id: &str, api: &ServicePrincipal) -> Vec<String> {
        self.assignments_of(principal_id)
            .iter()
            .filter(|held| held.resource_id == api.id)
            .filter_map(|held| api.app_role(&held.app_role_id)?.value.clone())
            .collect()
    }

    /// Assigns an app role, named by its value or id.
    ///
    /// # Errors
    ///
    /// If Microsoft Graph would refuse the assignment.
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
        let assignment = AppRoleAssignment::new(principal, api, app_role_id);
        self.list_delay.made(&assignment, Instant::now());
        self.holders.added(&assignment.resource_id, &assignment.principal_id);
        let held = self.assignments.entry(assignment.principal_id.clone()).or_default();
        held.push(assignment.clone());
        Ok(assignment)
    }

    /// Sets the age of an assignment; returns false if there is none with this id.
    pub fn backdate(&mut self, assignment_id: &str, age: Duration) -> bool {
        let mut all = self.assignments.values_mut().flatten();
        let Some(found) = all.find(|one| one.id == assignment_id) else { return false };
        found.backdate(age);
        true
    }

    /// The assignment with this id.
    #[must_use]
    pub fn assignment(&self, assignment_id: &str) -> Option<&AppRoleAssignment> {
        let principal_id = assignment_id::principal_of(assignment_id)?;
        self.assignments_of(&principal_id).iter().find(|held| held.id == assignment_id)
    }

    /// Deletes an assignment and returns it; `None` if there is none with this id.
    pub fn revoke(&mut self, assignment_id: &str) -> Option<AppRoleAssignment> {
        let principal_id = assignment_id::principal_of(assignment_id)?;
        let held = self.assignments.get_mut(&principal_id)?;
        let position = held.iter().position(|held| held.id == assignment_id)?;
        let revoked = held.remove(position);
        self.list_delay.removed(&revoked, Instant::now());
        self.holders.removed(&revoked.resource_id, &revoked.principal_id);
        Some(revoked)
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
