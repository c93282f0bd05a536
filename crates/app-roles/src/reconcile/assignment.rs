//! Assignments in the form in which they are compared.

use super::held_role::{HeldRole, Roles};
use crate::ids::{AppRoleId, ObjectId};

/// The parts of an assignment that are compared.
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

/// Assignments, indexed by principal. Each takes 20 bytes.
#[derive(Debug, Default)]
pub struct AssignmentsByPrincipal {
    /// Sorted.
    held: Vec<HeldRole>,
    roles: Roles,
}

impl From<Vec<CompactAssignment>> for AssignmentsByPrincipal {
    /// Accepts any order and removes duplicates.
    fn from(all: Vec<CompactAssignment>) -> Self {
        let mut roles = Roles::default();
        let held =
            all.into_iter().map(|one| roles.held(one.principal, (one.api, one.role), one.is_old));
        Self::of_held(held.collect(), roles)
    }
}

impl AssignmentsByPrincipal {
    pub(super) fn of_held(mut held: Vec<HeldRole>, roles: Roles) -> Self {
        held.sort_unstable();
        held.dedup();
        Self { held, roles }
    }

    /// The assignments of one principal.
    pub fn of(&self, principal: ObjectId) -> impl Iterator<Item = CompactAssignment> {
        let begin = self.held.partition_point(|one| one.principal < principal);
        let end = self.held.partition_point(|one| one.principal <= principal);
        let held = self.held.get(begin..end).unwrap_or_default();
        held.iter().filter_map(move |one| {
            let (api, role) = self.roles.ids(one)?;
            Some(CompactAssignment { principal, api, role, is_old: one.is_old() })
        })
    }
}
