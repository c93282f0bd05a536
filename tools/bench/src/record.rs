//! The time that the record in storage adds to a grant: with the latency of a real Graph and of a real
//! storage account, one grant after the other.
//!
//! The baselines are the bare calls of a grant in the broker's order, with the three calls to tables and an
//! event, and without them.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use app_process::app::App;
use reqwest::Client;

use crate::{
    envelope::envelope,
    figure::{Figure, Target, Unit},
    handler_calls::{Call, client, post_all},
    handler_process::HandlerProcess,
    statistics::percentile,
    table_service::round_trips,
    workload::{POLICY, STORAGE_LATENCY, Workload, message, message_with_end},
};

/// The latency of a real Graph.
const LATENCY: Duration = Duration::from_millis(60);
/// All contestants take turns, because the machine's speed varies.
const ROUNDS: usize = 4;
const GRANTS: usize = 25;
/// The grants before the measurement begins.
const WARM_UP: usize = 5;

/// The most round trips to tables before the write and after it.
const MOST_BEFORE: f64 = 1.0;
const MOST_AFTER: f64 = 2.0;
/// The broker's own work, in milliseconds.
const MOST_OWN_TIME: f64 = 5.0;

/// A handler, the tenant on which it works, and what it has taken.
struct Contestant {
    workload: Workload,
    handler: HandlerProcess,
    kind: Kind,
    client: Client,
    latencies: Vec<Duration>,
    before: usize,
    after: usize,
}

#[derive(Clone, Copy)]
enum Kind {
    /// The broker; its requests may have an end.
    Broker { with_end: bool },
    /// The bare calls, with or without those to tables.
    Bare { with_record: bool },
}

const KINDS: [Kind; 4] = [
    Kind::Broker { with_end: false },
    Kind::Broker { with_end: true },
    Kind::Bare { with_record: true },
    Kind::Bare { with_record: false },
];

/// All figures.
pub(crate) async fn run(app: &App, bare: &str) -> Result<Vec<Figure>> {
    let mut contestants = Vec::new();
    for kind in KINDS {
        contestants.push(Contestant::start(app, bare, kind).await?);
    }
    for _ in 0..ROUNDS {
        for contestant in &mut contestants {
            contestant.round().await?;
        }
    }
    for contestant in &contestants {
        contestant.workload.check_grants(WARM_UP + ROUNDS * GRANTS)?;
    }
    let [plain, with_end, bare, bare_without] =
        <[Contestant; 4]>::try_from(contestants).ok().context("there are four contestants")?;
    let bare = [bare.median(), bare_without.median()];
    let mut figures = figures("a grant", &plain, bare).to_vec();
    figures.extend(self::figures("a grant with an end", &with_end, bare));
    Ok(figures)
}

fn figures(what: &str, broker: &Contestant, [bare, without]: [f64; 2]) -> [Figure; 4] {
    let took = format!("p50 of {what}, 1 in flight");
    let added = format!("p50 of {what} beyond 2 calls without a record");
    let round_trips = |place: &str, count, most| {
        let name = format!("round trips to tables {place} the write of {what}");
        Figure::count(name, count, Some(most))
    };
    [
        Figure::new(took, Unit::Milliseconds, broker.median()).beside("6 bare calls", bare),
        Figure::new(added, Unit::Milliseconds, broker.median() - without)
            .beside("6 bare calls", bare - without)
            .held_to(most_added(bare - without)),
        round_trips("before", broker.before, MOST_BEFORE),
        round_trips("after", broker.after, MOST_AFTER),
    ]
}

/// The target in milliseconds: three round trips and the broker's own work. Timers fire late on a busy
/// machine, so the round trips may take as long as those of the bare calls.
fn most_added(bare: f64) -> Target {
    let round_trips = milliseconds(STORAGE_LATENCY.mul_f64(MOST_BEFORE + MOST_AFTER));
    Target::AtMost(round_trips.max(bare) + MOST_OWN_TIME)
}

impl Contestant {
    async fn start(app: &App, bare: &str, kind: Kind) -> Result<Self> {
        let workload = Workload::start(WARM_UP + ROUNDS * GRANTS, LATENCY).await?;
        let handler = match kind {
            Kind::Broker { .. } => workload.broker(app, Path::new(POLICY)).await?,
            Kind::Bare { with_record } => workload.bare_calls(bare, with_record).await?,
        };
        let (client, latencies) = (client()?, Vec::new());
        let mut contestant =
            Self { workload, handler, kind, client, latencies, before: 0, after: 0 };
        contestant.post(WARM_UP).await?;
        Ok(contestant)
    }

    /// Grants one after the other, so that each call to tables belongs to one grant.
    async fn round(&mut self) -> Result<()> {
        for _ in 0..GRANTS {
            let began = Instant::now();
            self.post(1).await?;
            self.latencies.push(began.elapsed());
            let mut calls = self.workload.tables.calls();
            calls.retain(|call| began < call.arrived);
            let written = self.workload.tenant.accepted_writes().pop();
            let written = written.context("the tenant has accepted no write")?.at;
            let (before, after): (Vec<_>, Vec<_>) =
                calls.into_iter().partition(|call| call.answered < written);
            self.before = self.before.max(round_trips(before));
            self.after = self.after.max(round_trips(after));
        }
        Ok(())
    }

    async fn post(&mut self, count: usize) -> Result<()> {
        let identities = self.workload.next(count)?;
        let calls = identities.iter().map(|identity| match self.kind {
            Kind::Broker { with_end } => {
                let text = if with_end { message_with_end(identity) } else { message(identity) };
                Call { url: self.handler.url("AssignRole"), body: envelope(&text) }
            }
            // The bare handler reads no envelope, so its URL names the principal.
            Kind::Bare { .. } => Call { url: self.handler.url(&identity.id), body: String::new() },
        });
        post_all(&self.client, calls.collect(), 1).await?;
        Ok(())
    }

    fn median(&self) -> f64 {
        milliseconds(percentile(&self.latencies, 50))
    }
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_round_trips_and_the_own_work_may_be_added() {
        assert_eq!(most_added(14.0), Target::AtMost(20.0));
        assert_eq!(most_added(19.5), Target::AtMost(24.5));
    }
}
