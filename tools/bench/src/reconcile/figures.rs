//! The figures of one tenant, with their targets.

use crate::figure::{Figure, Target, Unit};

/// The most memory that the timer's handler may hold.
const MOST_MEMORY: Target = Target::AtMost(100.0);

/// A run of the timer and the checks that it requested.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    /// The most reads that the formula allows.
    pub(crate) most_reads: usize,
    /// The reads that the tenant counted.
    pub(crate) reads: usize,
    /// The duration that the handler logged.
    pub(crate) seconds_reading: f64,
    pub(crate) checks: usize,
    /// The assignments that were reported because no rule allows them.
    pub(crate) reported: usize,
    pub(crate) seconds_checking: f64,
}

/// The state after the last run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct End {
    /// The identities that do not hold exactly the roles that they should.
    pub(crate) wrong_identities: usize,
    /// The difference between the assignments that were made and those that were missing.
    pub(crate) wrong_writes: usize,
    /// The number of dead letters and of checks that failed.
    pub(crate) messages_given_up: usize,
    /// The most memory that the timer's handler held; `None` if this is not Linux.
    pub(crate) peak_kilobytes: Option<u64>,
}

/// The figures of a tenant in which `stray` assignments are not allowed by a rule. They are reported from the
/// second run on. The last run must not find a difference.
pub(crate) fn figures(identities: usize, stray: usize, runs: &[Run], end: &End) -> Vec<Figure> {
    let mut figures = Vec::new();
    for (index, run) in runs.iter().enumerate() {
        let name = |what: &str| format!("{identities} identities, run {}: {what}", index + 1);
        let most_checks = (index + 1 == runs.len()).then_some(0.0);
        let expected_reports = if index == 0 { 0 } else { stray };
        let wrong_reports = run.reported.abs_diff(expected_reports);
        figures.extend([
            Figure::count(name("reads"), run.reads, Some(run.most_reads as f64)),
            Figure::new(name("reading"), Unit::Seconds, run.seconds_reading),
            Figure::count(name("checks"), run.checks, most_checks),
            Figure::new(name("checking"), Unit::Seconds, run.seconds_checking),
            Figure::count(name("missing or needless reports"), wrong_reports, Some(0.0)),
        ]);
    }
    let name = |what: &str| format!("{identities} identities: {what}");
    let mebibytes = end.peak_kilobytes.map(|peak| peak as f64 / 1024.0);
    let memory = mebibytes
        .map(|peak| Figure::new(name("peak memory"), Unit::Mebibytes, peak).held_to(MOST_MEMORY));
    figures.extend(memory);
    figures.extend([
        Figure::count(name("identities with wrong roles"), end.wrong_identities, Some(0.0)),
        Figure::count(name("missing or needless writes"), end.wrong_writes, Some(0.0)),
        Figure::count(name("dead letters"), end.messages_given_up, Some(0.0)),
    ]);
    figures
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: Run = Run {
        most_reads: 7,
        reads: 7,
        seconds_reading: 1.0,
        checks: 0,
        reported: 0,
        seconds_checking: 0.0,
    };
    const END: End =
        End { wrong_identities: 0, wrong_writes: 0, messages_given_up: 0, peak_kilobytes: None };

    fn missed(runs: &[Run], end: &End) -> usize {
        figures(20, 5, runs, end).iter().filter(|figure| figure.is_missed()).count()
    }

    #[test]
    fn a_run_is_bounded_in_its_reads_and_the_last_run_finds_no_difference() {
        let second = Run { reported: 5, ..GOOD };
        assert_eq!(missed(&[Run { checks: 9, ..GOOD }, second], &END), 0);
        assert_eq!(missed(&[Run { reads: 8, ..GOOD }, second], &END), 1);
        assert_eq!(missed(&[GOOD, Run { checks: 1, ..second }], &END), 1);
        assert_eq!(missed(&[second, GOOD], &END), 2, "both report wrongly");
    }

    #[test]
    fn the_end_is_bounded_in_its_faults_and_memory() {
        let peak_kilobytes = Some(101 * 1024);
        let bad =
            End { wrong_identities: 1, wrong_writes: 1, messages_given_up: 1, peak_kilobytes };
        assert_eq!(missed(&[GOOD], &bad), 4);
    }
}
