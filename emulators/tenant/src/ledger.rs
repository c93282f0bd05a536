//! The record of every write that the directory has accepted, for whoever checks a run afterwards.

use std::{collections::VecDeque, time::Instant};

use super::directory::AppRoleAssignment;

/// How many writes are remembered: more than hours under load make.
const REMEMBERED: usize = 1_000_000;

/// What a write did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteKind {
    /// The assignment was created.
    Created,
    /// The assignment was deleted.
    Deleted,
}

/// A write that the directory has accepted, whatever its caller was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcceptedWrite {
    /// What it did.
    pub kind: WriteKind,
    /// The holder's object id.
    pub principal_id: String,
    /// The object id of the API that defines the role.
    pub resource_id: String,
    /// The role's id.
    pub app_role_id: String,
    /// The assignment's id.
    pub assignment_id: String,
    /// The `client-request-id` of the request that made it; none when the request had none, or when
    /// it was made without a request.
    pub client_request_id: Option<String>,
    /// When the directory accepted it.
    pub at: Instant,
}

/// Accepted writes, oldest first.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    writes: VecDeque<AcceptedWrite>,
}

impl Ledger {
    /// Records a write. Call it while the directory is still locked: otherwise another write could
    /// be recorded before one that it followed.
    pub(super) fn record(
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
            principal_id: assignment.principal_id.clone(),
            resource_id: assignment.resource_id.clone(),
            app_role_id: assignment.app_role_id.clone(),
            assignment_id: assignment.id.clone(),
            client_request_id: client_request_id.map(str::to_owned),
            at: Instant::now(),
        });
    }

    pub(super) fn accepted(&self) -> Vec<AcceptedWrite> {
        self.writes.iter().cloned().collect()
    }
}
