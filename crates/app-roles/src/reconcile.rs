//! The comparison of a tenant with the baseline: which identities lack roles, which assignments no rule
//! allows, and which identities are repaired first.
//!
//! A large tenant has more assignments than should be in memory at a time. A run takes one [`Share`] of them
//! after the other, compares the identities of each one by one, and keeps a bounded [`Summary`].

mod assignment;
mod comparison;
mod held_role;
mod order;
mod share;
mod summary;

pub use assignment::{AssignmentsByPrincipal, CompactAssignment};
pub use comparison::{Comparison, Findings};
pub use order::{Place, RoundOrder};
pub use share::{PrincipalRange, Share};
pub use summary::{Confirmed, Limits, RepairBatch, Summary};

#[cfg(test)]
mod tests;
