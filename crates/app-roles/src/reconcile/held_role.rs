//! Assignments in as little memory as possible: a tenant has far more of them than of different roles.

use std::collections::HashMap;

use crate::ids::{AppRoleId, ObjectId};

/// A principal and a role that it holds: 20 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct HeldRole {
    pub(super) principal: ObjectId,
    /// Twice the index of the role, plus one if the assignment is old.
    role: u32,
}

/// The roles that are held, with the ids of their APIs.
#[derive(Debug, Default)]
pub(super) struct Roles {
    ids: Vec<(ObjectId, AppRoleId)>,
    indexes: HashMap<(ObjectId, AppRoleId), u32>,
}

impl HeldRole {
    pub(super) fn is_old(&self) -> bool {
        self.role & 1 == 1
    }
}

impl Roles {
    /// A role that a principal holds.
    pub(super) fn held(
        &mut self,
        principal: ObjectId,
        ids: (ObjectId, AppRoleId),
        is_old: bool,
    ) -> HeldRole {
        let next = u32::try_from(self.ids.len()).unwrap_or(u32::MAX);
        let index = *self.indexes.entry(ids).or_insert_with(|| {
            self.ids.push(ids);
            next
        });
        HeldRole { principal, role: (index << 1) | u32::from(is_old) }
    }

    /// The ids of the API and of the role; `None` if the role is not one of these.
    pub(super) fn ids(&self, held: &HeldRole) -> Option<(ObjectId, AppRoleId)> {
        self.ids.get(usize::try_from(held.role >> 1).ok()?).copied()
    }
}
