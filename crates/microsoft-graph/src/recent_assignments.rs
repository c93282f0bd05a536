//! Assignments that this process has made within the last minutes.
//!
//! Lists of Microsoft Graph lag behind writes. Somebody who asks for a role and changes their mind
//! within a minute must not hear that there was nothing to revoke.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use app_roles::{
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
pub(super) struct RecentAssignments(Mutex<Recent>);

#[derive(Default)]
struct Recent {
    made: HashMap<Triple, (Instant, Assignment)>,
    /// In the order in which they were made; what was removed since may still be among them.
    order: VecDeque<(Instant, Triple)>,
}

impl RecentAssignments {
    /// Remembers what was made.
    pub(super) fn add(&self, permit: &Permit, assignment: &Assignment) {
        self.recent().add(triple(permit), assignment.clone(), Instant::now());
    }

    /// Forgets what was removed.
    pub(super) fn remove(&self, permit: &Permit) {
        self.recent().made.remove(&triple(permit));
    }

    /// What was made, if a list may not show it yet.
    pub(super) fn get(&self, permit: &Permit) -> Option<Assignment> {
        self.recent().get(triple(permit), Instant::now()).cloned()
    }

    fn recent(&self) -> MutexGuard<'_, Recent> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Recent {
    fn add(&mut self, triple: Triple, assignment: Assignment, now: Instant) {
        self.forget(now);
        self.order.push_back((now, triple));
        self.made.insert(triple, (now, assignment));
    }

    fn get(&self, triple: Triple, now: Instant) -> Option<&Assignment> {
        let (made, assignment) = self.made.get(&triple)?;
        (now - *made < LAG).then_some(assignment)
    }

    /// Forgets what every list shows by now, and the oldest where there are too many.
    fn forget(&mut self, now: Instant) {
        while let Some((made, triple)) = self.order.front().copied() {
            if now - made < LAG && self.order.len() < MOST {
                break;
            }
            self.order.pop_front();
            // It may have been removed and made again since.
            if self.made.get(&triple).is_some_and(|(latest, _)| *latest == made) {
                self.made.remove(&triple);
            }
        }
    }
}

fn triple(permit: &Permit) -> Triple {
    (permit.principal(), permit.api(), permit.role())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn triple(number: usize) -> Triple {
        let id = format!("11111111-1111-1111-1111-{number:012}");
        let object = ObjectId::parse(&id).unwrap();
        (object, object, AppRoleId::parse(&id).unwrap())
    }

    fn made(recent: &mut Recent, number: usize, now: Instant) {
        let (_, api, role) = triple(number);
        let assignment = Assignment { id: number.to_string(), api, role, created: None };
        recent.add(triple(number), assignment, now);
    }

    #[test]
    fn what_every_list_shows_by_now_is_forgotten() {
        let (mut recent, now) = (Recent::default(), Instant::now());
        made(&mut recent, 1, now);
        assert!(recent.get(triple(1), now + LAG / 2).is_some());
        assert!(recent.get(triple(1), now + LAG).is_none());
        made(&mut recent, 2, now + LAG);
        assert_eq!((recent.made.len(), recent.order.len()), (1, 1));
    }

    #[test]
    fn of_too_many_the_newest_are_remembered() {
        let (mut recent, now) = (Recent::default(), Instant::now());
        for number in 0..=MOST {
            made(&mut recent, number, now);
        }
        assert!(recent.get(triple(0), now).is_none());
        assert!(recent.get(triple(1), now).is_some());
        assert!(recent.get(triple(MOST), now).is_some());
        assert_eq!((recent.made.len(), recent.order.len()), (MOST, MOST));
    }

    #[test]
    fn what_was_made_again_is_remembered_from_then_on() {
        let (mut recent, now) = (Recent::default(), Instant::now());
        made(&mut recent, 1, now);
        recent.made.remove(&triple(1));
        made(&mut recent, 1, now + LAG / 2);
        made(&mut recent, 2, now + LAG);
        assert!(recent.get(triple(1), now + LAG).is_some());
    }
}
