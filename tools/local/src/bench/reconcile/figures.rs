//! The figures of one tenant, the bounds that they are held to, and a table of them.

use comfy_table::{Table, presets::UTF8_FULL};
use serde::Serialize;

use super::population::{Population, Reads};

/// What the handler may hold at most, in kilobytes.
const MOST_MEMORY: u64 = 100 * 1024;

/// One run of the timer, and the checks that it asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    /// What it should have read.
    pub(super) expected: Reads,
    /// What it has read, by the tenant's own count.
    pub(super) reads: Reads,
    /// By the handler's clock.
    pub(super) seconds_reading: f64,
    /// Until the host had written all checks.
    pub(super) seconds: f64,
    pub(super) checks: usize,
    /// Of these checks, those included that came back.
    pub(super) deliveries: usize,
    /// Assignments that were reported.
    pub(super) unexpected: usize,
    pub(super) seconds_checking: f64,
}

/// One run's figures as they are written to a file.
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

/// One tenant's figures.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Figures {
    identities: usize,
    rows: usize,
    runs: Vec<RunFigures>,
    peak_kilobytes: Option<u64>,
    given_up: usize,
    /// The bounds that were missed, in words.
    pub(crate) missed: Vec<String>,
}

impl Figures {
    /// Judges what was counted.
    pub(super) fn new(
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
            missed.push(format!("{given_up} given up"));
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

    /// What has come of the tenant.
    pub(super) fn verdict(&self) -> String {
        let memory = self.peak_kilobytes.map_or_else(
            || "not measured".to_owned(),
            |peak| format!("{:.1} MB", peak as f64 / 1024.0),
        );
        let verdict = match self.missed.as_slice() {
            [] => "The tenant is as its baseline says.".to_owned(),
            missed => format!("Missed: {}.", missed.join(", ")),
        };
        format!("Most memory of the handler: {memory}. {verdict}")
    }
}

/// What is wrong with the runs.
fn judge(runs: &[Run], stray: usize) -> Vec<String> {
    let mut missed = Vec::new();
    for (number, run) in runs.iter().enumerate() {
        if run.reads != run.expected {
            missed.push(format!("run {}: {:?} and not {:?}", number + 1, run.reads, run.expected));
        }
        let expected = if number == 0 { 0 } else { stray };
        if run.unexpected != expected {
            missed.push(format!("run {}: {} reported", number + 1, run.unexpected));
        }
    }
    if runs.last().is_none_or(|run| run.checks > 0) {
        missed.push("the last run found something to do".to_owned());
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

/// The runs, one after another.
pub(super) fn table(figures: &Figures) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_FULL).set_header([
        "run",
        "reads",
        "by the formula",
        "handler",
        "with its output",
        "checks",
        "deliveries",
        "carried out in",
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

/// What the verdicts are about.
pub(super) fn bounds() -> String {
    format!(
        "\nBounds: reads are the pages of identities, the pages of each API's holders, and the APIs, which \
         are remembered after the first run. What no rule allows is reported from the second run on. Each \
         missing role is assigned once and nothing else is; nothing is given up; the handler of the timer \
         holds at most {} MB.",
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
    fn a_read_too_many_and_a_tenant_that_is_never_done_are_missed_bounds() {
        let more = Reads { apis: 3, ..READS };
        assert_eq!(judge(&[Run { reads: more, ..GOOD }], 0).len(), 1);
        assert_eq!(judge(&[Run { checks: 1, ..GOOD }], 0).len(), 1);
        assert_eq!(judge(&[], 0).len(), 1);
    }

    #[test]
    fn what_no_rule_allows_is_to_be_reported_from_the_second_run_on() {
        let second = Run { unexpected: 5, ..GOOD };
        assert_eq!(judge(&[GOOD, second], 5), [""; 0]);
        assert_eq!(judge(&[second, GOOD], 5).len(), 2);
    }
}
