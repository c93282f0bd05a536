//! The figures of one tenant, their bounds, and the table of runs.

use comfy_table::{Table, presets::UTF8_FULL};
use serde::Serialize;

use super::population::{Population, Reads};

/// The most memory that the handler may hold, in kilobytes.
const MOST_MEMORY: u64 = 100 * 1024;

/// A run of the timer and the checks that it requested.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    /// The reads that the formula predicts.
    pub(crate) expected: Reads,
    /// The reads that the tenant counted.
    pub(crate) reads: Reads,
    /// The duration that the handler logged.
    pub(crate) seconds_reading: f64,
    /// The duration until the host had written all checks.
    pub(crate) seconds: f64,
    pub(crate) checks: usize,
    /// The deliveries of these checks, redeliveries included.
    pub(crate) deliveries: usize,
    /// The assignments that were reported because no rule allows them.
    pub(crate) unexpected: usize,
    pub(crate) seconds_checking: f64,
}

/// The figures of one run, for the JSON file.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct RunFigures {
    reads: usize,
    reads_by_formula: usize,
    seconds_reading: f64,
    seconds: f64,
    checks: usize,
    deliveries: usize,
    unexpected: usize,
    seconds_checking: f64,
}

/// The figures of one tenant.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Figures {
    identities: usize,
    rows: usize,
    runs: Vec<RunFigures>,
    peak_kilobytes: Option<u64>,
    given_up: usize,
    /// The missed bounds, in words.
    pub(crate) missed: Vec<String>,
}

impl Figures {
    /// Compares the counts with the bounds.
    pub(crate) fn new(
        population: &Population,
        runs: Vec<Run>,
        peak_kilobytes: Option<u64>,
        given_up: usize,
    ) -> Self {
        let mut missed = population.differences();
        missed.extend(judge(&runs, population.stray));
        if peak_kilobytes.is_some_and(|peak| peak > MOST_MEMORY) {
            missed.push(format!("memory over {} MB", MOST_MEMORY / 1024));
        }
        if given_up > 0 {
            missed.push(format!("{given_up} messages in dead letter queues"));
        }
        Self {
            identities: population.identities.len(),
            rows: population.rows,
            runs: runs.into_iter().map(RunFigures::from).collect(),
            peak_kilobytes,
            given_up,
            missed,
        }
    }

    /// The verdict in one sentence.
    pub(crate) fn verdict(&self) -> String {
        let memory = self.peak_kilobytes.map_or_else(
            || "not measured".to_owned(),
            |peak| format!("{:.1} MB", peak as f64 / 1024.0),
        );
        let verdict = match self.missed.as_slice() {
            [] => "The tenant matches its baseline.".to_owned(),
            missed => format!("Missed: {}.", missed.join(", ")),
        };
        format!("Peak memory of the handler: {memory}. {verdict}")
    }
}

/// The bounds that the runs missed.
fn judge(runs: &[Run], stray: usize) -> Vec<String> {
    let mut missed = Vec::new();
    for (number, run) in runs.iter().enumerate() {
        if !run.reads.are_within(&run.expected) {
            missed.push(format!(
                "run {}: {:?} instead of {:?}",
                number + 1,
                run.reads,
                run.expected
            ));
        }
        let expected = if number == 0 { 0 } else { stray };
        if run.unexpected != expected {
            missed.push(format!("run {}: {} reported", number + 1, run.unexpected));
        }
    }
    if runs.last().is_none_or(|run| run.checks > 0) {
        missed.push("the last run found a difference".to_owned());
    }
    missed
}

impl From<Run> for RunFigures {
    fn from(run: Run) -> Self {
        Self {
            reads: run.reads.sum(),
            reads_by_formula: run.expected.sum(),
            seconds_reading: run.seconds_reading,
            seconds: run.seconds,
            checks: run.checks,
            deliveries: run.deliveries,
            unexpected: run.unexpected,
            seconds_checking: run.seconds_checking,
        }
    }
}

/// The table of the runs.
pub(crate) fn table(figures: &Figures) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_FULL).set_header([
        "run",
        "reads",
        "by formula",
        "handler time",
        "with output",
        "checks",
        "deliveries",
        "check time",
        "reported",
    ]);
    for (index, run) in figures.runs.iter().enumerate() {
        table.add_row([
            (index + 1).to_string(),
            run.reads.to_string(),
            run.reads_by_formula.to_string(),
            format!("{:.2} s", run.seconds_reading),
            format!("{:.2} s", run.seconds),
            run.checks.to_string(),
            run.deliveries.to_string(),
            format!("{:.2} s", run.seconds_checking),
            run.unexpected.to_string(),
        ]);
    }
    table
}

/// An explanation of the verdicts.
pub(crate) fn bounds() -> String {
    format!(
        "\nBounds: a run reads the pages of identities, the pages of each API's assignments, and the APIs, \
         which are cached after the first run. Assignments that no rule allows are reported from the \
         second run on. Each missing role is assigned once and no other is. No message becomes a dead \
         letter. The timer's handler holds at most {} MB.",
        MOST_MEMORY / 1024
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const READS: Reads = Reads { pages_of_identities: 2, pages_of_holders: 3, apis: 2 };
    const GOOD: Run = Run {
        expected: READS,
        reads: READS,
        seconds_reading: 1.0,
        seconds: 2.0,
        checks: 0,
        deliveries: 0,
        unexpected: 0,
        seconds_checking: 0.0,
    };

    #[test]
    fn an_unexpected_read_and_a_difference_in_the_last_run_miss_a_bound() {
        let more = Reads { apis: 3, ..READS };
        assert_eq!(judge(&[Run { reads: more, ..GOOD }], 0).len(), 1);
        assert_eq!(judge(&[Run { checks: 1, ..GOOD }], 0).len(), 1);
        assert_eq!(judge(&[], 0).len(), 1);
    }

    #[test]
    fn assignments_that_no_rule_allows_must_be_reported_from_the_second_run_on() {
        let second = Run { unexpected: 5, ..GOOD };
        assert_eq!(judge(&[GOOD, second], 5), [""; 0]);
        assert_eq!(judge(&[second, GOOD], 5).len(), 2);
    }
}
