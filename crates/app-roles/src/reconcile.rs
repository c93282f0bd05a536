//! The comparison of a tenant with the baseline: which identities lack roles, which assignments no rule
//! allows, and which identities are repaired first.
//!
//! A large tenant has hundreds of thousands of assignments. They are stored as compact [`CompactAssignment`]s.
//! Identities are compared one by one, and only the ids of those that lack roles are stored.

use std::sync::Arc;

use crate::{
    baseline_role,
    directory::{Api, AppRole, Principal},
    ids::{AppRoleId, ObjectId},
    policy::{OwnIdentity, Policy, ProposedAssignment},
};

/// The parts of an assignment that are compared: 49 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct CompactAssignment {
    /// The principal that holds the role.
    pub principal: ObjectId,
    /// The API that defines the role.
    pub api: ObjectId,
    /// The role.
    pub role: AppRoleId,
    /// Whether the assignment is so old that an earlier comparison saw it, or would have seen it.
    pub is_old: bool,
}

impl CompactAssignment {
    /// The ids that identify the assignment.
    fn ids(&self) -> (ObjectId, ObjectId, AppRoleId) {
        (self.principal, self.api, self.role)
    }
}

/// Assignments, indexed by principal.
#[derive(Debug, Default)]
pub struct AssignmentsByPrincipal(Vec<CompactAssignment>);

impl From<Vec<CompactAssignment>> for AssignmentsByPrincipal {
    /// Accepts any order and removes duplicates.
    fn from(mut all: Vec<CompactAssignment>) -> Self {
        all.sort_unstable();
        all.dedup();
        Self(all)
    }
}

impl AssignmentsByPrincipal {
    /// The assignments of one principal.
    #[must_use]
    pub fn of(&self, principal: ObjectId) -> &[CompactAssignment] {
        let begin = self.0.partition_point(|one| one.principal < principal);
        let end = self.0.partition_point(|one| one.principal <= principal);
        self.0.get(begin..end).unwrap_or_default()
    }
}

/// The expected and the actual state that identities are compared by.
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
        let Comparison { policy, own, apis, holdings } = *comparison;
        self.identities += 1;
        let held = holdings.of(identity.object_id);
        let wanted =
            apis.iter().flat_map(|api| policy.baseline_roles(identity, api, own)).collect();
        let present = held.iter().map(|one| (one.api, one.role));
        if !baseline_role::missing(wanted, present).is_empty() {
            self.lacking.push(identity.object_id);
        }
        // The broker's own roles are what make it the broker. No rule allows them.
        if identity.object_id != own.object_id {
            let unexpected = held.iter().filter(|one| !comparison.is_expected(identity, one));
            self.unexpected.extend(unexpected);
        }
    }
}

impl Comparison<'_> {
    fn is_expected(&self, principal: &Principal, held: &CompactAssignment) -> bool {
        let Some(api) = self.apis.iter().find(|api| api.object_id == held.api) else { return true };
        let defined = api.roles.iter().find(|role| role.id == held.role).cloned();
        let role = &defined.unwrap_or_else(|| AppRole::known_by_id(held.role));
        self.policy.is_expected(&ProposedAssignment { principal, api, role, own: self.own })
    }
}

/// The identities to repair in this run, and where the next run continues.
#[derive(Debug, PartialEq, Eq)]
pub struct RepairBatch {
    /// The identities to repair now.
    pub now: Vec<ObjectId>,
    /// The number of identities that must wait for the next run.
    pub later: usize,
    /// The identity that the next run starts with, if any must wait.
    pub next: Option<ObjectId>,
}

impl RepairBatch {
    /// Selects at most `most` identities, round robin in the order of their ids and starting at `from`, so
    /// that identities that cannot be repaired do not starve the others.
    #[must_use]
    pub fn of(mut lacking: Vec<ObjectId>, from: ObjectId, most: usize) -> Self {
        lacking.sort_unstable();
        lacking.dedup();
        let first = lacking.partition_point(|id| *id < from);
        lacking.rotate_left(first);
        let later = lacking.split_off(most.min(lacking.len()));
        Self { now: lacking, later: later.len(), next: later.first().copied() }
    }
}

/// Keeps the assignments that the comparison before found too, or that are old enough for that.
///
/// An assignment that was found only once may be changing right now, because of replica lag. `before`
/// must be sorted.
#[must_use]
pub fn confirmed(
    found: &[CompactAssignment],
    before: &[CompactAssignment],
) -> Vec<CompactAssignment> {
    let was_found = |one: &CompactAssignment| {
        before.binary_search_by_key(&one.ids(), CompactAssignment::ids).is_ok()
    };
    found.iter().filter(|one| one.is_old || was_found(one)).copied().collect()
}

#[cfg(test)]
mod tests;
