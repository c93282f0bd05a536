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
    use proptest::prelude::*;

    use super::*;

    fn milliseconds(values: impl IntoIterator<Item = u64>) -> Vec<Duration> {
        values.into_iter().map(Duration::from_millis).collect()
    }

    #[test]
    fn without_measurements_both_are_zero() {
        assert_eq!(percentile(&[], 99), Duration::ZERO);
        assert_eq!(median(&[]), 0.0);
    }

    #[test]
    fn percentiles_are_by_nearest_rank_whatever_the_order() {
        let hundred = milliseconds((1..=100).rev());
        for (percent, expected) in [(0, 1), (1, 1), (50, 50), (99, 99), (100, 100)] {
            assert_eq!(percentile(&hundred, percent), Duration::from_millis(expected));
        }
        assert_eq!(percentile(&milliseconds([7, 3]), 50), Duration::from_millis(3));
        assert_eq!(percentile(&milliseconds([7, 3]), 51), Duration::from_millis(7));
        assert_eq!(percentile(&milliseconds([5]), 99), Duration::from_millis(5));
    }

    #[test]
    fn the_median_is_the_middle_value_or_the_mean_of_two() {
        assert_eq!(median(&[9.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 9.0]), 3.0);
    }

    proptest! {
        #[test]
        fn at_least_the_percentage_of_values_does_not_exceed_the_percentile(
            values in prop::collection::vec(0_u64..50, 1..200), percent in 1_u32..=100,
        ) {
            let values = milliseconds(values);
            let found = percentile(&values, percent);
            let below = values.iter().filter(|value| **value <= found).count();
            prop_assert!(below * 100 >= values.len() * percent as usize);
            let less = values.iter().filter(|value| **value < found).count();
            prop_assert!(less * 100 < values.len() * percent as usize);
        }
    }
}
