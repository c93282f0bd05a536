mod order;
mod shared;

use std::sync::LazyLock;

use app_roles::requester::Requester;
use futures_util::{FutureExt, poll};

use super::*;

const PERIOD: Duration = Duration::from_secs(10);

static TEAM: LazyLock<Caller> = LazyLock::new(|| caller("team", Priority::Normal));
static OTHERS: LazyLock<Caller> = LazyLock::new(|| caller("others", Priority::Normal));
static CHECKS: LazyLock<Caller> = LazyLock::new(|| caller("checks", Priority::Low));

fn caller(queue: &str, priority: Priority) -> Caller {
    Caller { requester: Requester::Queue(queue.to_owned()), priority }
}

fn limiter(writes: u32) -> WriteRateLimiter {
    WriteRateLimiter::new(WriteQuota { writes, period: PERIOD }, CallTiming::default())
}

fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(60))
}

/// Sends a write if a slot is free now, and returns whether it was.
fn writes_now(limiter: &WriteRateLimiter, caller: &Caller) -> bool {
    let slot = limiter.acquire(soon(), caller).now_or_never().flatten();
    slot.map(|slot| slot.accepted(None)).is_some()
}

#[tokio::test(start_paused = true)]
async fn a_write_of_low_priority_gives_up_at_its_deadline_while_others_wait() {
    let limiter = limiter(1);
    assert!(writes_now(&limiter, &TEAM));
    let mut other = std::pin::pin!(limiter.acquire(soon(), &TEAM));
    assert!(poll!(other.as_mut()).is_pending());
    let deadline = Deadline::after(Duration::from_secs(1));
    assert!(limiter.acquire(deadline, &CHECKS).await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_later_write_of_normal_priority_goes_first() {
    let limiter = limiter(4);
    // Use up the share of low priority, then the whole quota.
    while writes_now(&limiter, &CHECKS) {}
    while writes_now(&limiter, &TEAM) {}
    let mut low = std::pin::pin!(limiter.acquire(soon(), &CHECKS));
    assert!(poll!(low.as_mut()).is_pending());
    let mut normal = std::pin::pin!(limiter.acquire(soon(), &TEAM));
    assert!(poll!(normal.as_mut()).is_pending());
    tokio::time::advance(PERIOD).await;
    assert!(poll!(low.as_mut()).is_pending(), "a write of normal priority is waiting");
    let normal = normal.await.unwrap();
    assert!(poll!(low.as_mut()).is_ready(), "it has been sent now");
    normal.accepted(None);
}

#[tokio::test(start_paused = true)]
async fn low_priority_leaves_half_of_the_quota_to_later_writes() {
    let limiter = limiter(100);
    let low = (0..200).take_while(|_| writes_now(&limiter, &CHECKS)).count();
    let normal = (0..200).take_while(|_| writes_now(&limiter, &TEAM)).count();
    assert_eq!((low, normal), (50, 50));
}

#[tokio::test(start_paused = true)]
async fn low_priority_is_sent_when_no_other_write_waits() {
    let limiter = limiter(1);
    assert!(writes_now(&limiter, &CHECKS));
    let slot = limiter.acquire(soon(), &CHECKS).await;
    slot.unwrap().accepted(None);
}

#[tokio::test(start_paused = true)]
async fn waiting_for_capacity_uses_no_quota_and_ends_at_the_deadline() {
    let limiter = limiter(1);
    for _ in 0..3 {
        assert!(limiter.wait_for_capacity(soon(), &CHECKS).await.is_some());
    }
    assert!(writes_now(&limiter, &TEAM));
    assert!(
        limiter.wait_for_capacity(Deadline::after(Duration::from_secs(1)), &CHECKS).await.is_none()
    );
    assert!(limiter.wait_for_capacity(soon(), &CHECKS).await.is_some());
}

#[tokio::test(start_paused = true)]
async fn after_a_stop_no_write_gets_a_slot_and_those_that_wait_end_at_once() {
    let limiter = limiter(1);
    let in_progress = limiter.acquire(soon(), &TEAM).await.unwrap();
    let waiting =
        [&*TEAM, &*OTHERS, &*CHECKS, &*CHECKS].map(|caller| limiter.acquire(soon(), caller));
    let mut waiting = std::pin::pin!(futures_util::future::join_all(waiting));
    assert!(poll!(waiting.as_mut()).is_pending());
    limiter.stop();
    assert!(waiting.now_or_never().unwrap().iter().all(Option::is_none));
    in_progress.accepted(None);
    tokio::time::advance(PERIOD).await;
    assert!(!writes_now(&limiter, &TEAM));
    assert!(limiter.wait_for_capacity(soon(), &CHECKS).await.is_none());
    assert!(limiter.acquire_now(Priority::Low).is_none());
}

#[tokio::test(start_paused = true)]
async fn many_writes_of_one_requester_delay_those_of_another_by_one_slot_each() {
    let limiter = limiter(1);
    assert!(writes_now(&limiter, &TEAM));
    let many = std::iter::repeat_n(&*TEAM, 50);
    let callers = many.chain(std::iter::repeat_n(&*OTHERS, 5));
    let order = Mutex::new(Vec::new());
    let write = async |caller: &'static Caller| {
        let slot = limiter.acquire(Deadline::after(PERIOD * 100), caller).await;
        slot.unwrap().accepted(None);
        order.lock().unwrap().push(caller);
    };
    futures_util::future::join_all(callers.map(write)).await;
    let order = order.into_inner().unwrap();
    let of_others: Vec<_> = order.iter().map(|caller| **caller == *OTHERS).collect();
    assert_eq!(of_others.iter().take(10).filter(|is_of_others| **is_of_others).count(), 5);
}
