//! The figures of one tenant, with their targets.

use crate::figure::{Figure, Target, Unit};

/// The most memory that the timer's handler may hold.
const MOST_MEMORY: Target = Target::AtMost(100.0);

/// How much more memory the handler may hold for a larger tenant than for one of ten thousand identities.
/// It holds at most a million assignments of 20 bytes, and space for a quarter of them in the smaller
/// tenant. A page and what the allocator keeps are added.
const MOST_GROWTH: f64 = 24.0;

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

/// What a run of the timer logged, and the reads that the tenant counted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Planned {
    /// How often the run read all lists.
    pub(crate) passes: usize,
    pub(crate) reads: usize,
    pub(crate) seconds: f64,
    /// The identities that were compared.
    pub(crate) identities: usize,
    pub(crate) lacking: usize,
    pub(crate) checks: usize,
    pub(crate) reported: usize,
}

/// What a run should find in a tenant, and the cost that it may have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Expected {
    pub(crate) most_passes: usize,
    pub(crate) most_reads: usize,
    pub(crate) identities: usize,
    pub(crate) lacking: usize,
}

/// The memory of the timer's handler, in kilobytes; `None` if this is not Linux.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peaks {
    pub(crate) this: Option<u64>,
    /// In the tenant of ten thousand identities, if that was measured.
    pub(crate) ten_thousand: Option<u64>,
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
    let memory = end
        .peak_kilobytes
        .map(mebibytes)
        .map(|peak| Figure::new(name("peak memory"), Unit::Mebibytes, peak).held_to(MOST_MEMORY));
    figures.extend(memory);
    figures.extend([
        Figure::count(name("identities with wrong roles"), end.wrong_identities, Some(0.0)),
        Figure::count(name("missing or needless writes"), end.wrong_writes, Some(0.0)),
        Figure::count(name("dead letters"), end.messages_given_up, Some(0.0)),
    ]);
    figures
}

/// The figures of one run in a large tenant, whose checks stay in the queue.
pub(crate) fn figures_of_plan(planned: &Planned, expected: &Expected, peaks: Peaks) -> Vec<Figure> {
    let name = |what: &str| format!("{} identities: {what}", expected.identities);
    let exact = |what: &str, found: usize, wanted: usize| {
        Figure::count(name(what), found.abs_diff(wanted), Some(0.0))
    };
    let mut figures = vec![
        Figure::count(name("passes"), planned.passes, Some(expected.most_passes as f64)),
        Figure::count(name("reads"), planned.reads, Some(expected.most_reads as f64)),
        Figure::new(name("reading"), Unit::Seconds, planned.seconds),
        Figure::count(name("checks"), planned.checks, None),
        exact("missing or repeated identities", planned.identities, expected.identities),
        exact("wrongly counted as lacking roles", planned.lacking, expected.lacking),
        exact("missing or needless reports", planned.reported, 0),
    ];
    if let Some(peak) = peaks.this.map(mebibytes) {
        let figure = Figure::new(name("peak memory"), Unit::Mebibytes, peak);
        figures.push(match peaks.ten_thousand.map(mebibytes) {
            Some(before) => figure
                .beside("10000 identities", before)
                .held_to(Target::AtMost(before + MOST_GROWTH)),
            None => figure.held_to(MOST_MEMORY),
        });
    }
    figures
}

fn mebibytes(kilobytes: u64) -> f64 {
    kilobytes as f64 / 1024.0
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
    fn a_run_in_a_large_tenant_is_complete_and_holds_little_more_than_in_a_smaller_one() {
        let planned = Planned {
            passes: 2,
            reads: 9,
            seconds: 1.0,
            identities: 7,
            lacking: 3,
            checks: 3,
            reported: 0,
        };
        let expected = Expected { most_passes: 2, most_reads: 9, identities: 7, lacking: 3 };
        let missed = |planned: Planned, this: u64| {
            let peaks = Peaks { this: Some(this * 1024), ten_thousand: Some(30 * 1024) };
            let all = figures_of_plan(&planned, &expected, peaks);
            all.iter().filter(|figure| figure.is_missed()).count()
        };
        assert_eq!(missed(planned, 54), 0);
        assert_eq!(missed(planned, 55), 1);
        assert_eq!(missed(Planned { passes: 3, reads: 10, ..planned }, 54), 2);
        assert_eq!(missed(Planned { identities: 6, lacking: 2, reported: 1, ..planned }, 54), 3);
    }

    #[test]
    fn the_end_is_bounded_in_its_faults_and_memory() {
        let peak_kilobytes = Some(101 * 1024);
        let bad =
            End { wrong_identities: 1, wrong_writes: 1, messages_given_up: 1, peak_kilobytes };
        assert_eq!(missed(&[GOOD], &bad), 4);
    }
}
