//! The ends of assignments: which assignment ends when, and who said so.
//!
//! A row of the table [`ENDS_TABLE`] is stored before the write that creates an assignment, so that no end
//! is forgotten. It does not cover assignments that others made: it names the assignments that it covers,
//! or the period in which a write of the broker may have made one. Two requests, two processes and a
//! process that dies between two steps meet in this row. How each step changes it is computed by pure
//! functions ([`rules`]), and the table accepts a change only if the row is still as it was read.

mod client;
mod columns;
mod details;
mod end_row;
mod origin;
pub mod rules;

pub use client::{Ends, EndsError, PrincipalEnds, StepEnd, StoredEnd, Taken};
pub use columns::UnreadableEnd;
pub use details::Details;
pub use end_row::{Claim, ENDS_TABLE, EndKey, EndRow, Subject};
