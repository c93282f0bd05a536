//! Service principals that exist but have not replicated yet.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Instant,
};

use crate::service_principal::ServicePrincipal;

/// The service principals that are replicating, by object id.
#[derive(Debug, Clone, Default)]
pub(super) struct Replication {
    under_way: BTreeMap<String, UnderWay>,
    /// The arrivals by time, the next one first.
    timetable: BTreeSet<(Instant, String)>,
}

#[derive(Debug, Clone)]
struct UnderWay {
    service_principal: ServicePrincipal,
    /// `None` if it arrives only on demand.
    due: Option<Instant>,
}

impl Replication {
    /// Begins, or begins again, to replicate a service principal.
    pub(super) fn begin(&mut self, service_principal: ServicePrincipal, due: Option<Instant>) {
        let id = service_principal.id.to_lowercase();
        self.end(&id);
        self.timetable.extend(due.map(|due| (due, id.clone())));
        self.under_way.insert(id, UnderWay { service_principal, due });
    }

    /// Ends the replication of a service principal and returns it.
    pub(super) fn end(&mut self, object_id: &str) -> Option<ServicePrincipal> {
        let (id, ended) = self.under_way.remove_entry(&object_id.to_lowercase())?;
        if let Some(due) = ended.due {
            self.timetable.remove(&(due, id));
        }
        Some(ended.service_principal)
    }

    /// The service principals that are replicating.
    pub(super) fn under_way(&self) -> impl Iterator<Item = &ServicePrincipal> {
        self.under_way.values().map(|one| &one.service_principal)
    }

    /// Ends the replication of one service principal that is due.
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
    fn service_principals_arrive_in_the_order_of_their_times() {
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
    fn a_second_replication_replaces_the_first() {
        let (now, mut replication) = (Instant::now(), Replication::default());
        let identity = managed_identities(1).remove(0);
        replication.begin(identity.clone(), Some(now));
        replication.begin(identity.clone(), None);
        assert_eq!(replication.next_arrival(now), None);
        assert_eq!(replication.end(&identity.id.to_uppercase()), Some(identity.clone()));
        assert_eq!(replication.end(&identity.id), None);
    }
}
