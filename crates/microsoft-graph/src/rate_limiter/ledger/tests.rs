use std::{cmp::Reverse, collections::BinaryHeap};

use proptest::prelude::*;

use super::*;

mod shared_quota;

/// The way in which a service counts writes.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Model {
    FixedWindow,
    Bucket,
    /// A bucket in which throttled writes count too.
    ChargingBucket,
}

const MODELS: [Model; 3] = [Model::FixedWindow, Model::Bucket, Model::ChargingBucket];

/// A service with a quota, on a clock of whole microseconds.
struct Service {
    model: Model,
    quota: WriteQuota,
    began: Option<u64>,
    window: u64,
    used: u32,
    balance: f64,
    last: u64,
}

impl Service {
    fn new(model: Model, quota: WriteQuota) -> Self {
        let balance = f64::from(quota.writes);
        Self { model, quota, began: None, window: 0, used: 0, balance, last: 0 }
    }

    /// Handles a write. Returns `Retry-After` if it is throttled.
    fn write(&mut self, now: u64) -> Option<Duration> {
        let period = u64::try_from(self.quota.period.as_micros()).unwrap();
        let began = *self.began.get_or_insert(now);
        if self.model == Model::FixedWindow {
            let window = (now - began) / period;
            if window != self.window {
                (self.window, self.used) = (window, 0);
            }
            self.used += 1;
            let left = Duration::from_micros(began + (window + 1) * period - now);
            return (self.used > self.quota.writes).then(|| whole_seconds(left));
        }
        let per_micro = f64::from(self.quota.writes) / period as f64;
        let refilled = self.balance + (now - self.last) as f64 * per_micro;
        (self.balance, self.last) = (refilled.min(f64::from(self.quota.writes)), now);
        let refused = self.balance < 1.0;
        if !refused || self.model == Model::ChargingBucket {
            self.balance -= 1.0;
        }
        let missing = (1.0 - self.balance) / per_micro;
        refused.then(|| whole_seconds(Duration::from_micros(missing as u64)))
    }
}

fn whole_seconds(duration: Duration) -> Duration {
    Duration::from_secs(duration.as_secs_f64().ceil().max(1.0) as u64)
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Wake,
    Ready,
    Arrived,
    Answered(Option<Duration>),
}

/// The result of a run.
#[derive(Debug)]
struct Run {
    seconds: f64,
    refused: u32,
    accepted: u32,
}

/// The writes of a run, and the number of workers.
#[derive(Clone, Copy)]
struct Load {
    wanted: u32,
    in_flight: u32,
}

/// Writes the assignments of a load. Each write follows a read of the same duration.
fn run(ledger: &mut Ledger, service: &mut Service, start: Instant, load: Load) -> Run {
    const LATENCY: u64 = 60_000;
    let Load { wanted, in_flight } = load;
    let mut events = BinaryHeap::new();
    let (mut unread, mut waiting) = (wanted, 0_u32);
    let mut done = Run { seconds: 0.0, refused: 0, accepted: 0 };
    for _ in 0..in_flight.min(wanted) {
        unread -= 1;
        events.push(Reverse((LATENCY, Event::Ready)));
    }
    while let Some(Reverse((now, event))) = events.pop() {
        let moment = start + Duration::from_micros(now);
        let waited = event != Event::Ready;
        match event {
            Event::Wake => {}
            Event::Ready => waiting += 1,
            Event::Arrived => {
                let refusal = service.write(now);
                events.push(Reverse((now + LATENCY / 2, Event::Answered(refusal))));
            }
            Event::Answered(None) => {
                ledger.end(moment, WriteEnd::Accepted { used: None });
                done.accepted += 1;
                done.seconds = now as f64 / 1e6;
                if unread > 0 {
                    unread -= 1;
                    events.push(Reverse((now + LATENCY, Event::Ready)));
                }
            }
            Event::Answered(retry_after) => {
                ledger.end(moment, WriteEnd::Throttled { retry_after });
                done.refused += 1;
                waiting += 1;
            }
        }
        while waiting > 0 {
            match ledger.admit(moment, waited || waiting > 1) {
                Admission::Now => {
                    waiting -= 1;
                    events.push(Reverse((now + LATENCY / 2, Event::Arrived)));
                }
                Admission::AfterNextResponse => break,
                Admission::At(at) => {
                    let at = u64::try_from((at - start).as_micros()).unwrap() + 1;
                    events.push(Reverse((at, Event::Wake)));
                    break;
                }
            }
        }
    }
    done
}

fn quota(writes: u32, seconds: u64) -> WriteQuota {
    WriteQuota { writes, period: Duration::from_secs(seconds) }
}

fn ledger(quota: WriteQuota, now: Instant) -> Ledger {
    Ledger::new(quota, CallTiming::default(), now)
}

