//! The comparison of identities with the policy.

use std::sync::Arc;

use time::OffsetDateTime;

use super::assignment::{AssignmentsByPrincipal, CompactAssignment};
use crate::{
    baseline_role,
    directory::{Api, AppRole, Principal},
    ids::ObjectId,
    policy::{OwnIdentity, Policy, ProposedAssignment},
};

/// The expected and the actual state, with which identities are compared.
#[derive(Debug)]
pub struct Comparison<'a> {
    /// The policy: what identities must and may hold.
    pub policy: &'a Policy,
    /// The broker's own identity.
    pub own: OwnIdentity,
    /// The APIs of the baseline.
    pub apis: &'a [Arc<Api>],
    /// The assignments of roles of these APIs.
    pub holdings: &'a AssignmentsByPrincipal,
    /// The time of the comparison.
    pub now: OffsetDateTime,
}

/// The result of comparing identities.
#[derive(Debug, Default)]
pub struct Findings {
    /// The number of identities compared.
    pub identities: usize,
    /// The identities that lack roles of the baseline.
    pub lacking: Vec<ObjectId>,
    /// The assignments that no rule allows.
    pub unexpected: Vec<CompactAssignment>,
}

impl Findings {
    /// Compares one identity. Comparing it twice is harmless.
    pub fn compare(&mut self, identity: &Principal, comparison: &Comparison<'_>) {
        let Comparison { policy, own, apis, holdings, now } = *comparison;
        self.identities += 1;
        let held = holdings.of(identity.object_id);
        let wanted =
            apis.iter().flat_map(|api| policy.baseline_roles(identity, api, own, now)).collect();
        let present = held.map(|one| (one.api, one.role));
        if !baseline_role::missing(wanted, present).is_empty() {
            self.lacking.push(identity.object_id);
        }
        // No rule allows the broker's own roles, without which it could not work.
        if identity.object_id != own.object_id {
            let held = holdings.of(identity.object_id);
            let unexpected = held.filter(|one| !comparison.is_expected(identity, one));
            self.unexpected.extend(unexpected);
        }
    }
}

impl Comparison<'_> {
    fn is_expected(&self, principal: &Principal, held: &CompactAssignment) -> bool {
        let Some(api) = self.apis.iter().find(|api| api.object_id == held.api) else { return true };
        let defined = api.roles.iter().find(|role| role.id == held.role).cloned();
        let role = &defined.unwrap_or_else(|| AppRole::known_by_id(held.role));
        let Self { own, now, .. } = *self;
        self.policy.is_expected(&ProposedAssignment { principal, api, role, own, now })
    }
}
