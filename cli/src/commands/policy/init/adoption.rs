//! A proposal for a tenant, with the names and times that a person needs to judge it.

use std::{collections::BTreeMap, sync::Arc};

use app_roles::{
    directory::{Api, Principal, PrincipalKind},
    ids::ObjectId,
    policy::proposal::{
        HeldRole, Holdings, LeftOut, OpenQuestion, Proposal, ProposalTerms, ProposedRule, propose,
    },
};
use serde::Serialize;
use time::OffsetDateTime;

use crate::{
    inventory::{InventoryAssignment, TenantInventory},
    timestamps::to_the_second,
};

/// A proposal, and what a person needs to judge it.
#[derive(Debug)]
pub(super) struct Adoption {
    pub(super) proposal: Proposal,
    /// The privileged roles that are held, sorted by the names of their holders.
    pub(super) questions: Vec<Question>,
    pub(super) counts: Counts,
    /// What could not be read, in sentences.
    pub(super) unread: Vec<String>,
    /// Whether the broker's own identity was named, so that it is left out.
    pub(super) names_broker: bool,
}

/// The sizes of a tenant and of what is proposed for it.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Counts {
    /// The managed identities of the tenant.
    pub(super) identities: usize,
    /// The assignments that the rules allow.
    pub(super) allowed: usize,
    pub(super) rules: usize,
    /// The roles of the broker itself.
    pub(super) brokers_own: usize,
    /// The assignments that the list `protected` keeps from every change.
    pub(super) protected: usize,
    /// The assignments of service principals other than managed identities.
    pub(super) others: usize,
}

/// Whether a privileged role should stay.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Question {
    pub(super) principal: String,
    pub(super) principal_id: ObjectId,
    pub(super) api: String,
    api_id: ObjectId,
    pub(super) role: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) since: Option<String>,
    pub(super) privileged_because: String,
    /// The rule that would allow it.
    pub(super) rule: ProposedRule,
}

/// Proposes a policy for what a tenant holds.
pub(super) fn adopt(inventory: TenantInventory, terms: &ProposalTerms) -> Adoption {
    let held: Vec<_> = inventory.assignments.iter().map(held_role).collect();
    let proposal = propose(
        Holdings {
            principals: &inventory.principals,
            lacks_principals: inventory.lacks_principals,
            apis: &inventory.apis,
            held: &held,
        },
        terms,
    );
    let names = Names::of(&inventory);
    let mut questions: Vec<_> =
        proposal.questions.iter().map(|question| names.question(question)).collect();
    questions.sort_by_cached_key(|one| {
        (one.principal.to_lowercase(), one.principal_id, one.api.to_lowercase(), one.role.clone())
    });
    let counts = counts(&inventory, &proposal);
    Adoption { proposal, questions, counts, unread: inventory.unread, names_broker: false }
}

fn held_role(assignment: &InventoryAssignment) -> HeldRole {
    let InventoryAssignment { principal, api, role, .. } = *assignment;
    HeldRole { principal, api, role }
}

fn counts(inventory: &TenantInventory, proposal: &Proposal) -> Counts {
    let is_identity = |one: &&Principal| one.kind == PrincipalKind::ManagedIdentity;
    let left_out = |reason| proposal.left_out.iter().filter(|(_, other)| *other == reason).count();
    let without_rule = proposal.questions.len() + proposal.left_out.len();
    Counts {
        identities: inventory.principals.iter().filter(is_identity).count(),
        allowed: inventory.assignments.len().saturating_sub(without_rule),
        rules: proposal.rules.len(),
        brokers_own: left_out(LeftOut::BrokersOwn),
        protected: left_out(LeftOut::Protected),
        others: left_out(LeftOut::NoManagedIdentity),
    }
}

/// The names in a tenant, and since when roles are held.
struct Names<'a> {
    principals: BTreeMap<ObjectId, &'a Principal>,
    apis: BTreeMap<ObjectId, &'a Arc<Api>>,
    since: BTreeMap<HeldRole, OffsetDateTime>,
}

impl<'a> Names<'a> {
    fn of(inventory: &'a TenantInventory) -> Self {
        let since = inventory.assignments.iter();
        Self {
            principals: inventory.principals.iter().map(|one| (one.object_id, one)).collect(),
            apis: inventory.apis.iter().map(|api| (api.object_id, api)).collect(),
            since: since.filter_map(|one| Some((held_role(one), one.created?))).collect(),
        }
    }

    fn question(&self, open: &OpenQuestion) -> Question {
        let OpenQuestion { held, why, rule } = open;
        let principal = self.principals.get(&held.principal).map(|one| &one.display_name);
        let api = self.apis.get(&held.api).map(|api| &api.display_name);
        let role = rule.roles.first().cloned();
        Question {
            principal: principal.cloned().unwrap_or_default(),
            principal_id: held.principal,
            api: api.cloned().unwrap_or_default(),
            api_id: held.api,
            role: role.unwrap_or_else(|| held.role.to_string()),
            since: self.since.get(held).copied().map(to_the_second),
            privileged_because: why.to_string(),
            rule: rule.clone(),
        }
    }
}
