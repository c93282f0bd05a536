//! The figures of one run, their bounds, and the table of runs.

use std::time::Duration;

use app_process::app::{FAILED, POISON};
use comfy_table::{Table, presets::UTF8_FULL};
use serde::Serialize;

use super::scenario::Scenario;

/// The largest ratio to the ideal time if one handler knows the quota.
const MOST_TIME_CONFIGURED: f64 = 1.05;
/// The largest share of throttled writes if one handler knows the quota.
const MOST_REFUSED_CONFIGURED: f64 = 0.01;
/// The largest ratio to the ideal time if one handler does not know the quota. Several handlers must
/// only lose nothing.
const MOST_TIME_UNCONFIGURED: f64 = 1.10;

/// The counts and times of a run.
pub(crate) struct Counted {
    pub(crate) ideal: Duration,
    /// The time from the first request that reached Graph to the last accepted write.
    pub(crate) until_last_write: Duration,
    /// The time from that first request until the last result was in its queue.
    pub(crate) until_last_result: Duration,
    pub(crate) writes_sent: usize,
    pub(crate) writes_refused: usize,
    pub(crate) throttling_episodes: usize,
    /// The largest number of messages in flight in one host.
    pub(crate) in_flight: usize,
    pub(crate) grants_missing: usize,
    pub(crate) messages_given_up: usize,
}

/// One run's figures.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Figures {
    model: String,
    processes: u8,
    configured: bool,
    ideal_seconds: f64,
    seconds: f64,
    ratio: f64,
    seconds_until_results: f64,
    writes_sent: usize,
    writes_refused: usize,
    share_refused: f64,
    #[serde(rename = "closings")]
    throttling_episodes: usize,
    #[serde(skip)]
    most_refused: f64,
    lost: usize,
    poison: usize,
    /// The missed bounds, in words.
    pub(crate) missed: Vec<String>,
}

impl Figures {
    /// Compares the counts with the bounds.
    pub(crate) fn new(model: String, scenario: Scenario, counted: &Counted) -> Self {
        let knows = scenario.knows_the_quota();
        let in_flight = counted.in_flight * usize::from(scenario.processes);
        let (most_time, most_refused) = match scenario.processes {
            1 if knows => {
                (MOST_TIME_CONFIGURED, counted.writes_sent as f64 * MOST_REFUSED_CONFIGURED)
            }
            1 => (MOST_TIME_UNCONFIGURED, (counted.throttling_episodes * in_flight) as f64),
            _ => (f64::INFINITY, f64::INFINITY),
        };
        let mut figures = Self {
            model,
            processes: scenario.processes,
            configured: scenario.configured,
            ideal_seconds: counted.ideal.as_secs_f64(),
            seconds: counted.until_last_write.as_secs_f64(),
            ratio: counted.until_last_write.div_duration_f64(counted.ideal),
            seconds_until_results: counted.until_last_result.as_secs_f64(),
            writes_sent: counted.writes_sent,
            writes_refused: counted.writes_refused,
            share_refused: counted.writes_refused as f64 / counted.writes_sent.max(1) as f64,
            throttling_episodes: counted.throttling_episodes,
            most_refused,
            lost: counted.grants_missing,
            poison: counted.messages_given_up,
            missed: Vec::new(),
        };
        figures.missed = figures.judge(most_time);
        figures
    }

    fn judge(&self, most_time: f64) -> Vec<String> {
        [
            (self.ratio > most_time, format!("ratio over {most_time:.2}")),
            (
                self.writes_refused as f64 > self.most_refused,
                format!("throttled over {:.0}", self.most_refused),
            ),
            (self.lost > 0, "lost".to_owned()),
            (self.poison > 0, "poison".to_owned()),
        ]
        .into_iter()
        .filter_map(|(missed, bound)| missed.then_some(bound))
        .collect()
    }

    fn cells(&self) -> [String; 11] {
        let verdict = if self.missed.is_empty() { "ok".to_owned() } else { self.missed.join(", ") };
        [
            self.processes.to_string(),
            if self.configured { "yes" } else { "no" }.to_owned(),
            format!("{:.2} s", self.ideal_seconds),
            format!("{:.2} s", self.seconds),
            format!("{:.3}", self.ratio),
            format!("{:.2} s", self.seconds_until_results),
            format!(
                "{} of {} ({:.1} %)",
                self.writes_refused,
                self.writes_sent,
                100.0 * self.share_refused
            ),
            self.throttling_episodes.to_string(),
            self.lost.to_string(),
            self.poison.to_string(),
            verdict,
        ]
    }
}

/// The table of the runs in one model.
pub(crate) fn table(rows: &[Figures]) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_FULL).set_header([
        "processes",
        "configured",
        "ideal",
        "last write",
        "ratio",
        "last result",
        "throttled",
        "episodes",
        "lost",
        "poison",
        "verdict",
    ]);
    for row in rows {
        table.add_row(row.cells());
    }
    table
}

/// An explanation of the verdicts.
pub(crate) fn bounds() -> String {
    format!(
        "\nBounds: no grant is lost, and {POISON} and {FAILED} stay empty. One process that knows the \
         quota: ratio at most {MOST_TIME_CONFIGURED:.2}, at most {:.0} % of writes throttled. One \
         process that does not: ratio at most {MOST_TIME_UNCONFIGURED:.2}, throttled at most episodes x \
         messages in flight by host.json. An episode begins with a refusal after the Retry-After of \
         the previous ones. If refusals are charged, the ideal time includes their cost.",
        100.0 * MOST_REFUSED_CONFIGURED,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: Counted = Counted {
        ideal: Duration::from_secs(20),
        until_last_write: Duration::from_secs(21),
        until_last_result: Duration::from_secs(22),
        writes_sent: 606,
        writes_refused: 6,
        throttling_episodes: 1,
        in_flight: 24,
        grants_missing: 0,
        messages_given_up: 0,
    };

    fn missed(processes: u8, configured: bool, counted: &Counted) -> Vec<String> {
        Figures::new(String::new(), Scenario { processes, configured }, counted).missed
    }

    #[test]
    fn a_lost_grant_or_a_dead_letter_misses_a_bound_in_every_scenario() {
        assert_eq!(missed(1, true, &Counted { grants_missing: 1, ..GOOD }), ["lost"]);
        assert_eq!(missed(8, false, &Counted { messages_given_up: 1, ..GOOD }), ["poison"]);
    }

    #[test]
    fn one_process_that_knows_the_quota_has_the_strictest_bounds() {
        assert!(missed(1, true, &GOOD).is_empty());
        let slow = Counted { until_last_write: Duration::from_millis(21_900), ..GOOD };
        assert_eq!(missed(1, true, &slow), ["ratio over 1.05"]);
        assert!(missed(1, false, &slow).is_empty() && missed(2, true, &slow).is_empty());
        let slower = Counted { until_last_write: Duration::from_millis(22_100), ..GOOD };
        assert_eq!(missed(1, false, &slower), ["ratio over 1.10"]);
        assert!(missed(8, true, &slower).is_empty());
        let refused = Counted { writes_sent: 624, writes_refused: 24, ..GOOD };
        assert_eq!(missed(1, true, &refused), ["throttled over 6"]);
        assert!(missed(1, false, &refused).is_empty());
    }

    #[test]
    fn throttled_writes_of_an_unconfigured_process_are_bounded_by_episodes_and_messages_in_flight()
    {
        let refused = Counted { writes_refused: 49, throttling_episodes: 2, ..GOOD };
        assert_eq!(missed(1, false, &refused), ["throttled over 48"]);
        assert!(missed(2, true, &refused).is_empty());
    }
}
