//! The baseline against what the identities of a tenant really hold: who lacks something, what nobody
//! has allowed, and whose turn it is to be looked at.
//!
//! A large tenant has hundreds of thousands of assignments. They are kept as [`Holding`]s and nothing
//! else of them; identities are looked at as they come, and only the ids of some are kept.

use std::sync::Arc;

use crate::{
    directory::{Api, AppRole, Principal},
    ids::{AppRoleId, ObjectId},
    plan,
    policy::{BaselineQuestion, OwnIdentity, Policy},
};

/// An assignment, as far as it is compared: 49 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Holding {
    /// Who holds the role.
    pub principal: ObjectId,
    /// Whose role it is.
    pub api: ObjectId,
    /// The role.
    pub role: AppRoleId,
    /// Whether it was made so long ago that an earlier comparison had seen it, or would have.
    pub is_old: bool,
}

impl Holding {
    /// What tells one assignment from another.
    fn ids(&self) -> (ObjectId, ObjectId, AppRoleId) {
        (self.principal, self.api, self.role)
    }
}

/// Who holds what, found by who.
#[derive(Debug, Default)]
pub struct Holdings(Vec<Holding>);

impl From<Vec<Holding>> for Holdings {
    /// In any order; one that is there twice counts once.
    fn from(mut all: Vec<Holding>) -> Self {
        all.sort_unstable();
        all.dedup();
        Self(all)
    }
}

impl Holdings {
    /// What one principal holds.
    #[must_use]
    pub fn of(&self, principal: ObjectId) -> &[Holding] {
        let begin = self.0.partition_point(|one| one.principal < principal);
        let end = self.0.partition_point(|one| one.principal <= principal);
        self.0.get(begin..end).unwrap_or_default()
    }
}

/// What identities are compared with.
#[derive(Debug)]
pub struct Comparison<'a> {
    /// What they should and may hold.
    pub policy: &'a Policy,
    /// Who the broker is.
    pub own: OwnIdentity,
    /// The APIs that the baseline is about.
    pub apis: &'a [Arc<Api>],
    /// What is held on these APIs.
    pub holdings: &'a Holdings,
}

/// What looking at identities has shown.
#[derive(Debug, Default)]
pub struct Findings {
    /// How many were looked at.
    pub identities: usize,
    /// Those that lack something of what the baseline gives them.
    pub lacking: Vec<ObjectId>,
    /// What some hold and no rule allows.
    pub unexpected: Vec<Holding>,
}

impl Findings {
    /// Looks at one identity. To look twice at one does no harm.
    pub fn look_at(&mut self, identity: &Principal, comparison: &Comparison<'_>) {
        let Comparison { policy, own, apis, holdings } = *comparison;
        self.identities += 1;
        let held = holdings.of(identity.object_id);
        let wanted = apis.iter().flat_map(|api| policy.wanted(identity, api, own)).collect();
        let present = held.iter().map(|one| (one.api, one.role));
        if !plan::missing(wanted, present).is_empty() {
            self.lacking.push(identity.object_id);
        }
        // What the broker's own identity holds is what makes it the broker.
        if identity.object_id != own.object_id {
            let unexpected = held.iter().filter(|one| !comparison.explains(identity, one));
            self.unexpected.extend(unexpected);
        }
    }
}

impl Comparison<'_> {
    fn explains(&self, principal: &Principal, held: &Holding) -> bool {
        let Some(api) = self.apis.iter().find(|api| api.object_id == held.api) else { return true };
        let defined = api.roles.iter().find(|role| role.id == held.role).cloned();
        let role = &defined.unwrap_or_else(|| AppRole::known_by_id(held.role));
        self.policy.explains(&BaselineQuestion { principal, api, role, own: self.own })
    }
}

/// Who of those that lack something is looked at now.
#[derive(Debug, PartialEq, Eq)]
pub struct Turns {
    /// Whose turn it is.
    pub now: Vec<ObjectId>,
    /// How many have to wait for the next time.
    pub later: usize,
    /// With whom the next time begins, if anybody has to wait.
    pub next: Option<ObjectId>,
}

impl Turns {
    /// At most `most` of those who lack something, round and round in the order of their ids: those from
    /// `from` on, and then those from the beginning. Whoever keeps lacking something, for whatever reason,
    /// keeps nobody else from having a turn.
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

/// What was found this time and the time before, or is old enough to have been. Something that is found
/// once may be on its way in or out, since lists lag behind. `before` is in order.
#[must_use]
pub fn found_twice(found: &[Holding], before: &[Holding]) -> Vec<Holding> {
    let was_found = |one: &Holding| before.binary_search_by_key(&one.ids(), Holding::ids).is_ok();
    found.iter().filter(|one| one.is_old || was_found(one)).copied().collect()
}

#[cfg(test)]
mod tests;
