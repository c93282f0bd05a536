//! Several processes share one quota, and each counts its own writes only.

use super::{
    super::{Admission, Ledger, WriteEnd, WriteQuota},
    *,
};

/// The time of a write at Graph, in microseconds.
const LATENCY: u64 = 20_000;

/// The number of writes that each process has to make at any time.
const WAITING: u32 = 64;

/// The length of a run.
const SECONDS: u64 = 300;

/// A process that always has more to write.
struct Process {
    ledger: Ledger,
    waiting: u32,
    accepted: u32,
    refused: u32,
}

impl Process {
    fn new(start: Instant) -> Self {
        let ledger = ledger(WriteQuota::default(), start);
        Self { ledger, waiting: WAITING, accepted: 0, refused: 0 }
    }

    /// Notes an answer. `None` means that the write was accepted.
    fn answered(&mut self, moment: Instant, refusal: Option<Duration>) {
        self.waiting += 1;
        let end = match refusal {
            None => {
                self.accepted += 1;
                WriteEnd::Accepted { used: None }
            }
            retry_after => {
                self.refused += 1;
                WriteEnd::Throttled { retry_after }
            }
        };
        self.ledger.end(moment, end);
    }

    /// Sends what may be sent. Returns the number of writes, and when to ask again.
    fn send(&mut self, moment: Instant) -> (u32, Option<Instant>) {
        let mut sent = 0;
        while self.waiting > 0 {
            match self.ledger.admit(moment, true) {
                Admission::Now => {
                    self.waiting -= 1;
                    sent += 1;
                }
                Admission::AfterNextResponse => return (sent, None),
                Admission::At(at) => return (sent, Some(at)),
            }
        }
        (sent, None)
    }
}

/// Lets processes write for [`SECONDS`] to a service with a quota that they do not know.
fn compete(count: usize, service: &mut Service) -> Vec<Process> {
    let start = Instant::now();
    let mut processes: Vec<_> = (0..count).map(|_| Process::new(start)).collect();
    // They do not start at the same moment.
    let starts = (0..count).map(|index| Reverse((137_000 * index as u64, index, Event::Wake)));
    let mut events: BinaryHeap<_> = starts.collect();
    while let Some(Reverse((now, index, event))) = events.pop() {
        if now > SECONDS * 1_000_000 {
            break;
        }
        let moment = start + Duration::from_micros(now);
        let process = &mut processes[index];
        match event {
            Event::Arrived => {
                let answer = Event::Answered(service.write(now));
                events.push(Reverse((now + LATENCY / 2, index, answer)));
            }
            Event::Answered(refusal) => process.answered(moment, refusal),
            Event::Wake | Event::Ready => {}
        }
        let (sent, again) = process.send(moment);
        let arrival = now + LATENCY / 2;
        events.extend((0..sent).map(|_| Reverse((arrival, index, Event::Arrived))));
        events.extend(again.map(|at| {
            let at = u64::try_from((at - start).as_micros()).unwrap() + 1;
            Reverse((at, index, Event::Wake))
        }));
    }
    processes
}

/// The least part of the quota that two processes together must use. A bucket that charges refused
/// writes loses one place for each of them.
const LEAST_USED: [(Model, f64); 3] =
    [(Model::FixedWindow, 0.9), (Model::Bucket, 0.9), (Model::ChargingBucket, 0.3)];

#[test]
fn two_processes_use_the_quota_that_they_share_and_neither_starves() {
    for (writes, seconds) in [(20, 2), (200, 10), (3000, 150)] {
        for (model, least) in LEAST_USED {
            let shared = quota(writes, seconds);
            let processes = compete(2, &mut Service::new(model, shared));
            let accepted: Vec<_> = processes.iter().map(|process| process.accepted).collect();
            let total = f64::from(accepted.iter().sum::<u32>());
            let possible = f64::from(writes) * SECONDS as f64 / seconds as f64;
            let what = format!("{writes}/{seconds}, {model:?}: {accepted:?} of {possible}");
            assert!(total >= least * possible, "{what}");
            let fewest = f64::from(*accepted.iter().min().unwrap());
            assert!(fewest >= 0.25 * total, "{what}");
            let refused: u32 = processes.iter().map(|process| process.refused).sum();
            assert!(f64::from(refused) <= 2.5 * total, "{what}, {refused} refused");
        }
    }
}
