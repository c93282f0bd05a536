//! Samples of the memory that handler processes hold, and whether it grows.

use crate::process_memory::resident_kilobytes;

/// The factor by which the last quarter may exceed the second, because allocators keep memory that was
/// needed once.
const GROWTH_FACTOR: f64 = 1.3;
/// The additional kilobytes by which the last quarter may exceed the second: a handler is so small that a
/// single buffer is visible.
const GROWTH_KILOBYTES: f64 = 2.0 * 1024.0;
/// The smallest number of samples that can be compared.
const FEWEST_SAMPLES: usize = 8;

/// Samples of one or more processes in the order in which they were taken, in kilobytes.
#[derive(Clone, Debug, Default)]
pub struct MemorySamples {
    samples: Vec<u64>,
}

/// The medians of two quarters of the samples, in kilobytes. The first quarter is left out, because
/// caches fill then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuarterMedians {
    /// The median of the second quarter.
    pub second: u64,
    /// The median of the last quarter.
    pub last: u64,
}

impl QuarterMedians {
    /// Whether the memory did not grow.
    #[must_use]
    pub fn are_flat(self) -> bool {
        self.last <= self.most_if_flat()
    }

    /// The largest last quarter that counts as flat.
    #[must_use]
    pub fn most_if_flat(self) -> u64 {
        (GROWTH_FACTOR * self.second as f64 + GROWTH_KILOBYTES) as u64
    }
}

impl MemorySamples {
    /// Adds the memory that a process holds now. Adds nothing if the process has ended, and on
    /// systems other than Linux.
    pub fn sample(&mut self, process_id: u32) {
        self.samples.extend(resident_kilobytes(process_id));
    }

    /// Adds a sample that was taken elsewhere, in kilobytes.
    pub fn add(&mut self, kilobytes: u64) {
        self.samples.push(kilobytes);
    }

    /// The number of samples.
    #[must_use]
    pub fn count(&self) -> usize {
        self.samples.len()
    }

    /// The latest sample.
    #[must_use]
    pub fn latest(&self) -> Option<u64> {
        self.samples.last().copied()
    }

    /// The medians to compare; `None` if there are too few samples.
    #[must_use]
    pub fn medians(&self) -> Option<QuarterMedians> {
        let length = self.samples.len();
        if length < FEWEST_SAMPLES {
            return None;
        }
        Some(QuarterMedians {
            second: median(self.samples.get(length / 4..length / 2)?)?,
            last: median(self.samples.get(length - length / 4..)?)?,
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

    fn medians(samples: Vec<u64>) -> Option<QuarterMedians> {
        MemorySamples { samples }.medians()
    }

    #[test]
    fn too_few_samples_are_not_compared() {
        assert_eq!(medians(vec![1; FEWEST_SAMPLES - 1]), None);
    }

    #[test]
    fn memory_that_keeps_growing_is_not_flat_and_memory_that_was_high_only_at_first_is() {
        let grows = medians((0..100).map(|n| 10_000 + 200 * n).collect()).unwrap();
        assert!(!grows.are_flat(), "{grows:?}");
        let falls =
            medians((0..100).map(|n| if n < 25 { 90_000 } else { 10_000 }).collect()).unwrap();
        assert!(falls.are_flat(), "{falls:?}");
    }
}
