//! A run of assignments with an end: sends requests and makes assignments by hand while everything
//! fails, then deploys a policy without the rules, and waits for the ends.

use std::{
    collections::BTreeSet,
    convert::Infallible,
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use anyhow::{Result, bail};
use app_process::app::App;
use storage_emulator::{Azurite, Entity, EntityValue};
use tenant_emulator::{QuotaModel, WriteQuota, contoso::ORDERS_API};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tokio::{sync::watch, time::Instant};

use super::{
    checks::LIMIT,
    evidence::{Clock, EndsEvidence},
    outcome::Outcome,
    pauses::{Kill, Pause, pauses},
    plan::{ByHand, EndsPlan, TICK},
};
use crate::{
    check::Check,
    plan::ADMIN,
    queues::{INTERVAL, given_up, take, take_all, wait_until_empty},
    record::{ENDS, INTENTS, Record, entities},
    step::{STEPS, STEPS_WITH_END, Step},
    table_trouble::{self, TableTrouble},
    world::{HANDLERS, Surroundings, World, table_requests},
};

const POLICY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/ends/policy.json");
/// The policy that is deployed later. It allows nothing, and protects every identity.
const LATER_POLICY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/ends/later-policy.json");
/// The quota of the tenant: enough for the requests, and too little for the ends that are due at once.
const QUOTA: WriteQuota =
    WriteQuota { writes: 40, period: Duration::from_secs(2), model: QuotaModel::TokenBucket };
/// The number of finished requests between kills of a handler, while requests are sent. A handler lives about 20
/// seconds, which are more than a minute at the pace of Azure.
const REQUESTS_PER_KILL: usize = 50;
/// The interval between kills later.
const KILL_INTERVAL: Duration = Duration::from_secs(14);
/// The time without hosts before the other policy is in effect.
const PAUSE: Duration = Duration::from_secs(5);
/// The time within which an assignment is looked up and replaced by hand, on a busy machine.
const AT_ONCE: Duration = Duration::from_secs(5);
/// The longest wait until all requests are finished, once storage works.
const LONGEST_WAIT: Duration = Duration::from_secs(120);
const PROGRESS: Duration = Duration::from_secs(10);

struct EndsRun<'a> {
    world: World,
    plan: &'a EndsPlan,
    clock: Clock,
    began: Instant,
    outcomes: Mutex<Vec<Outcome>>,
    unreadable: Mutex<Vec<String>>,
    by_hand: Mutex<BTreeSet<String>>,
    finished: watch::Sender<usize>,
}

/// Runs a plan and checks what it leaves behind.
pub(crate) async fn run(
    app: &App,
    azurite: &Azurite,
    plan: &EndsPlan,
    log: Option<&Path>,
) -> Result<Vec<Check>> {
    println!(
        "Seed {}: {} requests for roles of {} identities in {:?}, and {} assignments by hand",
        plan.seed,
        plan.requests.len(),
        plan.identities,
        plan.sending,
        plan.by_hand.len()
    );
    let surroundings = Surroundings {
        seed: plan.seed,
        arrivals: vec![None; plan.identities],
        write_quota: QUOTA,
        policy: Path::new(POLICY),
        log,
    };
    let world = World::start(app, azurite, &surroundings).await?;
    let mut run = EndsRun::start(world, plan).await?;
    run.send_in_trouble().await?;
    let (pause, mut killed) = run.deploy().await?;
    run.wait_for_ends().await?;
    killed.extend(run.world.hosts.observations().killed);
    Ok(run.end(pause, &killed).await?.checks())
}

impl<'a> EndsRun<'a> {
    /// Makes what is there before. The run begins at the second moment from then at which the timer of
    /// ends fires, so that what is made by hand is old enough.
    async fn start(world: World, plan: &'a EndsPlan) -> Result<Self> {
        let now = Clock::now();
        let tick = i128::try_from(TICK.as_nanos())?;
        let since_tick = now.time.unix_timestamp_nanos().rem_euclid(tick);
        let wait = 2 * TICK - Duration::from_nanos(u64::try_from(since_tick)?);
        let run = Self {
            world,
            plan,
            clock: Clock { instant: now.instant + wait, time: now.time + wait },
            began: Instant::now() + wait,
            outcomes: Mutex::default(),
            unreadable: Mutex::default(),
            by_hand: Mutex::default(),
            finished: watch::Sender::new(0),
        };
        for one in plan.by_hand.iter().filter(|one| one.made.is_zero()) {
            run.make_by_hand(one).await?;
        }
        tokio::time::sleep_until(run.began).await;
        Ok(run)
    }

