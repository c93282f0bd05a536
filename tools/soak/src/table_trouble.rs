//! Trouble on the way to tables.

use std::{
    convert::Infallible,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use storage_emulator::{ActiveTableRule, TableFault, TableProxy, TableRule};

/// An outage: when it began and ended.
pub(crate) type Outage = (Instant, Instant);

/// A kind of trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TableTrouble {
    /// A fifth of all requests fail in one of three ways.
    Partial,
    /// Every request fails.
    Outage,
}

/// The trouble and its duration, repeated in a cycle. Its length differs from that of the trouble of
/// queues, so that they meet in all ways. An outage lasts longer than retries do.
pub(crate) const CYCLE: [(Option<TableTrouble>, Duration); 4] = [
    (None, Duration::from_secs(5)),
    (Some(TableTrouble::Partial), Duration::from_secs(6)),
    (None, Duration::from_secs(4)),
    (Some(TableTrouble::Outage), Duration::from_secs(6)),
];

/// The ways in which requests fail.
const FAULTS: [TableFault; 3] = [
    TableFault::ConnectionClosed,
    TableFault::Error { status: 503, code: "ServerBusy" },
    TableFault::AnswerLost,
];
/// The share of requests that fail in each way.
const SHARE_OF_EACH: f64 = 0.07;

/// The rules of some trouble. Dropping this ends it.
#[derive(Debug)]
pub(crate) struct ActiveTrouble(Vec<ActiveTableRule>);

impl Drop for ActiveTrouble {
    fn drop(&mut self) {
        self.0.iter().for_each(ActiveTableRule::release);
    }
}

impl TableTrouble {
    fn rules(self, seed: u64) -> Vec<TableRule> {
        match self {
            Self::Outage => vec![TableRule::new(TableFault::ConnectionClosed)],
            Self::Partial => {
                let seeds = (0..).map(|number| seed.wrapping_add(number * 1_000_003));
                let rules = FAULTS.into_iter().zip(seeds);
                rules
                    .map(|(fault, seed)| TableRule::new(fault).share(SHARE_OF_EACH, seed))
                    .collect()
            }
        }
    }

    /// Starts the trouble.
    pub(crate) fn start(self, proxies: &[TableProxy], seed: u64) -> ActiveTrouble {
        let of_proxy = |proxy| {
            let rules = self.rules(seed).into_iter();
            rules.map(move |rule| TableProxy::add(proxy, rule))
        };
        ActiveTrouble(proxies.iter().flat_map(of_proxy).collect())
    }
}

/// Repeats the cycle of trouble. Adds each outage to `outages` when it is over.
pub(crate) async fn repeat(
    proxies: &[TableProxy],
    seed: u64,
    outages: &Mutex<Vec<Outage>>,
) -> Infallible {
    for round in 0_u64.. {
        for (trouble, time) in CYCLE {
            let began = Instant::now();
            let active = trouble.map(|trouble| trouble.start(proxies, seed.wrapping_add(round)));
            tokio::time::sleep(time).await;
            drop(active);
            if trouble == Some(TableTrouble::Outage) {
                // A panic elsewhere leaves the list consistent.
                let mut outages = outages.lock().unwrap_or_else(PoisonError::into_inner);
                outages.push((began, Instant::now()));
            }
        }
    }
    std::future::pending().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partial_trouble_fails_in_every_way_and_an_outage_in_one() {
        assert_eq!(TableTrouble::Partial.rules(7).len(), FAULTS.len());
        assert_eq!(TableTrouble::Outage.rules(7).len(), 1);
    }
}