proptest! {
    #[test]
    fn a_known_quota_is_never_exceeded_however_the_service_counts(
        writes in 1..300_u32, seconds in 1..30_u64, in_flight in 1..64_u32, wanted in 1..900_u32,
    ) {
        for model in MODELS {
            let start = Instant::now();
            let known = quota(writes, seconds);
            let mut service = Service::new(model, known);
            let done = run(&mut ledger(known, start), &mut service, start, Load { wanted, in_flight });
            prop_assert_eq!((done.refused, done.accepted), (0, wanted));
        }
    }

    #[test]
    fn every_write_succeeds_in_the_end_whatever_the_real_quota_is(
        believed in 1..300_u32, real in 1..300_u32, seconds in 1..30_u64, in_flight in 1..64_u32,
    ) {
        for model in MODELS {
            let start = Instant::now();
            let mut service = Service::new(model, quota(real, seconds));
            let mut ledger = ledger(quota(believed, seconds), start);
            let done = run(&mut ledger, &mut service, start, Load { wanted: 400, in_flight });
            prop_assert_eq!(done.accepted, 400);
        }
    }
}

/// The best time for 600 writes, 200 in 10 s, with 48 in flight: the quota leaves 400 to later
/// periods; a window's own 200 take as long as reading and writing them takes.
const IDEAL: [(Model, f64); 3] =
    [(Model::FixedWindow, 20.5), (Model::Bucket, 20.1), (Model::ChargingBucket, 20.1)];

#[test]
fn a_known_quota_is_used_up() {
    for (model, ideal) in IDEAL {
        let start = Instant::now();
        let known = quota(200, 10);
        let done = run(
            &mut ledger(known, start),
            &mut Service::new(model, known),
            start,
            Load { wanted: 600, in_flight: 48 },
        );
        assert!(done.seconds < ideal * 1.05, "{model:?}: {done:?}");
    }
}

#[test]
fn an_unknown_quota_is_learned_from_throttling() {
    let crowds = [24, 48, 128, 224].into_iter().flat_map(|crowd| IDEAL.map(|row| (crowd, row)));
    for (in_flight, (model, ideal)) in crowds {
        let start = Instant::now();
        let mut service = Service::new(model, quota(200, 10));
        let mut ledger = ledger(WriteQuota::default(), start);
        let done = run(&mut ledger, &mut service, start, Load { wanted: 600, in_flight });
        // A throttled write that counts takes the place of another one, and the quota has 20 a second.
        let charged =
            if model == Model::ChargingBucket { f64::from(done.refused) / 20.0 } else { 0.0 };
        assert!(done.seconds < ideal * 1.10 + charged, "{in_flight}, {model:?}: {done:?}");
        assert!(done.refused < 200, "{in_flight}, {model:?}: {done:?}");
    }
}

#[test]
fn throttling_stops_all_writes_until_retry_after_and_one_write_resumes_first() {
    let now = Instant::now();
    let mut ledger = ledger(quota(100, 10), now);
    assert_eq!([(); 3].map(|()| ledger.admit(now, false)), [Admission::Now; 3]);
    let retry_after = Some(Duration::from_secs(7));
    ledger.end(now, WriteEnd::Throttled { retry_after });
    let until = now + Duration::from_secs(7);
    assert_eq!(ledger.admit(now, false), Admission::At(until));
    ledger.end(now, WriteEnd::Accepted { used: None });
    ledger.end(now, WriteEnd::Unanswered);
    assert_eq!(ledger.admit(until, true), Admission::Now);
    assert_eq!(ledger.admit(until, true), Admission::AfterNextResponse);
    ledger.end(until, WriteEnd::Accepted { used: None });
    assert_eq!([(); 3].map(|()| ledger.admit(until, true)), [Admission::Now; 3]);
    assert_eq!(ledger.admit(until, true), Admission::AfterNextResponse);
}

#[test]
fn writes_without_contention_teach_nothing_about_the_quota() {
    let start = Instant::now();
    let mut ledger = ledger(quota(1000, 10), start);
    let mut now = start;
    for _ in 0..50 {
        now += Duration::from_secs(1);
        assert_eq!(ledger.admit(now, false), Admission::Now);
        ledger.end(now, WriteEnd::Accepted { used: None });
    }
    assert_eq!(ledger.admit(now, false), Admission::Now);
    ledger.end(now, WriteEnd::Throttled { retry_after: Some(Duration::from_secs(1)) });
    now += Duration::from_secs(1);
    for _ in 0..200 {
        assert_eq!(ledger.admit(now, true), Admission::Now);
        ledger.end(now, WriteEnd::Accepted { used: None });
    }
}

#[test]
fn the_quota_used_by_other_clients_is_left_out() {
    let now = Instant::now();
    let mut ledger = ledger(quota(100, 10), now);
    // Other clients have made 89 of the 100 writes.
    let mut write = |ours: u32| {
        let admission = ledger.admit(now, false);
        if admission == Admission::Now {
            ledger.end(now, WriteEnd::Accepted { used: Some(f64::from(89 + ours) / 100.0) });
        }
        admission == Admission::Now
    };
    let ours = (1..100).take_while(|ours| write(*ours)).count();
    assert!((10..=12).contains(&ours), "{ours}");
    // Graph reports nothing below 80 %, so the other clients have stopped.
    let later = now + Duration::from_secs(10);
    assert_eq!(ledger.admit(later, true), Admission::Now);
    ledger.end(later, WriteEnd::Accepted { used: None });
    let more = (0..200).take_while(|_| ledger.admit(later, true) == Admission::Now).count();
    assert_eq!(more, 99);
}
