//! How much memory processes take, as the system counts it.

use crate::process_status::{self, RESIDENT};

/// The last quarter may be larger than the second by this factor: allocators keep what was once
/// needed.
const MOST_GROWTH: f64 = 1.3;
/// And by so much more, in kilobytes: a handler is so small that one buffer shows.
const MOST_MORE: f64 = 2.0 * 1024.0;
/// Fewer samples say nothing.
const FEWEST: usize = 8;

/// Samples of all processes in the order in which they were taken, in kilobytes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory {
    samples: Vec<u64>,
}

/// The medians that are compared, in kilobytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Medians {
    pub(crate) second_quarter: u64,
    pub(crate) last_quarter: u64,
}

impl Medians {
    /// Whether memory does not grow.
    pub(crate) fn are_flat(self) -> bool {
        self.last_quarter <= self.most_if_flat()
    }

    /// The most that the last quarter may hold.
    pub(crate) fn most_if_flat(self) -> u64 {
        (MOST_GROWTH * self.second_quarter as f64 + MOST_MORE) as u64
    }
}

impl Memory {
    /// Adds what a process holds now; nothing if it is gone, or if this is not Linux.
    pub(crate) fn sample(&mut self, process_id: u32) {
        self.samples.extend(process_status::kilobytes(process_id, RESIDENT));
    }

    /// The latest sample.
    pub(crate) fn latest(&self) -> Option<u64> {
        self.samples.last().copied()
    }

    /// The quarters to compare; the first is left out, since caches fill. None if there is too
    /// little.
    pub(crate) fn medians(&self) -> Option<Medians> {
        let length = self.samples.len();
        if length < FEWEST {
            return None;
        }
        Some(Medians {
            second_quarter: median(self.samples.get(length / 4..length / 2)?)?,
            last_quarter: median(self.samples.get(length - length / 4..)?)?,
        })
    }
}

fn median(samples: &[u64]) -> Option<u64> {
    let mut sorted = samples.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn medians(samples: Vec<u64>) -> Option<Medians> {
        Memory { samples }.medians()
    }

    #[test]
    fn too_few_samples_say_nothing() {
        assert_eq!(medians(vec![1; FEWEST - 1]), None);
    }

    #[test]
    fn memory_that_grows_all_the_time_is_not_flat_and_memory_that_was_high_at_first_is() {
        let grows = medians((0..100).map(|n| 10_000 + 200 * n).collect()).unwrap();
        assert!(!grows.are_flat(), "{grows:?}");
        let falls =
            medians((0..100).map(|n| if n < 25 { 90_000 } else { 10_000 }).collect()).unwrap();
        assert!(falls.are_flat(), "{falls:?}");
    }
}
