//! Many repeats of a request for one identity, at the latency of a slow Graph, and a request for another
//! identity in the meantime. They are posted straight to the handler, as many at once as the host
//! delivers.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use app_process::app::{App, most_messages_in_flight};
use futures_util::{StreamExt as _, stream};
use reqwest::Client;
use tenant_emulator::ServicePrincipal;

use crate::{
    figure::{Figure, Target, Unit},
    handler_calls::{Call, client, post},
    handler_process::HandlerProcess,
    workload::{POLICY, Requests, Workload, requests},
};

const REPEATS: usize = 1_000;
/// The number of repeats if only requests are counted: more than are in flight at once.
const COUNTED: usize = 300;
const LATENCY: Duration = Duration::from_millis(150);
/// The number of calls that a request behind others waits for: a look-up and a read, each of which may have
/// to wait for an earlier one.
const CALLS_OF_A_ROUND: u32 = 2;

const MOST_TIME: Target = Target::AtMost(15.0);
const MOST_TIME_OF_THE_OTHER: Target = Target::AtMost(3.0);
const MOST_WRITES: f64 = 5.0;
const MOST_FAILED: f64 = 0.0;

/// All figures.
pub(crate) async fn run(app: &App) -> Result<Vec<Figure>> {
    let mut setting = Setting::new(app).await?;
    let measured = setting.measure(REPEATS).await?;
    let what = format!("{REPEATS} repeats posted, {} in flight", setting.in_flight);
    let took = Figure::new(&*what, Unit::Seconds, measured.took.as_secs_f64())
        .beside("Graph's latency alone", least_time(REPEATS, setting.in_flight).as_secs_f64())
        .held_to(MOST_TIME);
    let other = "a request for another identity meanwhile";
    let other = Figure::new(other, Unit::Seconds, measured.other.as_secs_f64())
        .beside("the same alone", measured.alone.as_secs_f64())
        .held_to(MOST_TIME_OF_THE_OTHER);
    let mut figures = vec![took, other];
    figures.extend(measured.counts.figures(&what));
    Ok(figures)
}

/// Counts requests to Graph and failed deliveries, of few repeats.
pub(crate) async fn counted(app: &App) -> Result<Vec<Figure>> {
    let mut setting = Setting::new(app).await?;
    let measured = setting.measure(COUNTED).await?;
    Ok(measured.counts.figures(&format!("{COUNTED} repeats")).into())
}

/// A handler with its token and its API cached.
struct Setting {
    workload: Workload,
    broker: HandlerProcess,
    client: Client,
    in_flight: usize,
}

/// The measurements of many repeats and of one other request.
struct Measured {
    took: Duration,
    counts: Counts,
    /// The duration of the request for another identity in the meantime.
    other: Duration,
    /// The duration of such a request while nothing else is in progress.
    alone: Duration,
}

/// What many repeats cost.
struct Counts {
    requests: Requests,
    failed: usize,
}

impl Setting {
    async fn new(app: &App) -> Result<Self> {
        let mut workload = Workload::start(4, LATENCY).await?;
        let broker = workload.broker(app, Path::new(POLICY)).await?;
        workload.warm(&broker, 1).await?;
        Ok(Self { workload, broker, client: client()?, in_flight: most_messages_in_flight()? })
    }

    async fn measure(&mut self, repeats: usize) -> Result<Measured> {
        let alone = self.call()?;
        let alone = self.time_of(alone).await?;
        let (busy, other) = (self.workload.next(1)?, self.call()?);
        let calls = requests(&self.broker, &vec![busy_identity(&busy)?; repeats]);
        let before = self.workload.requests();
        let began = Instant::now();
        let repeated = async {
            let failed = failures(&self.client, calls, self.in_flight).await;
            (began.elapsed(), failed)
        };
        let other = async {
            // By now, the repeats take all places.
            tokio::time::sleep(LATENCY).await;
            self.time_of(other).await
        };
        let ((took, failed), other) = tokio::join!(repeated, other);
        let mut requests = self.workload.requests().since(before);
        // Those of the other identity.
        requests.reads -= 1;
        requests.writes -= 1;
        self.workload.check_grants(4)?;
        Ok(Measured { took, counts: Counts { requests, failed }, other: other?, alone })
    }

    /// A request for an identity that has not been used yet.
    fn call(&mut self) -> Result<Call> {
        let identity = self.workload.next(1)?;
        requests(&self.broker, &identity).pop().context("there is no call")
    }

    async fn time_of(&self, call: Call) -> Result<Duration> {
        let began = Instant::now();
        post(&self.client, call).await?;
        Ok(began.elapsed())
    }
}

impl Counts {
    fn figures(&self, what: &str) -> [Figure; 3] {
        let Requests { reads, writes } = self.requests;
        [
            Figure::count(format!("{what}: writes to Graph"), writes, Some(MOST_WRITES)),
            Figure::count(format!("{what}: reads of Graph"), reads, None),
            Figure::count(format!("{what}: failed deliveries"), self.failed, Some(MOST_FAILED)),
        ]
    }
}

fn busy_identity(identities: &[ServicePrincipal]) -> Result<ServicePrincipal> {
    identities.first().cloned().context("there is no identity")
}

/// Makes all calls, and returns the number of those that did not succeed.
async fn failures(client: &Client, calls: Vec<Call>, in_flight: usize) -> usize {
    stream::iter(calls)
        .map(|call| post(client, call))
        .buffer_unordered(in_flight)
        .filter(|answer| std::future::ready(answer.is_err()))
        .count()
        .await
}

/// The time in which Graph answers all rounds of repeats if nothing else takes time.
fn least_time(repeats: usize, in_flight: usize) -> Duration {
    let rounds = u32::try_from(repeats.div_ceil(in_flight)).unwrap_or(u32::MAX);
    rounds * CALLS_OF_A_ROUND * LATENCY
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_time_is_that_of_all_rounds() {
        assert_eq!(least_time(1_000, 224), Duration::from_millis(1_500));
        assert_eq!(least_time(224, 224), Duration::from_millis(300));
    }

    #[test]
    fn a_write_too_many_or_a_failed_delivery_misses_its_target() {
        for (writes, failed, missed) in [(5, 0, 0), (6, 0, 1), (5, 1, 1), (6, 1, 2)] {
            let counts = Counts { requests: Requests { reads: 7, writes }, failed };
            let figures = counts.figures("it");
            assert_eq!(figures.iter().filter(|figure| figure.is_missed()).count(), missed);
        }
    }
}
