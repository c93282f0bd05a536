//! Percentiles and medians.

use std::time::Duration;

/// The percentile by nearest rank; zero without measurements.
pub(crate) fn percentile(measurements: &[Duration], percent: u32) -> Duration {
    let mut sorted = measurements.to_vec();
    sorted.sort_unstable();
    let rank = (sorted.len() * percent as usize).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default()
}

/// The middle value, or the mean of the two middle ones; zero without values.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    let at = |index: usize| sorted.get(index).copied().unwrap_or_default();
    if sorted.len().is_multiple_of(2) {
        f64::midpoint(at(middle.saturating_sub(1)), at(middle))
    } else {
        at(middle)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_by_nearest_rank_and_the_median_may_be_a_mean() {
        let milliseconds =
            |values: &[u64]| values.iter().copied().map(Duration::from_millis).collect::<Vec<_>>();
        let hundred: Vec<_> = (1..=100).rev().collect();
        for (values, percent, expected) in [
            (&[][..], 99, 0),
            (&hundred, 0, 1),
            (&hundred, 50, 50),
            (&hundred, 99, 99),
            (&hundred, 100, 100),
            (&[7, 3], 50, 3),
            (&[7, 3], 51, 7),
        ] {
            let found = percentile(&milliseconds(values), percent);
            assert_eq!(found, Duration::from_millis(expected), "p{percent} of {values:?}");
        }
        for (values, expected) in
            [(&[][..], 0.0), (&[9.0, 1.0, 2.0], 2.0), (&[4.0, 1.0, 2.0, 9.0], 3.0)]
        {
            assert_eq!(median(values), expected, "{values:?}");
        }
    }
}
