//! Requests that wait for approval.

mod announcements;
mod approval_world;
mod approver;
mod callers;
mod cases;
mod decisions;
mod flood;
mod forged_record;
mod hostile;
mod hostile_ballots;
mod hostile_callers;
mod hostile_changes;
mod hostile_messages;
mod hostile_rows;
mod hostile_tenant;
mod hostile_world;
mod instances;
mod kills;
mod later;
mod new_policies;
mod outages;
mod row_attacks;
mod stories;
mod used_once;
mod waiting;
mod write_limits;
