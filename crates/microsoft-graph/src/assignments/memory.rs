//! What this process last saw of single assignments.
//!
//! It never answers a request. It only tells where to look, because lists lag.

use std::time::Duration;

use app_roles::{
    directory::Assignment,
    ids::{AppRoleId, ObjectId},
    policy::Permit,
};
use memory_cache::TimedCache;

/// How long Graph's lists may lag behind writes. 30 to 60 seconds have been reported for new
/// assignments; this is twice as long.
pub(super) const REPLICA_LAG: Duration = Duration::from_secs(120);

/// How long an assignment is expected to exist after it was seen. Repeats of a request come from
/// deployments, once a day or more often. A wrong expectation costs one read.
const EXPECTED: Duration = Duration::from_secs(24 * 60 * 60);

/// The number of assignments that are remembered: more than the documented quota allows to write within
/// [`REPLICA_LAG`].
pub(super) const CAPACITY: usize = 4096;

/// Principal, API and role.
pub(super) type AssignmentKey = (ObjectId, ObjectId, AppRoleId);

/// The assignment that a permit is about.
pub(super) fn key(permit: &Permit) -> AssignmentKey {
    (permit.principal(), permit.api(), permit.role())
}

/// What was last seen of each assignment.
pub(super) struct Memory(TimedCache<AssignmentKey, Last>);

#[derive(Debug, Clone)]
enum Last {
    /// This process created it.
    Created(Assignment),
    /// Graph said that it exists.
    Seen(Assignment),
}

impl Memory {
    pub(super) fn new() -> Self {
        Self(TimedCache::new(CAPACITY))
    }

    /// The assignment, if it probably exists.
    pub(super) fn expected(&self, key: &AssignmentKey) -> Option<Assignment> {
        let (Last::Created(assignment) | Last::Seen(assignment)) = self.0.get(key, EXPECTED)?;
        Some(assignment)
    }

    /// The assignment, if this process created it so recently that lists may not show it yet.
    pub(super) fn created_lately(&self, key: &AssignmentKey) -> Option<Assignment> {
        match self.0.get(key, REPLICA_LAG)? {
            Last::Created(assignment) => Some(assignment),
            Last::Seen(_) => None,
        }
    }

    pub(super) fn created(&self, key: AssignmentKey, assignment: Assignment) {
        self.0.insert(key, Last::Created(assignment));
    }

    /// Remembers what Graph says. The time of a creation is kept.
    pub(super) fn seen(&self, key: AssignmentKey, assignment: &Assignment) {
        let is_known = self.expected(&key).is_some_and(|known| known.id == assignment.id);
        if !is_known {
            self.0.insert(key, Last::Seen(assignment.clone()));
        }
    }

    /// Forgets what was removed.
    pub(super) fn forget(&self, key: &AssignmentKey) {
        self.0.remove(key);
    }
}
