//! Sorting what is held: what rules can allow, what a person must decide on, and what is left out.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    super::protected::{self, Protected},
    holdings::{HeldRole, Holdings, ProposalTerms},
};
use crate::{
    directory::{Api, AppRole, Principal, PrincipalKind},
    ids::{AppRoleId, ObjectId},
    privileged::{self, PrivilegeReason},
};

/// Why a proposal leaves out a role that is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LeftOut {
    /// The broker itself holds it. The broker cannot work without its own roles.
    BrokersOwn,
    /// The policy protects the principal or the API, so no rule could change it.
    Protected,
    /// The holder is no managed identity, so no rule for a scope covers it.
    NoManagedIdentity,
    /// The API could not be read.
    UnknownApi,
}

/// The roles of an API that managed identities hold, by identity.
pub(super) type Held = BTreeMap<ObjectId, BTreeSet<AppRoleId>>;

/// What is held of one API.
#[derive(Debug)]
pub(super) struct OfApi<'a> {
    pub(super) api: &'a Api,
    /// The roles that rules must allow.
    pub(super) open: Held,
    /// The roles that a rule may also cover, because they are held and not privileged.
    pub(super) all: Held,
}

/// A privileged role that is held.
#[derive(Debug)]
pub(super) struct Privileged<'a> {
    pub(super) held: HeldRole,
    pub(super) principal: &'a Principal,
    pub(super) api: &'a Api,
    pub(super) role: AppRole,
    pub(super) why: PrivilegeReason,
}

/// What is held, sorted.
#[derive(Debug, Default)]
pub(super) struct Sorted<'a> {
    pub(super) apis: BTreeMap<ObjectId, OfApi<'a>>,
    pub(super) privileged: Vec<Privileged<'a>>,
    pub(super) left_out: Vec<(HeldRole, LeftOut)>,
}

impl<'a> Sorted<'a> {
    /// Sorts what is held.
    pub(super) fn of(holdings: Holdings<'a>, terms: &ProposalTerms) -> Self {
        let apis: BTreeMap<_, &Api> =
            holdings.apis.iter().map(|api| (api.object_id, api.as_ref())).collect();
        let principals: BTreeMap<_, &Principal> =
            holdings.principals.iter().map(|one| (one.object_id, one)).collect();
        // An entry that is no id or scope is refused by the reader of the policy.
        let protected: Vec<_> =
            terms.protected.iter().filter_map(|text| Protected::parse(text).ok()).collect();
        let mut sorted = Self::default();
        for held in holdings.held.iter().copied().collect::<BTreeSet<_>>() {
            let Some(api) = apis.get(&held.api) else {
                sorted.left_out.push((held, LeftOut::UnknownApi));
                continue;
            };
            match principals.get(&held.principal) {
                Some(principal) if principal.object_id == terms.own.object_id => {
                    sorted.left_out.push((held, LeftOut::BrokersOwn));
                }
                Some(principal) if is_proposed_for(principal.kind) => {
                    let is_protected = protected::is_api_protected(&protected, api)
                        || protected::principal_protection(&protected, principal).is_some();
                    sorted.take_in(held, (principal, api), is_protected);
                }
                _ => sorted.left_out.push((held, LeftOut::NoManagedIdentity)),
            }
        }
        sorted
    }

    fn take_in(
        &mut self,
        held: HeldRole,
        (principal, api): (&'a Principal, &'a Api),
        is_protected: bool,
    ) {
        let defined = api.roles.iter().find(|role| role.id == held.role).cloned();
        let role = defined.unwrap_or_else(|| AppRole::known_by_id(held.role));
        let why = privileged::of_assignment(principal, api, &role);
        if is_protected {
            self.left_out.push((held, LeftOut::Protected));
        } else if let Some(why) = why {
            self.privileged.push(Privileged { held, principal, api, role, why });
        }
        if why.is_none() {
            let new = || OfApi { api, open: Held::new(), all: Held::new() };
            let of_api = self.apis.entry(held.api).or_insert_with(new);
            of_api.all.entry(held.principal).or_default().insert(held.role);
            if !is_protected {
                of_api.open.entry(held.principal).or_default().insert(held.role);
            }
        }
    }
}

/// Whether a proposal has rules or questions about principals of this kind. The roles of a blueprint's
/// principal are privileged, because its agents inherit them.
fn is_proposed_for(kind: PrincipalKind) -> bool {
    matches!(kind, PrincipalKind::ManagedIdentity | PrincipalKind::AgentBlueprint)
}
