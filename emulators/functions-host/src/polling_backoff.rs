//! The polling interval of an empty queue (Azure SDK for .NET,
//! `RandomizedExponentialBackoffStrategy`).

use std::time::Duration;

use crate::host_json::SHORTEST_POLLING_INTERVAL;

/// The jitter: each delay varies by up to a fifth, so that instances do not poll in step.
const SMALLEST_FACTOR: f64 = 0.8;
const FACTOR_RANGE: f64 = 0.4;
/// The number of doublings after which the delay exceeds any `maxPollingInterval`.
const LARGEST_EXPONENT: u32 = 24;

/// The delay after the `empty`-th empty response in a row, counted from 0, for a random number in 0..1.
pub(crate) fn delay(empty: u32, random: f64, longest: Duration) -> Duration {
    if empty == 0 {
        return SHORTEST_POLLING_INTERVAL.min(longest);
    }
    let doublings = 2_u32.pow((empty - 1).min(LARGEST_EXPONENT));
    let factor = SMALLEST_FACTOR + FACTOR_RANGE * random;
    let increment = (SHORTEST_POLLING_INTERVAL * doublings).mul_f64(factor);
    (SHORTEST_POLLING_INTERVAL + increment).min(longest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_from_a_tenth_of_a_second_up_to_the_longest() {
        let longest = Duration::from_secs(2);
        let delays: Vec<_> = (0..7).map(|empty| delay(empty, 0.5, longest).as_millis()).collect();
        assert_eq!(delays, [100, 200, 300, 500, 900, 1_700, 2_000]);
        assert_eq!(delay(u32::MAX, 1.0, longest), longest);
    }

    #[test]
    fn jitter_changes_the_increment_by_a_fifth() {
        let longest = Duration::from_secs(60);
        assert_eq!(delay(1, 0.0, longest), Duration::from_millis(180));
        assert_eq!(delay(1, 1.0, longest), Duration::from_millis(220));
    }
}
