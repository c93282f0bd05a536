//! The order in which a run takes the principals of a tenant.

use crate::ids::ObjectId;

/// An order of ids that starts with a given one, and continues after the largest id with the smallest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoundOrder {
    first: ObjectId,
}

/// The place of an id in a [`RoundOrder`]. Places are ordered as it prescribes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    comes_after_the_largest: bool,
    id: ObjectId,
}

impl RoundOrder {
    /// The order that starts with this id, even if no object has it.
    #[must_use]
    pub fn starting_with(first: ObjectId) -> Self {
        Self { first }
    }

    /// The place of an id.
    #[must_use]
    pub fn place(&self, id: ObjectId) -> Place {
        Place { comes_after_the_largest: id < self.first, id }
    }
}

impl Place {
    /// The id at this place.
    #[must_use]
    pub fn id(&self) -> ObjectId {
        self.id
    }
}
