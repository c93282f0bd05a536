//! The writes that the directory has accepted, for tests that check a run afterwards.

use std::{collections::VecDeque, time::Instant};

use crate::directory::AppRoleAssignment;

/// The number of writes that are kept, more than hours under load make.
const REMEMBERED: usize = 1_000_000;

/// The kind of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteKind {
    /// The assignment was created.
    Created,
    /// The assignment was deleted.
    Deleted,
}

/// A write that the directory has accepted, whatever its response was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcceptedWrite {
    /// Whether the assignment was created or deleted.
    pub kind: WriteKind,
    /// The id of the assignment.
    pub assignment_id: String,
    /// The holder's object id.
    pub principal_id: String,
    /// The object id of the API that defines the role.
    pub resource_id: String,
    /// The role's id.
    pub app_role_id: String,
    /// The `client-request-id` of the request; `None` if the request had none, and for a write without
    /// a request.
    pub client_request_id: Option<String>,
    /// The time at which the directory accepted the write.
    pub at: Instant,
}

/// Accepted writes, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    writes: VecDeque<AcceptedWrite>,
}

impl Ledger {
    /// Records a write. Call it while the directory is locked, so that records are in the order of the
    /// writes.
    pub(crate) fn record(
        &mut self,
        kind: WriteKind,
        assignment: &AppRoleAssignment,
        client_request_id: Option<&str>,
    ) {
        if self.writes.len() == REMEMBERED {
            self.writes.pop_front();
        }
        self.writes.push_back(AcceptedWrite {
            kind,
            assignment_id: assignment.id.clone(),
            principal_id: assignment.principal_id.clone(),
            resource_id: assignment.resource_id.clone(),
            app_role_id: assignment.app_role_id.clone(),
            client_request_id: client_request_id.map(str::to_owned),
            at: Instant::now(),
        });
    }

    pub(crate) fn accepted(&self) -> Vec<AcceptedWrite> {
        self.writes.iter().cloned().collect()
    }
}
