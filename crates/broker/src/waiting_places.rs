//! Limits how many requests of each requester may wait at the same time.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use app_roles::requester::Requester;

/// The occupied places of each requester. A requester cannot occupy those of another.
#[derive(Debug)]
pub(crate) struct WaitingPlaces {
    of_each: usize,
    taken: Mutex<HashMap<Requester, usize>>,
}

/// A place, until it is dropped.
pub(crate) struct WaitingPlace<'a> {
    places: &'a WaitingPlaces,
    requester: Requester,
}

impl WaitingPlaces {
    /// `of_each` places for each requester.
    pub(crate) fn new(of_each: usize) -> Self {
        Self { of_each, taken: Mutex::default() }
    }

    /// Takes a place, if the requester has one left.
    pub(crate) fn take(&self, requester: &Requester) -> Option<WaitingPlace<'_>> {
        let mut all = self.taken();
        let taken = all.entry(requester.clone()).or_default();
        if *taken >= self.of_each {
            return None;
        }
        *taken += 1;
        Some(WaitingPlace { places: self, requester: requester.clone() })
    }

    fn taken(&self) -> MutexGuard<'_, HashMap<Requester, usize>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for WaitingPlace<'_> {
    fn drop(&mut self) {
        let mut all = self.places.taken();
        if let Some(taken) = all.get_mut(&self.requester) {
            *taken = taken.saturating_sub(1);
            if *taken == 0 {
                all.remove(&self.requester);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_requester_that_takes_all_its_places_leaves_the_others_theirs() {
        let requester = |queue: &str| Requester::Queue(queue.to_owned());
        let (flood, other) = (requester("flood"), requester("other"));
        let places = WaitingPlaces::new(2);
        let taken = [places.take(&flood), places.take(&flood)];
        assert!(taken.iter().all(Option::is_some));
        assert!(places.take(&flood).is_none());
        assert!(places.take(&other).is_some());
        drop(taken);
        assert!(places.take(&flood).is_some());
        assert!(places.taken().is_empty(), "requesters without a place are forgotten");
    }
}