    async fn send_in_trouble(&self) -> Result<()> {
        let seed = self.plan.seed;
        let sent = async { tokio::try_join!(self.send(), self.work_by_hand()) };
        tokio::select! {
            sent = sent => drop(sent?),
            never = self.kill_by_count() => match never {},
            never = self.world.trouble_queues() => match never {},
            never = table_trouble::repeat(&self.world.tables, seed) => match never {},
            ended = self.take_results() => ended.map(|never| match never {})?,
            never = self.report() => match never {},
        }
        self.world.proxy.set_trouble(None);
        let emptied = wait_until_empty([&self.world.requests, &self.world.results]);
        tokio::select! {
            emptied = tokio::time::timeout(LONGEST_WAIT, emptied) => {
                // Requests that are left are found by the checks.
                emptied.unwrap_or(Ok(()))
            }
            ended = self.take_results() => ended.map(|never| match never {}),
            never = self.report() => match never {},
        }
    }

    async fn send(&self) -> Result<()> {
        for request in &self.plan.requests {
            tokio::time::sleep_until(self.began + request.sent).await;
            self.world.requests.send(&request.text(self.clock.time)).await?;
        }
        Ok(())
    }

    async fn work_by_hand(&self) -> Result<()> {
        for one in self.plan.by_hand.iter().filter(|one| !one.made.is_zero()) {
            tokio::time::sleep_until(self.began + one.made).await;
            self.make_by_hand(one).await?;
        }
        Ok(())
    }

    /// Makes an assignment as an administrator does, in place of what the broker has assigned.
    ///
    /// If a handler was killed before it knew which assignment it had made, the broker takes what is made
    /// within its time for its own. And if a handler was killed while it removed an assignment, or got no
    /// answer, the broker cannot tell who removed it. So nothing is made by hand while a removal is under
    /// way, or may begin.
    async fn make_by_hand(&self, ByHand { principal, .. }: &ByHand) -> Result<()> {
        let in_a_moment = OffsetDateTime::now_utc() + AT_ONCE;
        let held = self.world.tenant.assignments_of(principal);
        let is_it = |one: &&tenant_emulator::AppRoleAssignment| {
            one.resource_id == ORDERS_API && one.app_role_id == ADMIN.id
        };
        let row_key = format!("{ORDERS_API}_{}", ADMIN.id);
        let rows = entities(&self.world.account, ENDS).await?;
        let row = rows.iter().find(|row| row.partition_key == *principal && row.row_key == row_key);
        let bound = row.and_then(|row| row.properties.get("assignmentId"));
        let bound = bound.and_then(EntityValue::as_str);
        let is_ending = row.is_some_and(|row| {
            row.properties.contains_key("endingUntil") || ends_before(row, in_a_moment)
        });
        match (held.iter().find(is_it), row) {
            _ if is_ending || self.is_being_written(principal).await? => return Ok(()),
            (None, None) => {}
            (Some(held), Some(_)) if bound == Some(&*held.id) => {
                self.world.tenant.revoke(&held.id);
            }
            _ => return Ok(()),
        }
        // An error means that the broker was faster.
        if let Ok(id) = self.world.tenant.grant(principal, ORDERS_API, ADMIN.id) {
            lock(&self.by_hand).insert(id);
        }
        Ok(())
    }

    /// Whether a write of the role is under way, or was when its handler was killed.
    async fn is_being_written(&self, principal: &str) -> Result<bool> {
        let intents = entities(&self.world.account, INTENTS).await?;
        Ok(intents.iter().filter(|row| row.partition_key == principal).any(|row| {
            let is = |name: &str, text: &str| {
                row.properties.get(name).and_then(EntityValue::as_str) == Some(text)
            };
            is("apiId", ORDERS_API) && is("appRoleId", ADMIN.id)
        }))
    }

    async fn kill_by_count(&self) -> Infallible {
        let mut finished = self.finished.subscribe();
        let steps = STEPS.into_iter().chain(STEPS_WITH_END).cycle();
        for (number, step) in (1..).zip(steps) {
            // The wait cannot fail, because the sender is part of this run.
            drop(finished.wait_for(|finished| *finished >= number * REQUESTS_PER_KILL).await);
            self.kill_at(step, number).await;
        }
        std::future::pending().await
    }

    async fn kill_at(&self, step: Step, number: usize) {
        let handler = number % HANDLERS;
        let Some(way) = self.world.tables.get(handler) else { return };
        let held = step.reach(way).await;
        self.world.hosts.kill(handler).await;
        drop(held);
    }

