//! The replica lag of lists of assignments (Microsoft Learn,
//! "List appRoleAssignments granted to a service principal": recent changes may be missing).

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use super::assignment::AppRoleAssignment;

/// The lag of lists, and the changes that they do not show yet.
#[derive(Debug, Clone, Default)]
pub(crate) struct ListDelay {
    lag: Duration,
    /// The ids of hidden assignments; `None` while new ones are shown.
    held_back: Option<BTreeSet<String>>,
    /// The latest changes by principal, in their order.
    changes: BTreeMap<String, Vec<Change>>,
}

#[derive(Debug, Clone)]
struct Change {
    kind: ChangeKind,
    assignment: AppRoleAssignment,
    at: Instant,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ChangeKind {
    Made,
    Removed,
}

impl ListDelay {
    /// Hides new assignments, or shows all of them.
    pub(crate) fn hold_back(&mut self, held_back: bool) {
        self.held_back = held_back.then(|| self.held_back.take().unwrap_or_default());
    }

    /// Sets the lag. With zero, every change shows at once.
    pub(crate) fn set_lag(&mut self, lag: Duration) {
        self.lag = lag;
        if lag.is_zero() {
            self.changes.clear();
        }
    }

    /// Whether lists show every change at once.
    pub(crate) fn is_off(&self) -> bool {
        self.lag.is_zero() && self.held_back.is_none()
    }

    /// Records a creation.
    pub(crate) fn made(&mut self, assignment: &AppRoleAssignment, now: Instant) {
        if let Some(held_back) = &mut self.held_back {
            held_back.insert(assignment.id.clone());
        }
        self.changed(ChangeKind::Made, assignment, now);
    }

    /// Records a deletion.
    pub(crate) fn removed(&mut self, assignment: &AppRoleAssignment, now: Instant) {
        self.changed(ChangeKind::Removed, assignment, now);
    }

    /// The assignments that a list shows of a principal that holds `held`, in the order of their
    /// creation.
    pub(crate) fn shown<'a>(
        &'a self,
        principal_id: &str,
        held: &'a [AppRoleAssignment],
        now: Instant,
    ) -> Vec<&'a AppRoleAssignment> {
        let changes = self.changes.get(principal_id).map_or(&[][..], Vec::as_slice);
        let pending = changes.iter().filter(|change| self.is_pending(change, now));
        let (made, removed): (Vec<_>, Vec<_>) =
            pending.partition(|change| change.kind == ChangeKind::Made);
        let made: BTreeSet<&str> =
            made.iter().map(|change| change.assignment.id.as_str()).collect();
        let removed = removed.iter().map(|change| &change.assignment);
        let mut shown: Vec<_> = held.iter().chain(removed).collect();
        shown.retain(|one| !made.contains(one.id.as_str()) && !self.is_held_back(&one.id));
        shown.sort_by(|one, other| one.created_date_time.cmp(&other.created_date_time));
        shown
    }

    fn changed(&mut self, kind: ChangeKind, assignment: &AppRoleAssignment, now: Instant) {
        let lag = self.lag;
        if lag.is_zero() {
            return;
        }
        let changes = self.changes.entry(assignment.principal_id.clone()).or_default();
        changes.retain(|change| now.saturating_duration_since(change.at) < lag);
        changes.push(Change { kind, assignment: assignment.clone(), at: now });
    }

    fn is_pending(&self, change: &Change, now: Instant) -> bool {
        now.saturating_duration_since(change.at) < self.lag
    }

    fn is_held_back(&self, assignment_id: &str) -> bool {
        self.held_back.as_ref().is_some_and(|held_back| held_back.contains(assignment_id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contoso::{BROKER_IDENTITY, ORDERS_ADMIN, ORDERS_API, ORDERS_READ, contoso};

    const LAG: Duration = Duration::from_secs(30);
    const ALMOST: Duration = Duration::from_nanos(LAG.as_nanos() as u64 - 1);

    /// Two assignments of the broker's identity, in the order of their creation.
    fn two_assignments() -> [AppRoleAssignment; 2] {
        let mut directory = contoso();
        [ORDERS_READ, ORDERS_ADMIN]
            .map(|role| directory.assign(BROKER_IDENTITY, ORDERS_API, role).unwrap())
    }

    fn shown(delay: &ListDelay, held: &[AppRoleAssignment], now: Instant) -> Vec<String> {
        let shown = delay.shown(BROKER_IDENTITY, held, now).into_iter();
        shown.map(|one| one.app_role_id.clone()).collect()
    }

    #[test]
    fn a_creation_shows_after_the_lag() {
        let (now, mut delay, held) = (Instant::now(), ListDelay::default(), two_assignments());
        delay.set_lag(LAG);
        delay.made(&held[0], now);
        delay.made(&held[1], now + LAG / 2);
        assert_eq!(shown(&delay, &held, now + ALMOST), [""; 0]);
        assert_eq!(shown(&delay, &held, now + LAG), [ORDERS_READ]);
        assert_eq!(shown(&delay, &held, now + LAG * 2), [ORDERS_READ, ORDERS_ADMIN]);
    }

    #[test]
    fn a_deleted_assignment_shows_in_its_place_until_the_lag_is_over() {
        let (now, mut delay, held) = (Instant::now(), ListDelay::default(), two_assignments());
        delay.set_lag(LAG);
        delay.removed(&held[0], now);
        assert_eq!(shown(&delay, &held[1..], now + ALMOST), [ORDERS_READ, ORDERS_ADMIN]);
        assert_eq!(shown(&delay, &held[1..], now + LAG), [ORDERS_ADMIN]);
    }

    #[test]
    fn an_assignment_that_was_created_and_deleted_shows_for_its_lifetime() {
        let (now, mut delay, held) = (Instant::now(), ListDelay::default(), two_assignments());
        delay.set_lag(LAG);
        delay.made(&held[0], now);
        delay.removed(&held[0], now + LAG / 2);
        for (later, expected) in [
            (LAG / 2, &[][..]),
            (LAG, &[ORDERS_READ]),
            (ALMOST + LAG / 2, &[ORDERS_READ]),
            (LAG * 2, &[]),
        ] {
            assert_eq!(shown(&delay, &[], now + later), expected, "{later:?}");
        }
    }

    #[test]
    fn without_a_lag_every_change_shows_at_once() {
        let (now, mut delay, held) = (Instant::now(), ListDelay::default(), two_assignments());
        delay.set_lag(LAG);
        delay.made(&held[0], now);
        delay.set_lag(Duration::ZERO);
        delay.removed(&held[1], now);
        delay.set_lag(LAG);
        assert_eq!(shown(&delay, &held[..1], now), [ORDERS_READ]);
    }
}
