//! Whatever callers do, each slot goes to the right one.

use std::{future::Future, pin::Pin, task::Context};

use proptest::prelude::*;

use super::*;

const REQUESTERS: usize = 4;

/// What happens to a limiter with a quota of one write in a period.
#[derive(Debug, Clone)]
enum Event {
    Arrive(usize, Priority),
    /// A caller that waits goes away.
    Leave(prop::sample::Index),
    /// The deadline of a caller with a short one passes, and the quota allows a write again.
    Advance,
}

fn event() -> impl Strategy<Value = Event> {
    let priority = prop_oneof![4 => Just(Priority::Normal), 1 => Just(Priority::Low)];
    prop_oneof![
        4 => (0..REQUESTERS, priority).prop_map(|(group, priority)| Event::Arrive(group, priority)),
        1 => any::<prop::sample::Index>().prop_map(Event::Leave),
        3 => Just(Event::Advance),
    ]
}

/// A caller that waits.
struct Waiter<'a> {
    number: usize,
    caller: &'a Caller,
    /// The number of slots that others got while this caller was the first of its requester.
    passed_by: usize,
    waiting: Pin<Box<dyn Future<Output = bool> + 'a>>,
}

impl Waiter<'_> {
    fn requester(&self) -> String {
        self.caller.requester.to_string()
    }

    fn is_normal(&self) -> bool {
        self.caller.priority == Priority::Normal
    }
}

/// Polls all callers until nothing changes, as a runtime does, and returns those with a slot.
fn poll_all<'a>(waiters: &mut Vec<Waiter<'a>>) -> Vec<Waiter<'a>> {
    let waker = futures_util::task::noop_waker();
    let mut context = Context::from_waker(&waker);
    let mut granted = Vec::new();
    // A turn that ends makes the next caller ready, at any place of the list.
    for _ in 0..=waiters.len() {
        let mut index = 0;
        while let Some(waiter) = waiters.get_mut(index) {
            if waiter.waiting.as_mut().poll(&mut context).is_ready() {
                granted.push(waiters.remove(index));
            } else {
                index += 1;
            }
        }
    }
    granted
}

/// Notes a slot, and says what is wrong with it.
fn check(granted: &Waiter<'_>, waiters: &mut [Waiter<'_>]) -> Result<(), TestCaseError> {
    let requester = granted.requester();
    let is_same = |other: &Waiter<'_>| {
        other.requester() == requester && other.is_normal() == granted.is_normal()
    };
    let is_passed_over = waiters.iter().any(|one| is_same(one) && one.number < granted.number);
    prop_assert!(!is_passed_over, "an older write of the requester was passed over");
    if !granted.is_normal() {
        prop_assert!(!waiters.iter().any(Waiter::is_normal), "low priority went first");
        return Ok(());
    }
    let mut requesters = vec![requester.clone()];
    for waiter in waiters.iter_mut().filter(|one| one.is_normal()) {
        if !requesters.contains(&waiter.requester()) {
            requesters.push(waiter.requester());
            waiter.passed_by += 1;
            // One of each other requester, and the one that had its turn before.
            prop_assert!(waiter.passed_by <= REQUESTERS, "others got too many slots");
        }
    }
    Ok(())
}

fn run(events: Vec<Event>) -> Result<(), TestCaseError> {
    let callers: Vec<_> = (0..REQUESTERS)
        .flat_map(|group| [Priority::Normal, Priority::Low].map(|one| (group, one)))
        .map(|(group, priority)| caller(&format!("team-{group}"), priority))
        .collect();
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.enable_time().start_paused(true).build();
    runtime.map_err(|error| TestCaseError::fail(error.to_string()))?.block_on(async {
        let limiter = limiter(1);
        let mut waiters: Vec<Waiter<'_>> = Vec::new();
        for (number, event) in events.into_iter().enumerate() {
            let is_advance = matches!(event, Event::Advance);
            match event {
                Event::Arrive(group, priority) => {
                    let wanted = caller(&format!("team-{group}"), priority);
                    let caller = callers.iter().find(|one| **one == wanted).unwrap();
                    let limiter = &limiter;
                    let waiting = Box::pin(async move {
                        let slot = limiter.acquire(Deadline::after(PERIOD * 1000), caller).await;
                        slot.map(|slot| slot.accepted(None)).is_some()
                    });
                    waiters.push(Waiter { number, caller, passed_by: 0, waiting });
                }
                Event::Leave(index) if !waiters.is_empty() => {
                    drop(waiters.remove(index.index(waiters.len())));
                }
                Event::Leave(_) => {}
                Event::Advance => tokio::time::advance(PERIOD).await,
            }
            let waited = !waiters.is_empty();
            let granted = poll_all(&mut waiters);
            prop_assert!(granted.len() <= 1, "the quota is one write");
            prop_assert!(!(is_advance && waited) || granted.len() == 1, "a slot was lost");
            for one in &granted {
                check(one, &mut waiters)?;
            }
        }
        Ok(())
    })
}

proptest! {
    #[test]
    fn slots_go_round_by_requester_while_callers_arrive_and_leave(
        events in prop::collection::vec(event(), 0..120)
    ) {
        run(events)?;
    }
}