    /// Deploys a policy without the rules. Returns the time without hosts, and the kills before.
    async fn deploy(&mut self) -> Result<(Pause, Vec<Kill>)> {
        let killed = self.world.hosts.observations().killed;
        let stopped = OffsetDateTime::now_utc();
        println!("Another policy is deployed: it allows nothing, and protects every identity");
        self.world.deploy(Path::new(LATER_POLICY), PAUSE).await?;
        Ok(((stopped, OffsetDateTime::now_utc()), killed))
    }

    /// Waits until all ends are over, while a fifth of all calls fail and handlers are killed.
    async fn wait_for_ends(&self) -> Result<()> {
        let trouble = TableTrouble::Partial.start(&self.world.tables, self.plan.seed);
        let last_end = (self.began + self.plan.last_end).max(Instant::now() + TICK);
        let over = last_end + LIMIT.unsigned_abs();
        tokio::select! {
            () = tokio::time::sleep_until(over) => {}
            never = self.kill_by_time() => match never {},
            ended = self.take_results() => ended.map(|never| match never {})?,
            never = self.report() => match never {},
        }
        drop(trouble);
        Ok(())
    }

    async fn kill_by_time(&self) -> Infallible {
        for (number, step) in STEPS.into_iter().chain(STEPS_WITH_END).cycle().enumerate() {
            tokio::time::sleep(KILL_INTERVAL).await;
            self.kill_at(step, number).await;
        }
        std::future::pending().await
    }

    async fn take_results(&self) -> Result<Infallible> {
        loop {
            if take(&self.world.results, |text| self.add(text)).await? == 0 {
                tokio::time::sleep(INTERVAL).await;
            }
            let outcomes = lock(&self.outcomes);
            let finished: BTreeSet<_> = outcomes.iter().map(|one| &one.request_id).collect();
            self.finished.send_replace(finished.len());
        }
    }

    fn add(&self, text: &str) {
        match Outcome::read(text) {
            Some(outcomes) => lock(&self.outcomes).extend(outcomes),
            None => lock(&self.unreadable).push(text.to_owned()),
        }
    }

    async fn report(&self) -> Infallible {
        loop {
            tokio::time::sleep(PROGRESS).await;
            let observed = self.world.hosts.observations();
            println!(
                "{:4} s: {} of {} requests finished; {} faults, {} writes accepted, {} throttled, \
                 {} handlers killed, {} hosts restarted",
                self.began.elapsed().as_secs(),
                *self.finished.borrow(),
                self.plan.requests.len(),
                self.world.tenant.seeded_fault_count(),
                self.world.tenant.accepted_writes().len(),
                self.world.tenant.quota_refusals(),
                observed.kills,
                observed.host_restarts,
            );
        }
    }

    /// Waits for the timers, stops everything and collects the evidence.
    async fn end(self, pause: Pause, killed: &[Kill]) -> Result<EndsEvidence> {
        self.world.settle().await?;
        take_all(&self.world.results, |text| self.add(text)).await?;
        self.world.hosts.stop().await?;
        let table_requests = table_requests(&self.world.tables);
        let (account, tenant) = (&self.world.account, &self.world.tenant);
        let unreadable = lock(&self.unreadable).clone();
        if let Some(text) = unreadable.first() {
            bail!("{} messages are not results, for example {text}", unreadable.len());
        }
        let (outcomes, by_hand) = (lock(&self.outcomes).clone(), lock(&self.by_hand).clone());
        let rows = entities(account, ENDS).await?;
        let rows = rows.iter().map(|row| format!("{}, {}", row.partition_key, row.row_key));
        Ok(EndsEvidence {
            clock: self.clock,
            requests: self.plan.requests.clone(),
            outcomes,
            given_up: given_up(account).await?,
            writes: tenant.accepted_writes(),
            held: tenant.assignments(),
            by_hand,
            rows_left: rows.collect(),
            pauses: pauses(pause, killed, self.clock),
            record: Record::collect(account, &table_requests).await?,
            table_requests,
        })
    }
}

/// Whether something that a row covers ends before a moment, as far as the row can be read.
fn ends_before(row: &Entity, moment: OffsetDateTime) -> bool {
    let end = row.properties.get("endDateTime").and_then(EntityValue::as_str);
    let end = end.and_then(|end| OffsetDateTime::parse(end, &Rfc3339).ok());
    end.is_none_or(|end| end <= moment)
}

/// A panic elsewhere leaves the values consistent.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
