//! The principals and APIs of a report, and their positions in its lists.

use std::collections::HashMap;

use app_roles::{
    arm::ArmScope,
    directory::{Api, AppRole, Principal, PrincipalKind},
    ids::{AppRoleId, Guid, ObjectId},
    policy::ApiRules,
    privileged,
};

use super::document::{Kind, Owner, ReportedApi, ReportedPrincipal, ReportedRole};

/// The name of the role that an API without roles gives.
const DEFAULT_ACCESS: &str = "default access";

/// Principals, sorted by name.
#[derive(Debug)]
pub(super) struct Principals<'a> {
    all: Vec<&'a Principal>,
    positions: HashMap<ObjectId, usize>,
}

impl<'a> Principals<'a> {
    pub(super) fn of(all: &'a [Principal]) -> Self {
        let mut all: Vec<_> = all.iter().collect();
        all.sort_by_cached_key(|one| (name(one).to_lowercase(), one.object_id));
        let positions = all.iter().zip(0..).map(|(one, position)| (one.object_id, position));
        Self { positions: positions.collect(), all }
    }

    /// A principal and its position.
    pub(super) fn find(&self, id: ObjectId) -> Option<(usize, &'a Principal)> {
        let position = *self.positions.get(&id)?;
        Some((position, self.all.get(position)?))
    }

    /// All principals with their positions.
    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, &'a Principal)> {
        self.all.iter().copied().enumerate()
    }

    pub(super) fn reported(&self) -> Vec<ReportedPrincipal> {
        self.all.iter().map(|one| reported_principal(one)).collect()
    }
}

/// An API of a report, and the rules for it.
#[derive(Debug)]
pub(super) struct ApiEntry<'a> {
    pub(super) api: &'a Api,
    pub(super) rules: ApiRules<'a>,
    roles: Vec<AppRole>,
    positions: HashMap<AppRoleId, usize>,
}

impl<'a> ApiEntry<'a> {
    pub(super) fn new(api: &'a Api, rules: ApiRules<'a>) -> Self {
        let roles = api.roles.clone();
        let positions = roles.iter().zip(0..).map(|(role, position)| (role.id, position));
        Self { api, rules, positions: positions.collect(), roles }
    }

    /// The position of a role. One that the API does not define gets an entry of its own.
    pub(super) fn position(&mut self, id: AppRoleId) -> usize {
        *self.positions.entry(id).or_insert_with(|| {
            self.roles.push(AppRole::known_by_id(id));
            self.roles.len() - 1
        })
    }

    /// The role at a position, and the rules.
    pub(super) fn role(&mut self, position: usize) -> Option<(&AppRole, &mut ApiRules<'a>)> {
        Some((self.roles.get(position)?, &mut self.rules))
    }

    /// The order of APIs.
    pub(super) fn by_name(&self) -> (String, ObjectId) {
        (self.api.display_name.to_lowercase(), self.api.object_id)
    }

    pub(super) fn reported(self, own_tenant: Option<Guid>) -> ReportedApi {
        let Self { api, roles, .. } = self;
        ReportedApi {
            id: api.object_id,
            app_id: api.app_id,
            name: api.display_name.clone(),
            owner: owner(api, own_tenant),
            roles: roles.into_iter().map(reported_role).collect(),
        }
    }
}

fn reported_role(role: AppRole) -> ReportedRole {
    let display_name = (role.id == AppRoleId::DEFAULT_ACCESS).then_some(DEFAULT_ACCESS);
    ReportedRole { id: role.id, value: role.value, display_name }
}

fn owner(api: &Api, own_tenant: Option<Guid>) -> Owner {
    match api.owner {
        _ if privileged::is_microsofts(api.app_id, api.owner) => Owner::Microsoft,
        None => Owner::Unknown,
        owner if owner == own_tenant => Owner::ThisTenant,
        Some(_) => Owner::Other,
    }
}

fn reported_principal(principal: &Principal) -> ReportedPrincipal {
    let resource = principal.resource_id.as_ref().map(ArmScope::as_str);
    let behind = |word: &str, index: usize| {
        let mut parts = resource?.split('/').skip(index);
        parts.next().filter(|part| part.eq_ignore_ascii_case(word))?;
        parts.next().map(str::to_owned)
    };
    ReportedPrincipal {
        id: principal.object_id,
        name: name(principal).to_owned(),
        kind: match principal.kind {
            PrincipalKind::ManagedIdentity => Kind::ManagedIdentity,
            PrincipalKind::Application => Kind::Application,
            PrincipalKind::Agent => Kind::Agent,
            PrincipalKind::AgentBlueprint => Kind::AgentBlueprint,
            PrincipalKind::Unknown => Kind::Other,
        },
        resource_id: resource.map(str::to_owned),
        // The first part is empty.
        subscription: behind("subscriptions", 1),
        resource_group: behind("resourceGroups", 3),
    }
}

/// The display name, or else the last word of the resource's ID.
fn name(principal: &Principal) -> &str {
    let resource = || principal.resource_id.as_ref()?.as_str().rsplit('/').next();
    match principal.display_name.as_str() {
        "" => resource().unwrap_or_default(),
        name => name,
    }
}
