//! Service principals that exist, but haven't arrived where requests are answered.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Instant,
};

use crate::service_principal::ServicePrincipal;

/// Those under way, by object id.
#[derive(Debug, Clone, Default)]
pub(super) struct Replication {
    under_way: BTreeMap<String, UnderWay>,
    /// When which of them arrive by themselves, the next one first.
    timetable: BTreeSet<(Instant, String)>,
}

#[derive(Debug, Clone)]
struct UnderWay {
    service_principal: ServicePrincipal,
    /// None when it arrives only on demand.
    due: Option<Instant>,
}

impl Replication {
    /// Sends a service principal on its way, or again if it is under way already.
    pub(super) fn begin(&mut self, service_principal: ServicePrincipal, due: Option<Instant>) {
        let id = service_principal.id.to_lowercase();
        self.end(&id);
        self.timetable.extend(due.map(|due| (due, id.clone())));
        self.under_way.insert(id, UnderWay { service_principal, due });
    }

    /// Takes a service principal off its way, whenever it would have arrived.
    pub(super) fn end(&mut self, object_id: &str) -> Option<ServicePrincipal> {
        let (id, ended) = self.under_way.remove_entry(&object_id.to_lowercase())?;
        if let Some(due) = ended.due {
            self.timetable.remove(&(due, id));
        }
        Some(ended.service_principal)
    }

    /// Those that are under way.
    pub(super) fn under_way(&self) -> impl Iterator<Item = &ServicePrincipal> {
        self.under_way.values().map(|one| &one.service_principal)
    }

    /// Takes one off its way that has arrived by now.
    pub(super) fn next_arrival(&mut self, now: Instant) -> Option<ServicePrincipal> {
        let (due, id) = self.timetable.first()?;
        if *due > now {
            return None;
        }
        let id = id.clone();
        self.end(&id)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::contoso::managed_identities;

    const DELAY: Duration = Duration::from_secs(5);

    #[test]
    fn each_arrives_in_its_time_the_earliest_first() {
        let (now, mut replication) = (Instant::now(), Replication::default());
        let identities = managed_identities(3);
        let delays = [Some(DELAY * 2), None, Some(DELAY)];
        for (identity, delay) in identities.iter().zip(delays) {
            replication.begin(identity.clone(), delay.map(|delay| now + delay));
        }
        assert_eq!(replication.next_arrival(now + DELAY - Duration::from_nanos(1)), None);
        assert_eq!(replication.next_arrival(now + DELAY * 9).as_ref(), identities.get(2));
        assert_eq!(replication.next_arrival(now + DELAY * 9).as_ref(), identities.first());
        assert_eq!(replication.next_arrival(now + DELAY * 9), None);
    }

    #[test]
    fn whoever_is_sent_again_does_not_arrive_at_the_former_time() {
        let (now, mut replication) = (Instant::now(), Replication::default());
        let identity = managed_identities(1).remove(0);
        replication.begin(identity.clone(), Some(now));
        replication.begin(identity.clone(), None);
        assert_eq!(replication.next_arrival(now), None);
        assert_eq!(replication.end(&identity.id.to_uppercase()), Some(identity.clone()));
        assert_eq!(replication.end(&identity.id), None);
    }
}
