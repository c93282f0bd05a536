//! The figures of one run, with their targets.

use std::time::Duration;

use tenant_emulator::QuotaModel;

use super::scenario::Scenario;
use crate::figure::{Figure, Target, Unit};

/// The targets of handlers that know the quota, however many share it.
const MOST_TIME_CONFIGURED: Target = Target::TimesBaseline(1.10);
const MOST_REFUSED_CONFIGURED: f64 = 0.01;
/// The target of one handler that does not know the quota. Several handlers must only lose nothing.
const MOST_TIME_UNCONFIGURED: Target = Target::TimesBaseline(1.10);
/// The most transactions that a handler makes with storage in a second to share the quota.
const MOST_EXCHANGES: f64 = 1.0;

/// The counts and times of a run.
pub(crate) struct Counted {
    /// The ideal time, which includes the cost of refusals if they are charged.
    pub(crate) ideal: Duration,
    /// The time from the first request that reached Graph to the last accepted write.
    pub(crate) until_last_write: Duration,
    pub(crate) writes_sent: usize,
    pub(crate) writes_refused: usize,
    pub(crate) throttling_episodes: usize,
    /// The transactions with storage that divided the quota, of one handler in a second.
    pub(crate) exchanges: f64,
    /// The largest number of messages in flight in one host.
    pub(crate) in_flight: usize,
    pub(crate) grants_missing: usize,
    /// The number of dead letters and of requests that failed.
    pub(crate) messages_given_up: usize,
}

/// The figures of a run.
pub(crate) fn figures(model: QuotaModel, scenario: Scenario, counted: &Counted) -> Vec<Figure> {
    let name = |what: &str| format!("{model:?}, {scenario}: {what}");
    let sent = counted.writes_sent;
    let (most_time, most_refused) = match scenario.processes {
        _ if scenario.configured => {
            (Some(MOST_TIME_CONFIGURED), Some(sent as f64 * MOST_REFUSED_CONFIGURED))
        }
        // Each episode may refuse all writes in flight.
        1 => {
            let most = counted.throttling_episodes * counted.in_flight;
            (Some(MOST_TIME_UNCONFIGURED), Some(most as f64))
        }
        _ => (None, None),
    };
    let time = counted.until_last_write.as_secs_f64();
    let time = Figure::new(name("last write"), Unit::Seconds, time)
        .beside("ideal", counted.ideal.as_secs_f64());
    let throttled = format!("throttled of {sent} writes");
    vec![
        if let Some(most) = most_time { time.held_to(most) } else { time },
        Figure::count(name(&throttled), counted.writes_refused, most_refused),
        Figure::new(name("exchanges a second"), Unit::Number, counted.exchanges)
            .held_to(Target::AtMost(MOST_EXCHANGES)),
        Figure::count(name("lost grants"), counted.grants_missing, Some(0.0)),
        Figure::count(name("dead letters"), counted.messages_given_up, Some(0.0)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: Counted = Counted {
        ideal: Duration::from_secs(20),
        until_last_write: Duration::from_secs(21),
        writes_sent: 606,
        writes_refused: 6,
        throttling_episodes: 1,
        exchanges: 0.9,
        in_flight: 24,
        grants_missing: 0,
        messages_given_up: 0,
    };

    #[test]
    fn handlers_that_know_the_quota_have_bounds_of_time_and_refusals_and_all_have_bounds_of_losses()
    {
        let slow = Counted { until_last_write: Duration::from_millis(21_900), ..GOOD };
        let slower = Counted { until_last_write: Duration::from_millis(22_100), ..GOOD };
        let refused = Counted { writes_sent: 624, writes_refused: 24, ..GOOD };
        let more_refused = Counted { writes_refused: 49, throttling_episodes: 2, ..GOOD };
        let busy = Counted { exchanges: 1.1, ..GOOD };
        let lost = Counted { grants_missing: 1, ..GOOD };
        let given_up = Counted { messages_given_up: 1, ..GOOD };
        // The missed figures of one process that knows the quota, of one that does not, and of eight.
        for (counted, expected) in [
            (GOOD, [&[][..], &[], &[]]),
            (slow, [&[], &[], &[]]),
            (slower, [&[0], &[0], &[0]]),
            (refused, [&[1], &[], &[1]]),
            (more_refused, [&[1], &[1], &[1]]),
            (busy, [&[2], &[2], &[2]]),
            (lost, [&[3], &[3], &[3]]),
            (given_up, [&[4], &[4], &[4]]),
        ] {
            let scenarios = [(1, true), (1, false), (8, true)];
            for ((processes, configured), expected) in scenarios.into_iter().zip(expected) {
                let scenario = Scenario { processes, configured };
                let figures = figures(QuotaModel::TokenBucket, scenario, &counted);
                let missed: Vec<_> = (0..5).filter(|index| figures[*index].is_missed()).collect();
                assert_eq!(missed, expected, "{scenario}: {figures:?}");
            }
        }
    }
}
