//! The figures of one run, the bounds that they are held to, and a table of them.

use std::time::Duration;

use comfy_table::{Table, presets::UTF8_FULL};
use serde::Serialize;

use super::Scenario;

/// Over the ideal time where one handler knows the quota.
const MOST_TIME_CONFIGURED: f64 = 1.05;
/// Refused, of all writes sent, where one handler knows the quota.
const MOST_REFUSED_CONFIGURED: f64 = 0.01;
/// Over the ideal time where one handler has to find the quota out. Several handlers are held to
/// losing nothing: what they do to each other's quota is for the reader to see.
const MOST_TIME_UNCONFIGURED: f64 = 1.10;

/// What was counted and timed.
pub(super) struct Counted {
    pub(super) ideal: Duration,
    /// From the first request that reached Graph to the last accepted write.
    pub(super) until_last_write: Duration,
    /// From the same request until the last result was in its queue.
    pub(super) until_last_result: Duration,
    pub(super) writes_sent: usize,
    pub(super) writes_refused: usize,
    pub(super) closings: usize,
    /// Of one host.
    pub(super) in_flight: usize,
    pub(super) grants_missing: usize,
    pub(super) messages_given_up: usize,
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
    closings: usize,
    #[serde(skip)]
    most_refused: f64,
    lost: usize,
    poison: usize,
    /// The bounds that were missed, in words.
    pub(crate) missed: Vec<String>,
}

impl Figures {
    /// Judges what was counted.
    pub(super) fn new(model: String, scenario: Scenario, counted: &Counted) -> Self {
        let knows = scenario.knows_the_quota();
        let in_flight = counted.in_flight * usize::from(scenario.processes);
        let (most_time, most_refused) = match scenario.processes {
            1 if knows => {
                (MOST_TIME_CONFIGURED, counted.writes_sent as f64 * MOST_REFUSED_CONFIGURED)
            }
            1 => (MOST_TIME_UNCONFIGURED, (counted.closings * in_flight) as f64),
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
            closings: counted.closings,
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
                format!("refused over {:.0}", self.most_refused),
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
            if self.configured { "all of it" } else { "nothing" }.to_owned(),
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
            self.closings.to_string(),
            self.lost.to_string(),
            self.poison.to_string(),
            verdict,
        ]
    }
}

/// The runs under one model.
pub(super) fn table(rows: &[Figures]) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_FULL).set_header([
        "processes",
        "told of the quota",
        "ideal",
        "last write",
        "ratio",
        "last result",
        "writes refused",
        "closings",
        "lost",
        "poison",
        "verdict",
    ]);
    for row in rows {
        table.add_row(row.cells());
    }
    table
}

/// What the verdicts are about.
pub(super) fn bounds() -> String {
    format!(
        "\nBounds: nothing lost, nothing in {} or {}. One process that knows the quota: ratio at most \
         {MOST_TIME_CONFIGURED:.2}, at most {:.0} % of writes refused. One that has to find it out: \
         ratio at most {MOST_TIME_UNCONFIGURED:.2}, refused at most closings x messages in flight by \
         host.json; where refusals are charged for, the ideal has the time that they cost. A closing is a refusal that comes after the Retry-After of those before it.",
        crate::app::POISON,
        crate::app::FAILED,
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
        closings: 1,
        in_flight: 24,
        grants_missing: 0,
        messages_given_up: 0,
    };

    fn missed(processes: u8, configured: bool, counted: &Counted) -> Vec<String> {
        Figures::new(String::new(), Scenario { processes, configured }, counted).missed
    }

    #[test]
    fn a_grant_that_is_missing_and_a_message_that_was_given_up_are_never_right() {
        assert_eq!(missed(1, true, &Counted { grants_missing: 1, ..GOOD }), ["lost"]);
        assert_eq!(missed(8, false, &Counted { messages_given_up: 1, ..GOOD }), ["poison"]);
    }

    #[test]
    fn one_process_that_knows_the_quota_is_held_to_more_than_others() {
        assert!(missed(1, true, &GOOD).is_empty());
        let slow = Counted { until_last_write: Duration::from_millis(21_900), ..GOOD };
        assert_eq!(missed(1, true, &slow), ["ratio over 1.05"]);
        assert!(missed(1, false, &slow).is_empty() && missed(2, true, &slow).is_empty());
        let slower = Counted { until_last_write: Duration::from_millis(22_100), ..GOOD };
        assert_eq!(missed(1, false, &slower), ["ratio over 1.10"]);
        assert!(missed(8, true, &slower).is_empty());
        let refused = Counted { writes_sent: 624, writes_refused: 24, ..GOOD };
        assert_eq!(missed(1, true, &refused), ["refused over 6"]);
        assert!(missed(1, false, &refused).is_empty());
    }

    #[test]
    fn what_is_refused_without_knowing_is_bounded_by_closings_and_messages_in_flight() {
        let refused = Counted { writes_refused: 49, closings: 2, ..GOOD };
        assert_eq!(missed(1, false, &refused), ["refused over 48"]);
        assert!(missed(2, true, &refused).is_empty());
    }
}
