//! What the broker adds to Microsoft Graph: envelopes posted straight to the handler, against a bare
//! warp server that makes two bare calls and does nothing else.
//!
//! All of it is warm: the token, the API with its roles and the connections are there. A grant is a
//! read of the principal, the policy's decision, the write, the result and the record.

use std::{path::Path, time::Duration};

use reqwest::Client;

use super::{
    figure::{Figure, Target, Unit},
    posting::{Call, client, post_all},
    process::HandlerProcess,
    stage::{POLICY, Stage, requests},
    statistics::{median, percentile},
};
use crate::{Outcome, app::App};

const IN_FLIGHT: [usize; 3] = [1, 16, 64];
/// Processes are not equally fast: where their memory happens to lie decides how well it is cached. So
/// each is started anew so often.
const HEATS: usize = 6;
/// In each heat, the broker and the baseline by turns, since a machine is not equally fast all the time.
const ROUNDS: usize = 10;
/// With Graph's latency a round takes seconds, and its tail is looked at, not its sum.
const ROUNDS_WITH_LATENCY: usize = 4;
/// In one round. All rounds together take seconds of processor time, of which the system tells
/// hundredths.
const GRANTS: usize = 500;
/// Before anything is measured.
const WARM_UP: usize = 200;

/// The latency that the broker is to vanish beside, and how many grants are then under way.
const LATENCY: Duration = Duration::from_millis(60);
const IN_FLIGHT_WITH_LATENCY: usize = 16;
/// In sequence, a read and a write.
const CALLS_OF_A_GRANT: u32 = 2;

const MOST_PROCESSOR_TIME: Target = Target::TimesBaseline(1.5);
/// In milliseconds.
const MOST_ADDED: Target = Target::AtMost(5.0);

const BASELINE: &str = "bare warp + 2 bare calls";

/// A handler, and the tenant on which it works.
struct Contestant {
    stage: Stage,
    handler: HandlerProcess,
    is_broker: bool,
    /// Keeps its connections, as the host does.
    client: Client,
}

/// What one handler took.
#[derive(Default)]
struct Measured {
    latencies: Vec<Duration>,
    /// Of all rounds.
    processor_time: Duration,
    /// Of each round.
    per_second: Vec<f64>,
}

impl Measured {
    fn add(&mut self, heat: Self) {
        self.latencies.extend(heat.latencies);
        self.processor_time += heat.processor_time;
        self.per_second.extend(heat.per_second);
    }

    /// Of one grant, in microseconds.
    fn processor_time(&self) -> f64 {
        self.processor_time.as_secs_f64() * 1e6 / self.latencies.len() as f64
    }
}

/// Measures with so many under way at once, and with the latency of a real Graph.
pub(super) async fn run(app: &App, bare: &str) -> Outcome<Vec<Figure>> {
    let mut figures = Vec::new();
    for in_flight in IN_FLIGHT {
        let [mut broker, mut baseline] = <[Measured; 2]>::default();
        for _ in 0..HEATS {
            let contestants = contestants(app, bare, ROUNDS * GRANTS).await?;
            let [broker_now, baseline_now] = measure(contestants, ROUNDS, in_flight).await?;
            broker.add(broker_now);
            baseline.add(baseline_now);
        }
        figures.extend(compared(in_flight, &broker, &baseline));
    }
    let contestants = contestants(app, bare, ROUNDS_WITH_LATENCY * GRANTS).await?;
    for Contestant { stage, .. } in &contestants {
        stage.tenant.set_latency(LATENCY);
    }
    let [broker, baseline] =
        measure(contestants, ROUNDS_WITH_LATENCY, IN_FLIGHT_WITH_LATENCY).await?;
    figures.extend(added(&broker, &baseline));
    Ok(figures)
}

async fn contestants(app: &App, bare: &str, grants: usize) -> Outcome<[Contestant; 2]> {
    let identities = WARM_UP + grants;
    let stage = Stage::set(identities, Duration::ZERO).await?;
    let handler = stage.broker(app, Path::new(POLICY)).await?;
    let broker = Contestant { stage, handler, is_broker: true, client: client()? };
    let stage = Stage::set(identities, Duration::ZERO).await?;
    let handler = stage.bare_calls(bare).await?;
    let baseline = Contestant { stage, handler, is_broker: false, client: client()? };
    let mut contestants = [broker, baseline];
    for contestant in &mut contestants {
        let calls = contestant.calls(WARM_UP)?;
        post_all(&contestant.client, calls, IN_FLIGHT_WITH_LATENCY).await?;
    }
    Ok(contestants)
}

