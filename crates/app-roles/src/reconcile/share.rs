//! The part of a tenant's assignments that is in memory at a time.

use super::{
    assignment::{AssignmentsByPrincipal, CompactAssignment},
    held_role::{HeldRole, Roles},
    order::{Place, RoundOrder},
};
use crate::ids::ObjectId;

/// The assignments of the principals from one place to another, at most a given number.
///
/// All assignments are offered to it, in any order. When it is full, it gives up its last principals and
/// ends before them. So it holds either all assignments of a principal or none, and the next share begins
/// where this one ends.
#[derive(Debug)]
pub struct Share {
    range: PrincipalRange,
    most: usize,
    held: Vec<HeldRole>,
    roles: Roles,
}

/// The principals from one place of an order to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PrincipalRange {
    order: RoundOrder,
    begin: Option<Place>,
    end: Option<Place>,
}

impl PrincipalRange {
    /// Whether a principal belongs to the range.
    #[must_use]
    pub fn covers(&self, principal: ObjectId) -> bool {
        let place = self.order.place(principal);
        self.begin.is_none_or(|begin| begin <= place) && self.end.is_none_or(|end| place < end)
    }

    /// The place behind its last principal, where the next range begins; `None` if there is no next one.
    #[must_use]
    pub fn end(&self) -> Option<Place> {
        self.end
    }
}

impl Share {
    /// An empty share of at most `most` assignments. It begins at a place, or else with the order.
    #[must_use]
    pub fn new(order: RoundOrder, begin: Option<Place>, most: usize) -> Self {
        Self {
            range: PrincipalRange { order, begin, end: None },
            most,
            // Reserved at once: a growing vector is copied, and needs half as much again meanwhile. Memory
            // that is never written to does not count.
            held: Vec::with_capacity(most),
            roles: Roles::default(),
        }
    }

    /// Takes an assignment, if its principal belongs to this share.
    pub fn offer(&mut self, assignment: CompactAssignment) {
        if !self.range.covers(assignment.principal) {
            return;
        }
        if self.held.len() >= self.most {
            self.make_room();
            if !self.range.covers(assignment.principal) {
                return;
            }
        }
        let CompactAssignment { principal, api, role, is_old } = assignment;
        self.held.push(self.roles.held(principal, (api, role), is_old));
    }

    /// The principals and all their assignments, once all assignments have been offered.
    #[must_use]
    pub fn into_parts(self) -> (PrincipalRange, AssignmentsByPrincipal) {
        (self.range, AssignmentsByPrincipal::of_held(self.held, self.roles))
    }

    /// Removes duplicates, which occur if the reader of a list had to start again. If these are few,
    /// removes the principals of the last eighth, too. The assignments of a single principal are never
    /// given up.
    fn make_room(&mut self) {
        let order = self.range.order;
        self.held.sort_unstable_by_key(|one| (order.place(one.principal), *one));
        self.held.dedup();
        let kept = self.most - self.most.div_ceil(8);
        let place_at = |index: usize| self.held.get(index).map(|one| order.place(one.principal));
        let (Some(first), Some(at_cut)) = (place_at(0), place_at(kept)) else { return };
        let is_before = |one: &HeldRole| order.place(one.principal) < at_cut;
        let mut count = self.held.partition_point(is_before);
        if at_cut == first {
            count = self.held.partition_point(|one| order.place(one.principal) == first);
        }
        if let Some(end) = self.held.get(count).map(|one| order.place(one.principal)) {
            self.held.truncate(count);
            self.range.end = Some(end);
        }
    }
}
