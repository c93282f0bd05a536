//! Limiters of several instances share one quota.

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock, Mutex},
    time::Duration,
};

use app_roles::requester::Requester;
use azure_rest::{retry::Deadline, timing::CallTiming};
use shared_quota::{
    budget::SPACING,
    exchange::{RowStore, exchange_rows},
    instance::InstanceShare,
    priority::Priority,
    row::{Row, ServerTime, StoredRow},
    write_quota::WriteQuota,
};
use tokio::time::Instant;

use super::super::WriteRateLimiter;
use crate::caller::Caller;

static TEAM: LazyLock<Caller> = LazyLock::new(|| Caller {
    requester: Requester::Queue("team".to_owned()),
    priority: Priority::Normal,
});

const QUOTA: WriteQuota = WriteQuota { writes: 100, period: Duration::from_secs(10) };

/// Rows in memory, or nothing while storage does not respond.
struct Rows {
    instance: String,
    rows: Option<Arc<Mutex<BTreeMap<String, StoredRow>>>>,
    start: Instant,
}

impl RowStore for Rows {
    type Error = ();

    async fn store(&mut self, row: &Row) -> Result<(), ()> {
        tokio::time::sleep(Duration::from_millis(5)).await;
        let rows = self.rows.as_ref().ok_or(())?;
        let stored = ServerTime(i64::try_from(self.start.elapsed().as_micros()).unwrap());
        let stored = StoredRow { instance: self.instance.clone(), stored, row: row.clone() };
        rows.lock().unwrap().insert(self.instance.clone(), stored);
        Ok(())
    }

    async fn read(&mut self) -> Result<Vec<StoredRow>, ()> {
        tokio::time::sleep(Duration::from_millis(5)).await;
        let rows = self.rows.as_ref().ok_or(())?;
        Ok(rows.lock().unwrap().values().cloned().collect())
    }

    async fn delete(&mut self, _: Vec<String>) {}

    fn is_away(&mut self, (): ()) {}

    fn is_back(&mut self) {}
}

/// Limiters that share rows, or that all lack storage.
fn limiters(count: usize, has_storage: bool) -> Vec<WriteRateLimiter> {
    let (all, start) = (Arc::default(), Instant::now());
    let limiter = |index: usize| {
        let share = Arc::new(InstanceShare::new(index.to_string(), QUOTA, SPACING));
        let rows = has_storage.then(|| Arc::clone(&all));
        let mut rows = Rows { instance: index.to_string(), rows, start };
        let exchanged = share.clone();
        tokio::spawn(async move { exchange_rows(&exchanged, &mut rows).await });
        WriteRateLimiter::with_share(share, CallTiming::default())
    };
    (0..count).map(limiter).collect()
}

/// The number of writes that a limiter lets through within a time.
async fn writes(limiter: &WriteRateLimiter, time: Duration) -> usize {
    let deadline = Deadline::after(time);
    let mut writes = 0;
    while let Some(slot) = limiter.acquire(deadline, &TEAM).await {
        slot.accepted(None);
        writes += 1;
    }
    writes
}

#[tokio::test(start_paused = true)]
async fn limiters_that_share_rows_keep_to_the_quota_together_and_all_write() {
    let limiters = limiters(3, true);
    let time = Duration::from_secs(9);
    let all = limiters.iter().map(|limiter| writes(limiter, time));
    let all = futures_util::future::join_all(all).await;
    let sum: usize = all.iter().sum();
    assert!((60..=100).contains(&sum), "{all:?}");
    assert!(all.iter().all(|writes| *writes >= 10), "{all:?}");
}

#[tokio::test(start_paused = true)]
async fn a_limiter_alone_uses_the_whole_quota() {
    let limiters = limiters(1, true);
    assert_eq!(writes(&limiters[0], Duration::from_secs(9)).await, 100);
}

#[tokio::test(start_paused = true)]
async fn without_storage_each_keeps_to_a_small_part() {
    let limiters = limiters(40, false);
    let time = Duration::from_secs(9);
    let all = limiters.iter().map(|limiter| writes(limiter, time));
    let all = futures_util::future::join_all(all).await;
    assert!(all.iter().all(|writes| *writes == 2), "{all:?}");
}

#[tokio::test(start_paused = true)]
async fn a_write_that_was_not_sent_leaves_its_part_to_others() {
    let limiters = limiters(1, true);
    for _ in 0..300 {
        let slot = limiters[0].acquire(Deadline::after(QUOTA.period), &TEAM).await;
        slot.unwrap().not_sent();
    }
    assert_eq!(writes(&limiters[0], Duration::from_secs(9)).await, 100);
}

#[tokio::test(start_paused = true)]
async fn a_429_makes_the_others_wait() {
    let limiters = limiters(2, true);
    let deadline = || Deadline::after(Duration::from_secs(5));
    let slot = limiters[0].acquire(deadline(), &TEAM).await.unwrap();
    slot.throttled(Some(Duration::from_secs(3)));
    let began = Instant::now();
    // The other one learns of it by its first exchange.
    tokio::time::sleep(Duration::from_millis(100)).await;
    let slot = limiters[1].acquire(deadline(), &TEAM).await.unwrap();
    assert!(began.elapsed() >= Duration::from_millis(2_900), "{:?}", began.elapsed());
    slot.accepted(None);
}
