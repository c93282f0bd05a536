//! The time that the broker adds to that of Microsoft Graph and of tables: envelopes are posted straight
//! to the handler. The baseline is a bare warp server that makes the six calls of a grant and nothing
//! else.
//!
//! The token, the API with its roles and the connections are cached. A grant is a read of the
//! principal, the policy's decision, the intent in the record, the write, the row of the record with an
//! event beside it, the end of the intent, and the result.

use std::{path::Path, time::Duration};

use anyhow::Result;
use app_process::app::App;
use reqwest::Client;

use crate::{
    figure::{Figure, Target, Unit},
    handler_calls::{Call, client, post_all},
    handler_process::HandlerProcess,
    statistics::percentile,
    workload::{POLICY, Workload, requests},
};

const IN_FLIGHT: [usize; 3] = [1, 16, 64];
/// The number of times that both processes are restarted. The speed of a process depends on where its
/// memory happens to lie.
const HEATS: usize = 6;
/// The rounds of a heat. The broker and the baseline take turns, because the machine's speed varies.
const ROUNDS: usize = 10;
/// The rounds with Graph's latency, each of which takes seconds.
const ROUNDS_WITH_LATENCY: usize = 4;
/// The grants of a round. All rounds together take seconds of processor time, which the system counts
/// in hundredths.
const GRANTS: usize = 500;
/// The grants before the measurement begins.
const WARM_UP: usize = 200;

/// The latency of a real Graph, and the number of grants in flight at that latency.
const LATENCY: Duration = Duration::from_millis(60);
const IN_FLIGHT_WITH_LATENCY: usize = 16;

const MOST_PROCESSOR_TIME: Target = Target::TimesBaseline(2.0);
/// The target in milliseconds.
const MOST_ADDED: Target = Target::AtMost(5.0);

const BASELINE: &str = "bare warp + 6 bare calls";

/// A handler and the tenant on which it works.
struct Contestant {
    workload: Workload,
    handler: HandlerProcess,
    is_broker: bool,
    /// The client, which keeps its connections as the host does.
    client: Client,
}

/// The measurements of one handler.
#[derive(Default)]
struct Measured {
    latencies: Vec<Duration>,
    /// The sum over all rounds.
    processor_time: Duration,
}

impl Measured {
    fn add(&mut self, heat: Self) {
        self.latencies.extend(heat.latencies);
        self.processor_time += heat.processor_time;
    }

    /// The processor time of one grant, in microseconds.
    fn processor_time(&self) -> f64 {
        self.processor_time.as_secs_f64() * 1e6 / self.latencies.len() as f64
    }
}

/// Measures without latency at several numbers of grants in flight, and with the latency of a real
/// Graph.
pub(crate) async fn run(app: &App, bare: &str) -> Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for in_flight in IN_FLIGHT {
        let [mut broker, mut baseline] = <[Measured; 2]>::default();
        for _ in 0..HEATS {
            let contestants = contestants(app, bare, ROUNDS * GRANTS).await?;
            let [broker_now, baseline_now] = measure(contestants, ROUNDS, in_flight).await?;
            broker.add(broker_now);
            baseline.add(baseline_now);
        }
        figures.push(compared(in_flight, &broker, &baseline));
    }
    let contestants = contestants(app, bare, ROUNDS_WITH_LATENCY * GRANTS).await?;
    for Contestant { workload, .. } in &contestants {
        workload.set_latency(LATENCY);
    }
    let [broker, baseline] =
        measure(contestants, ROUNDS_WITH_LATENCY, IN_FLIGHT_WITH_LATENCY).await?;
    figures.push(added(&broker, &baseline));
    Ok(figures)
}

async fn contestants(app: &App, bare: &str, grants: usize) -> Result<[Contestant; 2]> {
    let identities = WARM_UP + grants;
    let workload = Workload::start(identities, Duration::ZERO).await?;
    let handler = workload.broker(app, Path::new(POLICY)).await?;
    let broker = Contestant { workload, handler, is_broker: true, client: client()? };
    let workload = Workload::start(identities, Duration::ZERO).await?;
    let handler = workload.bare_calls(bare, true).await?;
    let baseline = Contestant { workload, handler, is_broker: false, client: client()? };
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
) -> Result<[Measured; 2]> {
    let mut measured = <[Measured; 2]>::default();
    for _ in 0..rounds {
        for (contestant, measured) in contestants.iter_mut().zip(&mut measured) {
            contestant.round(in_flight, measured).await?;
        }
    }
    for Contestant { workload, .. } in &contestants {
        workload.check_grants(WARM_UP + rounds * GRANTS)?;
    }
    Ok(measured)
}

impl Contestant {
    async fn round(&mut self, in_flight: usize, measured: &mut Measured) -> Result<()> {
        let calls = self.calls(GRANTS)?;
        let before = self.handler.processor_time()?;
        let posted = post_all(&self.client, calls, in_flight).await?;
        measured.processor_time += self.handler.processor_time()? - before;
        measured.latencies.extend(posted.latencies);
        Ok(())
    }

    /// The next calls. The bare handler reads no envelope, so its URL names the principal.
    fn calls(&mut self, count: usize) -> Result<Vec<Call>> {
        let identities = self.workload.next(count)?;
        let mut calls = requests(&self.handler, &identities);
        if !self.is_broker {
            for (call, identity) in calls.iter_mut().zip(&identities) {
                call.url = self.handler.url(&identity.id);
            }
        }
        Ok(calls)
    }
}

fn compared(in_flight: usize, broker: &Measured, baseline: &Measured) -> Figure {
    let name = format!("processor time of a grant, {in_flight} in flight");
    Figure::new(name, Unit::Microseconds, broker.processor_time())
        .beside(BASELINE, baseline.processor_time())
        .held_to(MOST_PROCESSOR_TIME)
}

/// The time of a grant beyond the latency of Graph and of tables. Timers fire a little late, so the median
/// of the bare calls is that latency on this machine.
fn added(broker: &Measured, baseline: &Measured) -> Figure {
    let taken = milliseconds(percentile(&baseline.latencies, 50));
    let of = |measured: &Measured| milliseconds(percentile(&measured.latencies, 99)) - taken;
    let name =
        format!("p99 beyond the latency of {taken:.1} ms, {IN_FLIGHT_WITH_LATENCY} in flight");
    let figure = Figure::new(name, Unit::Milliseconds, of(broker));
    figure.beside(BASELINE, of(baseline)).held_to(MOST_ADDED)
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
    fn processor_time_is_divided_by_the_number_of_grants() {
        let latencies = vec![Duration::from_millis(1); 500];
        let measured = Measured { latencies, processor_time: Duration::from_millis(60) };
        assert!((measured.processor_time() - 120.0).abs() < 1e-9);
    }

    #[test]
    fn only_time_beyond_the_measured_latency_counts() {
        let missed = |broker, baseline| added(&measured(broker), &measured(baseline)).is_missed();
        assert!(!missed(128, 123));
        assert!(missed(129, 123));
    }
}