async fn measure(
    mut contestants: [Contestant; 2],
    rounds: usize,
    in_flight: usize,
) -> Outcome<[Measured; 2]> {
    let mut measured = <[Measured; 2]>::default();
    for _ in 0..rounds {
        for (contestant, measured) in contestants.iter_mut().zip(&mut measured) {
            contestant.round(in_flight, measured).await?;
        }
    }
    for Contestant { stage, .. } in &contestants {
        stage.check_grants(WARM_UP + rounds * GRANTS)?;
    }
    Ok(measured)
}

impl Contestant {
    async fn round(&mut self, in_flight: usize, measured: &mut Measured) -> Outcome {
        let calls = self.calls(GRANTS)?;
        let before = self.handler.processor_time()?;
        let posted = post_all(&self.client, calls, in_flight).await?;
        measured.processor_time += self.handler.processor_time()? - before;
        measured.latencies.extend(posted.latencies);
        measured.per_second.push(GRANTS as f64 / posted.took.as_secs_f64());
        Ok(())
    }

    /// The bare handler reads no envelope, so the principal stands in the address.
    fn calls(&mut self, count: usize) -> Outcome<Vec<Call>> {
        let identities = self.stage.next(count)?;
        let mut calls = requests(&self.handler, &identities);
        if !self.is_broker {
            for (call, identity) in calls.iter_mut().zip(&identities) {
                call.url = self.handler.url(&identity.id);
            }
        }
        Ok(calls)
    }
}

fn compared(in_flight: usize, broker: &Measured, baseline: &Measured) -> [Figure; 4] {
    let latency = |percent: u32| {
        let of = |measured: &Measured| milliseconds(percentile(&measured.latencies, percent));
        let name = format!("p{percent}, {in_flight} in flight");
        Figure::new(name, Unit::Milliseconds, of(broker)).beside(BASELINE, of(baseline))
    };
    let name = format!("processor time of a grant, {in_flight} in flight");
    let processor_time = Figure::new(name, Unit::Microseconds, broker.processor_time())
        .beside(BASELINE, baseline.processor_time())
        .held_to(MOST_PROCESSOR_TIME);
    let name = format!("requests, {in_flight} in flight");
    let per_second = Figure::new(name, Unit::PerSecond, median(&broker.per_second))
        .beside(BASELINE, median(&baseline.per_second));
    [processor_time, latency(50), latency(99), per_second]
}

/// What a grant takes beyond Graph's own latency: as it was asked for, and as it really was. What waits
/// for it wakes up a little late, in the emulator as everywhere, so the median of two bare calls is how
/// long Graph took on this machine.
fn added(broker: &Measured, baseline: &Measured) -> [Figure; 2] {
    let asked_for = milliseconds(LATENCY * CALLS_OF_A_GRANT);
    let taken = milliseconds(percentile(&baseline.latencies, 50));
    let beyond = |graph: f64, what: &str| {
        let of = |measured: &Measured| milliseconds(percentile(&measured.latencies, 99)) - graph;
        let name = format!("p99 beyond {what}, {IN_FLIGHT_WITH_LATENCY} in flight");
        Figure::new(name, Unit::Milliseconds, of(broker)).beside(BASELINE, of(baseline))
    };
    [
        beyond(asked_for, &format!("{CALLS_OF_A_GRANT} x {LATENCY:?}")),
        beyond(taken, &format!("Graph's {taken:.1} ms")).held_to(MOST_ADDED),
    ]
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(milliseconds: u64) -> Measured {
        Measured { latencies: vec![Duration::from_millis(milliseconds)], ..Measured::default() }
    }

    #[test]
    fn processor_time_is_that_of_one_grant() {
        let latencies = vec![Duration::from_millis(1); 500];
        let measured = Measured {
            latencies,
            processor_time: Duration::from_millis(60),
            per_second: Vec::new(),
        };
        assert!((measured.processor_time() - 120.0).abs() < 1e-9);
    }

    #[test]
    fn only_what_lies_beyond_the_time_that_graph_took_is_held_against_the_broker() {
        let missed = |broker, baseline| {
            let figures = added(&measured(broker), &measured(baseline));
            figures.iter().any(Figure::is_missed)
        };
        assert!(!missed(128, 123));
        assert!(missed(129, 123));
    }
}
