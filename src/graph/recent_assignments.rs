//! Assignments that this process has made within the last minutes.
//!
//! Lists of Microsoft Graph lag behind writes. Somebody who asks for a role and changes their mind
//! within a minute must not hear that there was nothing to revoke.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use crate::domain::{
    directory::Assignment,
    ids::{AppRoleId, ObjectId},
    policy::Permit,
};

/// How long a list may lag. 30 to 60 seconds have been reported for new assignments; twice that
/// costs nothing.
const LAG: Duration = Duration::from_secs(120);

/// Most assignments that are remembered: what the documented quota lets the broker write in that
/// time, with room.
const MOST: usize = 4096;

type Triple = (ObjectId, ObjectId, AppRoleId);

/// What was made, by principal, API and role.
#[derive(Default)]
pub(super) struct RecentAssignments(Mutex<HashMap<Triple, (Instant, Assignment)>>);

impl RecentAssignments {
    /// Remembers what was made.
    pub(super) fn add(&self, permit: &Permit, assignment: &Assignment) {
        let mut recent = self.recent();
        if recent.len() >= MOST {
            recent.retain(|_, (made, _)| made.elapsed() < LAG);
        }
        if recent.len() < MOST {
            recent.insert(triple(permit), (Instant::now(), assignment.clone()));
        }
    }

    /// Forgets what was removed.
    pub(super) fn remove(&self, permit: &Permit) {
        self.recent().remove(&triple(permit));
    }

    /// What was made, if a list may not show it yet.
    pub(super) fn get(&self, permit: &Permit) -> Option<Assignment> {
        let recent = self.recent();
        let (made, assignment) = recent.get(&triple(permit))?;
        (made.elapsed() < LAG).then(|| assignment.clone())
    }

    fn recent(&self) -> MutexGuard<'_, HashMap<Triple, (Instant, Assignment)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn triple(permit: &Permit) -> Triple {
    (permit.principal(), permit.api(), permit.role())
}
