//! A process that starts beside another one and is killed later: how soon it gets its share of the quota,
//! and how soon the other one uses that share again.
//!
//! Requests are posted straight to the handlers. Each has identities of its own, so each of the tenant's
//! writes shows which of them has sent it.

use std::{
    collections::HashSet,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::Result;
use app_process::{app::App, cargo_build::workspace_root};
use tenant_emulator::{QuotaModel, Route, Tenant, WriteQuota};

use super::scenario::{LATENCY, PERIOD, WRITES};
use crate::{
    figure::{Figure, Target, Unit},
    flood::Flood,
    handler_process::HandlerProcess,
    workload::{POLICY, Workload, requests},
};

/// The requests of each process: more than it can carry out before the measurement ends.
const REQUESTS: usize = 4_000;

/// The processes: one that stays, and one that starts late and is killed.
const PROCESSES: usize = 2;

/// The interval between the requests of a process: a little shorter than the quota allows. If all came at
/// once, all writes of a period would be sent together, and a new process would have to wait for the next
/// period.
const PACE: Duration = Duration::from_millis(40);

/// How long one process runs alone, and how long both run before one is killed.
const BEFORE_CHANGE: Duration = Duration::from_secs(2 * PERIOD.as_secs());

/// The part of a share that counts as the whole. The share of a busy process is renewed every few seconds,
/// and is not used in between.
const NEARLY_ALL: f64 = 0.9;

/// The longest wait for a share. It then counts as the time.
const PATIENCE: Duration = Duration::from_secs(90);
/// The interval between looks at the tenant's writes.
const INTERVAL: Duration = Duration::from_millis(250);

/// The targets.
const GIVEN_BACK: Target = Target::AtMost(30.0);
const JOINED: Target = Target::AtMost(10.0);
const MOST_REFUSED: f64 = 0.01;

/// A handler with requests that never run out.
struct Process {
    handler: HandlerProcess,
    identities: HashSet<String>,
    _flood: Flood,
}

impl Process {
    async fn start(workload: &mut Workload, app: &App) -> Result<Self> {
        let quota = format!("{WRITES}/{}", PERIOD.as_secs());
        let files = (Path::new(POLICY), workspace_root());
        let handler = workload.broker_with(app, (files.0, &files.1), &quota).await?;
        let identities = workload.next(REQUESTS)?;
        let flood = Flood::paced(requests(&handler, &identities), PACE)?;
        let identities = identities.into_iter().map(|identity| identity.id).collect();
        Ok(Self { handler, identities, _flood: flood })
    }
}

/// Measures both times, in the model that is the hardest on writes beyond the quota.
pub(crate) async fn measure(app: &App) -> Result<Vec<Figure>> {
    let mut workload = Workload::start(PROCESSES * REQUESTS, LATENCY).await?;
    let model = QuotaModel::TokenBucketChargingRefusals;
    workload.tenant.set_write_quota(Some(WriteQuota { writes: WRITES, period: PERIOD, model }));
    let _stays = Process::start(&mut workload, app).await?;
    tokio::time::sleep(BEFORE_CHANGE).await;
    let late = Process::start(&mut workload, app).await?;
    let of_late = |principal: &str| late.identities.contains(principal);
    let joined = Share { since: late.handler.began, writes: f64::from(WRITES) / 2.0 };
    let joined = joined.used(&workload.tenant, of_late).await;
    tokio::time::sleep(BEFORE_CHANGE).await;
    // A process is killed when it is dropped.
    drop(late);
    let given_back = Share { since: Instant::now(), writes: WRITES.into() };
    let given_back = given_back.used(&workload.tenant, |_| true).await;
    Ok(figures(&workload.tenant, joined, given_back))
}

fn figures(tenant: &Tenant, joined: Duration, given_back: Duration) -> Vec<Figure> {
    let sent = tenant.count(Route::CreateAssignment);
    let most_refused = Some(sent as f64 * MOST_REFUSED);
    let seconds = |what: &str, time: Duration| {
        let what = format!("2 processes: {what}");
        Figure::new(what, Unit::Seconds, time.as_secs_f64())
    };
    vec![
        seconds("one starts late, until it has its share", joined).held_to(JOINED),
        seconds("it is killed, until its share is used", given_back).held_to(GIVEN_BACK),
        Figure::count(
            format!("2 processes: throttled of {sent} writes"),
            tenant.quota_refusals(),
            most_refused,
        ),
    ]
}

/// A share that is expected to be used.
struct Share {
    since: Instant,
    /// The writes of a period.
    writes: f64,
}

impl Share {
    /// The time until the first period in which the writes of some principals use the share.
    async fn used(&self, tenant: &Tenant, is_of: impl Fn(&str) -> bool) -> Duration {
        let writes = (self.writes * NEARLY_ALL) as usize;
        while self.since.elapsed() < PATIENCE {
            let accepted = tenant.accepted_writes().into_iter();
            let times = accepted.filter(|one| is_of(&one.principal_id)).map(|one| one.at);
            let times: Vec<_> = times.filter(|at| *at >= self.since).collect();
            if let Some(end) = full_period_end(&times, writes) {
                return (end - self.since).saturating_sub(PERIOD);
            }
            tokio::time::sleep(INTERVAL).await;
        }
        PATIENCE
    }
}

/// The time of the last write of the first period with this many. The times are sorted.
fn full_period_end(times: &[Instant], writes: usize) -> Option<Instant> {
    let mut groups = times.windows(writes.max(1));
    let is_full = |group: &&[Instant]| match (group.first(), group.last()) {
        (Some(first), Some(last)) => *last - *first < PERIOD,
        _ => false,
    };
    groups.find(is_full)?.last().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_full_as_soon_as_it_has_enough_writes() {
        let start = Instant::now();
        let times = |seconds: &[u64]| -> Vec<_> {
            seconds.iter().map(|second| start + Duration::from_secs(*second)).collect()
        };
        for (seconds, writes, expected) in [
            (&[][..], 1, None),
            (&[3], 1, Some(3)),
            (&[0, 9], 2, Some(9)),
            (&[0, 10], 2, None),
            (&[0, 10, 12, 19], 3, Some(19)),
            (&[0, 1, 2], 4, None),
        ] {
            let found = full_period_end(&times(seconds), writes);
            assert_eq!(found, expected.map(|second| start + Duration::from_secs(second)));
        }
    }
}
