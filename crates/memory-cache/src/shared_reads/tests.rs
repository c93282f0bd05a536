use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use futures_util::future::join_all;
use proptest::prelude::*;
use tokio::{
    task::LocalSet,
    time::{Instant, sleep},
};

use super::*;

const READ: Duration = Duration::from_millis(150);

/// A service whose state is the time, so that a result says when it was read.
#[derive(Default)]
struct Service {
    reads: Cell<u32>,
    in_progress: Cell<u32>,
    most_in_progress: Cell<u32>,
}

impl Service {
    /// Reads for this long. The result is the time at which the read began.
    async fn read(&self, takes: Duration) -> Instant {
        let began = Instant::now();
        self.reads.set(self.reads.get() + 1);
        self.in_progress.set(self.in_progress.get() + 1);
        self.most_in_progress.set(self.most_in_progress.get().max(self.in_progress.get()));
        let _reading = Reading(self);
        sleep(takes).await;
        began
    }
}

/// A read in progress. A cancelled read ends, too.
struct Reading<'a>(&'a Service);

impl Drop for Reading<'_> {
    fn drop(&mut self) {
        self.0.in_progress.set(self.0.in_progress.get() - 1);
    }
}

#[tokio::test(start_paused = true)]
async fn callers_that_wait_share_one_read() {
    let (shared, service) = (SharedReads::default(), Service::default());
    let began = Instant::now();
    join_all((0..1000).map(|_| shared.read(1, || service.read(READ)))).await;
    assert_eq!(service.reads.get(), 2, "that of the first caller, and one for all others");
    assert!(began.elapsed() < 3 * READ);
}

#[tokio::test(start_paused = true)]
async fn callers_for_different_keys_do_not_wait_for_each_other() {
    let (shared, service) = (SharedReads::default(), Service::default());
    let began = Instant::now();
    join_all((0..10).map(|key| shared.read(key, || service.read(READ)))).await;
    assert_eq!(service.reads.get(), 10);
    assert!(began.elapsed() < 2 * READ);
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_comes_later_does_not_get_an_older_result() {
    let (shared, service) = (SharedReads::default(), Service::default());
    shared.read(1, || service.read(READ)).await;
    let arrived = Instant::now();
    assert!(shared.read(1, || service.read(READ)).await >= arrived);
}

#[tokio::test(start_paused = true)]
async fn a_read_that_hangs_delays_the_callers_after_it_only_for_a_while() {
    let (shared, service) = (SharedReads::default(), Service::default());
    let (hangs, began) = (10 * PATIENCE, Instant::now());
    let later = async {
        tokio::task::yield_now().await;
        shared.read(1, || service.read(READ)).await;
        began.elapsed()
    };
    let (_, later) = tokio::join!(shared.read(1, || service.read(hangs)), later);
    assert!(later < PATIENCE + 2 * READ, "{later:?}");
}

/// One caller of the model.
#[derive(Debug, Clone)]
struct Caller {
    key: u8,
    arrives: u64,
    read_takes: u64,
    /// How long the caller waits before it is cancelled.
    cancelled_after: Option<u64>,
}

fn caller() -> impl Strategy<Value = Caller> {
    let cancelled = prop_oneof![3 => Just(None), 1 => (0..500_u64).prop_map(Some)];
    (0..3_u8, 0..1000_u64, 1..300_u64, cancelled).prop_map(
        |(key, arrives, read_takes, cancelled_after)| Caller {
            key,
            arrives,
            read_takes,
            cancelled_after,
        },
    )
}

/// Runs the callers on a paused clock, and checks what each of them gets.
async fn run(callers: Vec<Caller>) {
    let shared = Rc::new(SharedReads::<u8, Instant>::default());
    let services = Rc::new([Service::default(), Service::default(), Service::default()]);
    let answered = Rc::new(RefCell::new(0));
    let expected = callers.iter().filter(|caller| caller.cancelled_after.is_none()).count();
    let tasks: Vec<_> = callers
        .into_iter()
        .map(|caller| {
            let (shared, services) = (shared.clone(), services.clone());
            let answered = answered.clone();
            tokio::task::spawn_local(async move {
                sleep(Duration::from_millis(caller.arrives)).await;
                let arrived = Instant::now();
                let service = &services[usize::from(caller.key)];
                let takes = Duration::from_millis(caller.read_takes);
                let call = shared.read(caller.key, || service.read(takes));
                let patience = caller.cancelled_after.map_or(Duration::MAX, Duration::from_millis);
                if let Ok(read) = tokio::time::timeout(patience, call).await {
                    assert!(read >= arrived, "a result from before the call");
                    if caller.cancelled_after.is_none() {
                        *answered.borrow_mut() += 1;
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(*answered.borrow(), expected, "a caller was lost");
    assert!(services.iter().all(|service| service.most_in_progress.get() <= 1));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn every_caller_gets_a_read_that_began_after_it_arrived_and_reads_of_a_key_do_not_overlap(
        callers in proptest::collection::vec(caller(), 1..40)
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        LocalSet::new().block_on(&runtime, run(callers));
    }
}
