use futures_util::{FutureExt, poll};

use super::*;

const PERIOD: Duration = Duration::from_secs(10);

fn pace(writes: u32) -> WritePace {
    WritePace::new(WriteQuota { writes, period: PERIOD }, CallTiming::default())
}

fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(60))
}

/// Whether a turn can be had now; the write is taken at once.
fn writes_now(pace: &WritePace, priority: Priority) -> bool {
    let turn = pace.turn(soon(), priority).now_or_never().flatten();
    turn.map(|turn| turn.taken(None)).is_some()
}

#[tokio::test(start_paused = true)]
async fn who_can_wait_gives_up_at_its_deadline_while_others_wait_for_a_turn() {
    let pace = pace(1);
    assert!(writes_now(&pace, Priority::Normal));
    let mut other = std::pin::pin!(pace.turn(soon(), Priority::Normal));
    assert!(poll!(other.as_mut()).is_pending());
    let deadline = Deadline::after(Duration::from_secs(1));
    assert!(pace.turn(deadline, Priority::Low).await.is_none());
}

#[tokio::test(start_paused = true)]
async fn who_came_later_and_is_waited_for_goes_first() {
    let pace = pace(4);
    // Until both are full: the part of those who can wait, and the whole.
    while writes_now(&pace, Priority::Low) {}
    while writes_now(&pace, Priority::Normal) {}
    let mut low = std::pin::pin!(pace.turn(soon(), Priority::Low));
    assert!(poll!(low.as_mut()).is_pending());
    let mut normal = std::pin::pin!(pace.turn(soon(), Priority::Normal));
    assert!(poll!(normal.as_mut()).is_pending());
    tokio::time::advance(PERIOD).await;
    assert!(poll!(low.as_mut()).is_pending(), "somebody else wants a turn");
    let normal = normal.await.unwrap();
    assert!(poll!(low.as_mut()).is_ready(), "and has it now");
    normal.taken(None);
}

#[tokio::test(start_paused = true)]
async fn who_can_wait_leaves_half_of_the_quota_to_those_who_come_later() {
    let pace = pace(100);
    let low = (0..200).take_while(|_| writes_now(&pace, Priority::Low)).count();
    let normal = (0..200).take_while(|_| writes_now(&pace, Priority::Normal)).count();
    assert_eq!((low, normal), (50, 50));
}

#[tokio::test(start_paused = true)]
async fn who_can_wait_has_a_turn_when_nobody_else_wants_one() {
    let pace = pace(1);
    assert!(writes_now(&pace, Priority::Low));
    let turn = pace.turn(soon(), Priority::Low).await;
    turn.unwrap().taken(None);
}

#[tokio::test(start_paused = true)]
async fn waiting_for_a_lull_takes_nothing_from_the_quota_and_ends_at_the_deadline() {
    let pace = pace(1);
    for _ in 0..3 {
        assert!(pace.lull(soon()).await.is_some());
    }
    assert!(writes_now(&pace, Priority::Normal));
    assert!(pace.lull(Deadline::after(Duration::from_secs(1))).await.is_none());
    assert!(pace.lull(soon()).await.is_some());
}
