//! A figure with its baseline and its target, and the table of figures.

use comfy_table::{Table, presets::UTF8_FULL};
use serde::Serialize;

/// The unit of a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Unit {
    Milliseconds,
    Microseconds,
    Nanoseconds,
    Seconds,
    /// 1,000,000 bytes.
    Megabytes,
    /// 1,024 × 1,024 bytes, the unit of memory.
    Mebibytes,
    /// Bytes, a mean.
    Bytes,
    /// A mean number of the things that the figure's name states.
    Number,
    /// A count of the things that the figure's name states.
    Count,
}

/// The largest value that a figure may have.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Target {
    /// This value, in the figure's unit.
    AtMost(f64),
    /// This multiple of the baseline.
    TimesBaseline(f64),
}

/// The value with which a figure is compared, from the same run.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Baseline {
    name: &'static str,
    value: f64,
}

/// One figure.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Figure {
    name: String,
    unit: Unit,
    value: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    baseline: Option<Baseline>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<Target>,
    missed: bool,
}

impl Figure {
    /// A figure without a baseline or target.
    pub(crate) fn new(name: impl Into<String>, unit: Unit, value: f64) -> Self {
        Self { name: name.into(), unit, value, baseline: None, target: None, missed: false }
    }

    /// Adds a baseline.
    #[must_use]
    pub(crate) fn beside(self, name: &'static str, value: f64) -> Self {
        Self { baseline: Some(Baseline { name, value }), ..self }.judged()
    }

    /// Adds a target.
    #[must_use]
    pub(crate) fn held_to(self, target: Target) -> Self {
        Self { target: Some(target), ..self }.judged()
    }

    /// Whether the figure exceeds its target. A target relative to a baseline that is absent or zero
    /// counts as missed.
    pub(crate) fn is_missed(&self) -> bool {
        self.missed
    }

    /// A count that must not exceed `most`, if it has a limit.
    pub(crate) fn count(name: impl Into<String>, count: usize, most: Option<f64>) -> Self {
        let target = most.map(Target::AtMost);
        Self { target, ..Self::new(name, Unit::Count, count as f64) }.judged()
    }

    fn judged(self) -> Self {
        let is_met = match self.target {
            None => true,
            Some(Target::AtMost(most)) => self.value <= most,
            Some(Target::TimesBaseline(most)) => self.ratio().is_some_and(|ratio| ratio <= most),
        };
        Self { missed: !is_met, ..self }
    }

    fn ratio(&self) -> Option<f64> {
        let baseline = self.baseline.as_ref()?.value;
        (baseline > 0.0).then_some(self.value / baseline)
    }

    fn cells(&self) -> [String; 6] {
        let baseline = self.baseline.as_ref();
        let verdict = match (self.target, self.missed) {
            (None, _) => "",
            (Some(_), false) => "ok",
            (Some(_), true) => "missed",
        };
        [
            self.name.clone(),
            self.unit.shown(self.value),
            baseline
                .map(|one| format!("{} ({})", self.unit.shown(one.value), one.name))
                .unwrap_or_default(),
            self.ratio().map(|ratio| format!("{ratio:.2}")).unwrap_or_default(),
            self.target.map(|target| target.shown(self.unit)).unwrap_or_default(),
            verdict.to_owned(),
        ]
    }
}

impl Target {
    fn shown(self, unit: Unit) -> String {
        match self {
            Self::AtMost(most) => format!("at most {}", unit.shown(most)),
            Self::TimesBaseline(most) => format!("at most {most} x"),
        }
    }
}

impl Unit {
    fn shown(self, value: f64) -> String {
        match self {
            Self::Milliseconds => format!("{value:.2} ms"),
            Self::Microseconds => format!("{value:.0} µs"),
            Self::Nanoseconds => format!("{value:.1} ns"),
            Self::Seconds => format!("{value:.2} s"),
            Self::Megabytes => format!("{value:.2} MB"),
            Self::Mebibytes => format!("{value:.1} MiB"),
            Self::Bytes => format!("{value:.0} bytes"),
            Self::Number => format!("{value:.3}"),
            Self::Count => format!("{value:.0}"),
        }
    }
}

/// The table of some figures.
pub(crate) fn table(figures: &[Figure]) -> Table {
    let mut table = Table::new();
    table
        .load_style(UTF8_FULL)
        .set_header(["figure", "broker", "baseline", "ratio", "target", "verdict"]);
    for figure in figures {
        table.add_row(figure.cells());
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(value: f64) -> Figure {
        Figure::new("time", Unit::Milliseconds, value)
    }

    #[test]
    fn a_figure_may_equal_its_target_but_not_exceed_it_and_needs_a_baseline_for_a_relative_one() {
        let relative = Target::TimesBaseline(1.5);
        for (figure, missed) in [
            (figure(5.0).held_to(Target::AtMost(5.0)), false),
            (figure(5.1).held_to(Target::AtMost(5.0)), true),
            (figure(3.0).held_to(relative).beside("bare", 2.0), false),
            (figure(3.1).beside("bare", 2.0).held_to(relative), true),
            (figure(1.0).held_to(relative), true),
            (figure(1.0).beside("nothing", 0.0).held_to(relative), true),
            (figure(f64::NAN).beside("bare", 1.0).held_to(relative), true),
        ] {
            assert_eq!(figure.is_missed(), missed, "{figure:?}");
        }
        let figure = figure(9.0).beside("bare", 3.0);
        assert!(!figure.is_missed());
        assert_eq!(figure.cells(), ["time", "9.00 ms", "3.00 ms (bare)", "3.00", "", ""]);
    }
}
