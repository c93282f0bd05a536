//! Episodes of throttling: how often a client that obeys `Retry-After` ran into the quota.

use std::time::{Duration, Instant};

/// A throttled write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// The time of its arrival.
    pub(crate) at: Instant,
    /// The `Retry-After` of the response.
    pub(crate) retry_after: Duration,
}

/// The number of episodes. A write that is refused before the `Retry-After` of an earlier refusal is over
/// was in flight already, so it belongs to the earlier episode.
pub(crate) fn throttling_episodes(refusals: &[Refusal]) -> usize {
    let mut sorted = refusals.to_vec();
    sorted.sort_by_key(|refusal| refusal.at);
    let (mut episodes, mut closed_until) = (0, None);
    for refusal in sorted {
        if closed_until.is_none_or(|until| refusal.at >= until) {
            episodes += 1;
            closed_until = Some(refusal.at + refusal.retry_after);
        }
    }
    episodes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusals(milliseconds: &[u64]) -> Vec<Refusal> {
        let start = Instant::now();
        let refusal = |at: &u64| Refusal {
            at: start + Duration::from_millis(*at),
            retry_after: Duration::from_secs(1),
        };
        milliseconds.iter().map(refusal).collect()
    }

    #[test]
    fn without_a_refusal_there_is_no_episode() {
        assert_eq!(throttling_episodes(&[]), 0);
    }

    #[test]
    fn refusals_of_writes_in_flight_belong_to_one_episode() {
        assert_eq!(throttling_episodes(&refusals(&[40, 0, 999])), 1);
    }

    #[test]
    fn a_refusal_after_retry_after_begins_another_episode() {
        assert_eq!(throttling_episodes(&refusals(&[0, 10, 1_000, 1_500, 2_000])), 3);
    }
}
