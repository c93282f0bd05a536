//! Requests that wait for approval.

mod cells;
mod client;
mod columns;
mod row;

pub use cells::UnreadableApproval;
pub use client::{Approvals, StoredApproval, WaitingOfRequester};
pub use row::{APPROVAL_TABLE, ApprovalRow, ApproverDecision, CarryOut, Shown, ShownRole};
