//! How often the quota has to say no.

use std::time::{Duration, Instant};

/// A write that was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// When it arrived.
    pub(super) at: Instant,
    /// How long its sender was told to wait.
    pub(super) retry_after: Duration,
}

/// How often a client that obeys `Retry-After` had to be told. What is refused before the time of
/// an earlier refusal is over was under way already, and is not a closing of its own.
pub(super) fn closings(refusals: &[Refusal]) -> usize {
    let mut sorted = refusals.to_vec();
    sorted.sort_by_key(|refusal| refusal.at);
    let (mut closings, mut closed_until) = (0, None);
    for refusal in sorted {
        if closed_until.is_none_or(|until| refusal.at >= until) {
            closings += 1;
            closed_until = Some(refusal.at + refusal.retry_after);
        }
    }
    closings
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
    fn without_a_refusal_nothing_was_closed() {
        assert_eq!(closings(&[]), 0);
    }

    #[test]
    fn what_was_under_way_belongs_to_the_closing_that_it_ran_into() {
        assert_eq!(closings(&refusals(&[40, 0, 999])), 1);
    }

    #[test]
    fn who_comes_back_in_time_and_is_refused_again_was_told_twice() {
        assert_eq!(closings(&refusals(&[0, 10, 1_000, 1_500, 2_000])), 3);
    }
}
