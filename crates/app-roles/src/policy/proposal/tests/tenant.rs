//! A tenant for tests of proposals.

use std::{collections::BTreeSet, sync::Arc};

use super::super::{HeldRole, Holdings, Proposal, ProposalTerms, policy_text, propose};
use crate::{
    arm::ArmScope,
    directory::{Api, AppRole, Principal, PrincipalKind},
    ids::{AppId, AppRoleId, Guid, ObjectId},
    policy::{OwnIdentity, Policy, ProposedAssignment, fixtures},
    privileged,
};

/// A tenant: who there is, which APIs there are, and who holds what.
#[derive(Debug, Clone, Default)]
pub(super) struct Tenant {
    pub(super) principals: Vec<Principal>,
    pub(super) apis: Vec<Arc<Api>>,
    pub(super) held: Vec<HeldRole>,
    pub(super) protected: Vec<String>,
    pub(super) lacks_principals: bool,
}

/// An id from a number. `kind` keeps ids of different things apart.
pub(super) fn id(kind: &str, number: usize) -> String {
    format!("{kind}000000-0000-4000-8000-{number:012x}")
}

pub(super) fn object(kind: &str, number: usize) -> ObjectId {
    ObjectId::parse(&id(kind, number)).unwrap()
}

/// The id of a role of an API.
pub(super) fn role_id(api: usize, role: usize) -> AppRoleId {
    AppRoleId::parse(&id("cc", api * 1000 + role)).unwrap()
}

/// The place of a user-assigned identity. The directory writes `resourcegroups` in lower case.
pub(super) fn place(subscription: usize, group: usize, name: usize) -> String {
    let subscription = id("ee", subscription);
    format!(
        "/subscriptions/{subscription}/resourcegroups/rg-{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-{name}"
    )
}

impl Tenant {
    /// Adds a managed identity, with a place or without.
    pub(super) fn identity(&mut self, number: usize, place: Option<&str>) -> ObjectId {
        let object_id = object("aa", number);
        self.principals.push(Principal {
            object_id,
            client_id: AppId::parse(&id("ab", number)).ok(),
            display_name: format!("id-{number}"),
            kind: PrincipalKind::ManagedIdentity,
            resource_id: place.map(|place| ArmScope::parse(place).unwrap()),
            by_client_id: false,
        });
        object_id
    }

    /// Adds an API of the tenant's own with this many roles.
    pub(super) fn api(&mut self, number: usize, roles: usize) {
        let role = |role| AppRole {
            value: Some(format!("Api{number}.Role{role}")),
            ..AppRole::known_by_id(role_id(number, role))
        };
        self.apis.push(Arc::new(Api {
            object_id: object("bb", number),
            app_id: AppId::parse(&id("bc", number)).unwrap(),
            owner: Guid::parse(fixtures::TENANT).ok(),
            identifier_uris: Vec::new(),
            display_name: format!("API {number}"),
            roles: (0..roles).map(role).collect(),
            has_unreadable_roles: false,
        }));
    }

    /// Gives a role to a principal.
    pub(super) fn grant(&mut self, principal: ObjectId, api: usize, role: usize) {
        self.hold(principal, object("bb", api), role_id(api, role));
    }

    pub(super) fn hold(&mut self, principal: ObjectId, api: ObjectId, role: AppRoleId) {
        self.held.push(HeldRole { principal, api, role });
    }

    pub(super) fn proposal(&self) -> Proposal {
        let terms = ProposalTerms {
            requesters: vec![fixtures::team()],
            protected: self.protected.clone(),
            own: fixtures::own(),
        };
        let Self { principals, apis, held, lacks_principals, .. } = self;
        let lacks_principals = *lacks_principals;
        propose(Holdings { principals, lacks_principals, apis, held }, &terms)
    }

    /// The proposed policy, which the reader of policies must accept.
    pub(super) fn policy(&self) -> Policy {
        let text = policy_text(&self.protected, &self.proposal().rules);
        Policy::parse(text.as_bytes()).unwrap_or_else(|faults| panic!("{faults}: {text}"))
    }

    /// Asserts that the proposed policy allows each managed identity what it holds, except privileged
    /// roles, and nothing else.
    pub(super) fn assert_exact(&self) {
        let policy = self.policy();
        assert_eq!(policy.warnings(fixtures::NOW), []);
        let held: BTreeSet<_> = self.held.iter().copied().collect();
        let own = fixtures::own();
        for principal in &self.principals {
            for (api, role) in
                self.apis.iter().flat_map(|api| roles(api).map(move |role| (api, role)))
            {
                let one =
                    HeldRole { principal: principal.object_id, api: api.object_id, role: role.id };
                let is_open = held.contains(&one)
                    && principal.kind == PrincipalKind::ManagedIdentity
                    && principal.object_id != own.object_id
                    && privileged::of_assignment(principal, api, &role).is_none();
                let is_allowed = allows(&policy, (principal, api, &role), own);
                assert_eq!(is_allowed, is_open, "{one:?} {:?}", self.proposal());
            }
        }
    }
}

fn allows(
    policy: &Policy,
    (principal, api, role): (&Principal, &Api, &AppRole),
    own: OwnIdentity,
) -> bool {
    policy.is_expected(&ProposedAssignment { principal, api, role, own, now: fixtures::NOW })
}

/// The roles of an API, default access, and one that it does not define any more.
fn roles(api: &Api) -> impl Iterator<Item = AppRole> {
    let gone = AppRoleId::parse(&id("cf", 0)).unwrap();
    let others = [AppRoleId::DEFAULT_ACCESS, gone].map(AppRole::known_by_id);
    api.roles.clone().into_iter().chain(others)
}
