use std::{future::Future, pin::Pin, task::Poll};

use futures_util::FutureExt as _;
use proptest::prelude::*;

use super::*;

type Groups = FairSemaphore<u8>;

#[tokio::test]
async fn a_caller_that_stops_waiting_loses_no_permit() {
    let semaphore = Groups::new(1);
    let held = semaphore.try_acquire(&9).unwrap();
    let mut cancelled = Box::pin(semaphore.acquire(&1, 1));
    let mut other = Box::pin(semaphore.acquire(&2, 1));
    assert!(cancelled.as_mut().now_or_never().is_none());
    assert!(other.as_mut().now_or_never().is_none());
    // It is the turn of the first, which never asks again.
    drop(held);
    assert!(other.as_mut().now_or_never().is_none());
    drop(cancelled);
    assert!(other.as_mut().now_or_never().is_some());
    assert_eq!(semaphore.free(), 1);
}

#[tokio::test]
async fn a_caller_that_needs_many_permits_is_not_passed_by_later_ones() {
    let semaphore = Groups::new(3);
    let held = semaphore.acquire(&0, 2).await;
    let mut many = Box::pin(semaphore.acquire(&1, 3));
    assert!(many.as_mut().now_or_never().is_none());
    let mut one = Box::pin(semaphore.acquire(&2, 1));
    assert!(
        one.as_mut().now_or_never().is_none(),
        "one permit is free, and another caller was first"
    );
    assert!(semaphore.try_acquire(&9).is_none());
    drop(many);
    assert!(one.as_mut().now_or_never().is_some(), "the caller before it has gone");
    drop(held);
    assert_eq!(semaphore.free(), 3);
}

#[tokio::test]
async fn permits_that_are_returned_early_go_to_the_next_caller() {
    let semaphore = Groups::new(3);
    let mut permit = semaphore.acquire(&0, 3).await;
    let mut two = Box::pin(semaphore.acquire(&1, 2));
    assert!(two.as_mut().now_or_never().is_none());
    permit.keep(1);
    let two = two.now_or_never().unwrap();
    permit.keep(2);
    assert_eq!(semaphore.free(), 0, "nothing is returned twice");
    let mut idle = Box::pin(semaphore.all_returned());
    assert!(idle.as_mut().now_or_never().is_none());
    drop((permit, two));
    assert!(idle.now_or_never().is_some());
    assert_eq!(semaphore.free(), 3);
}

/// What happens to a semaphore with one permit.
#[derive(Debug, Clone)]
enum Event {
    Arrive(u8),
    /// A caller that waits, or has just been given the permit, goes away.
    Leave(prop::sample::Index),
    /// The permit is returned.
    Return,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => (0_u8..4).prop_map(Event::Arrive),
        1 => any::<prop::sample::Index>().prop_map(Event::Leave),
        3 => Just(Event::Return),
    ]
}

/// A caller that waits.
struct Caller<'a> {
    group: u8,
    number: usize,
    waiting: Pin<Box<dyn Future<Output = FairPermit<u8>> + 'a>>,
}

/// Polls all callers, as a runtime does that wakes them in any order, and returns the permits.
fn poll_all(callers: &mut Vec<Caller<'_>>) -> Vec<(u8, usize, FairPermit<u8>)> {
    let waker = futures_util::task::noop_waker();
    let mut context = std::task::Context::from_waker(&waker);
    let mut granted = Vec::new();
    callers.retain_mut(|caller| match caller.waiting.as_mut().poll(&mut context) {
        Poll::Ready(permit) => {
            granted.push((caller.group, caller.number, permit));
            false
        }
        Poll::Pending => true,
    });
    granted
}

proptest! {
    #[test]
    fn the_permit_is_never_lost_and_goes_round_by_group(
        events in prop::collection::vec(event(), 0..150)
    ) {
        let semaphore = Groups::new(1);
        let mut callers = Vec::new();
        let mut held = None;
        // The groups that were served since the first caller of a group began to be the first.
        let mut served_since: Vec<(u8, Vec<u8>)> = Vec::new();
        for (number, event) in events.into_iter().enumerate() {
            match event {
                Event::Arrive(group) => {
                    let semaphore = &semaphore;
                    let waiting = Box::pin(async move { semaphore.acquire(&group, 1).await });
                    callers.push(Caller { group, number, waiting });
                }
                Event::Leave(index) if !callers.is_empty() => {
                    drop(callers.remove(index.index(callers.len())));
                }
                Event::Leave(_) => {}
                Event::Return => held = None,
            }
            let before: Vec<_> = callers.iter().map(|one| (one.group, one.number)).collect();
            let granted = poll_all(&mut callers);
            prop_assert!(granted.len() + usize::from(held.is_some()) <= 1, "one permit");
            for (group, number, permit) in granted {
                let older = before.iter().any(|(other, one)| *other == group && *one < number);
                prop_assert!(!older, "an older caller of the group was passed over");
                served_since.retain(|(other, _)| *other != group);
                for (other, served) in &mut served_since {
                    prop_assert!(!served.contains(&group), "{other} was passed over twice");
                    served.push(group);
                }
                held = Some(permit);
            }
            served_since.retain(|(group, _)| callers.iter().any(|one| one.group == *group));
            for caller in &callers {
                if served_since.iter().all(|(group, _)| *group != caller.group) {
                    served_since.push((caller.group, Vec::new()));
                }
            }
            // The permit is held, or free and not waited for.
            prop_assert!(held.is_some() || callers.is_empty());
            prop_assert_eq!(semaphore.free(), usize::from(held.is_none()));
        }
        drop(callers);
        drop(held);
        prop_assert_eq!(semaphore.free(), 1);
    }
}
