//! The memory of the handlers, process by process.
//!
//! A handler's caches fill in its first minute. A young process is therefore smaller than an old one, and
//! only samples of the same process tell whether its memory grows.

use app_process::{
    memory_samples::{MemorySamples, QuarterMedians},
    process_memory::resident_kilobytes,
};

/// The number of samples of a process that has lived long enough to be judged: 30 seconds.
const LONG_LIVED: usize = 60;

/// The samples of all handler processes.
#[derive(Clone, Debug, Default)]
pub(crate) struct HandlerMemory {
    /// The process id and the samples of each process, in the order of their starts.
    processes: Vec<(u32, MemorySamples)>,
    latest: Option<u64>,
}

/// The judged processes, and the number of the others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct LongLived {
    /// The medians of each process that lived long enough.
    pub(crate) medians: Vec<QuarterMedians>,
    /// The number of processes that were too young when they ended.
    pub(crate) too_young: usize,
}

impl HandlerMemory {
    /// Adds the memory that a handler holds now. Adds nothing if it has ended, and on systems other than
    /// Linux.
    pub(crate) fn sample(&mut self, process_id: u32) {
        if let Some(kilobytes) = resident_kilobytes(process_id) {
            self.add(process_id, kilobytes);
        }
    }

    fn add(&mut self, process_id: u32, kilobytes: u64) {
        self.latest = Some(kilobytes);
        let mut known = self.processes.iter_mut().rev();
        if let Some((_, samples)) = known.find(|(id, _)| *id == process_id) {
            return samples.add(kilobytes);
        }
        let mut samples = MemorySamples::default();
        samples.add(kilobytes);
        self.processes.push((process_id, samples));
    }

    /// The latest sample, in kilobytes.
    pub(crate) fn latest(&self) -> Option<u64> {
        self.latest
    }

    /// The processes that lived long enough to be judged.
    pub(crate) fn long_lived(&self) -> LongLived {
        let (old, young): (Vec<_>, Vec<_>) =
            self.processes.iter().partition(|(_, samples)| samples.count() >= LONG_LIVED);
        let medians = old.into_iter().filter_map(|(_, samples)| samples.medians()).collect();
        LongLived { medians, too_young: young.len() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A process that grows to 18 MB within its first samples, as caches fill.
    fn young_to_old(memory: &mut HandlerMemory, process_id: u32, samples: usize) {
        for sample in 0..samples {
            memory.add(process_id, 18_000 - 6_000 / (1 + sample as u64));
        }
    }

    #[test]
    fn young_processes_are_not_compared_with_old_ones() {
        let mut memory = HandlerMemory::default();
        for process_id in 1..=50 {
            young_to_old(&mut memory, process_id, 8);
        }
        young_to_old(&mut memory, 51, 400);
        let judged = memory.long_lived();
        assert_eq!((judged.medians.len(), judged.too_young), (1, 50));
        assert!(judged.medians[0].are_flat(), "{judged:?}");
    }

    #[test]
    fn a_process_that_keeps_growing_is_found_among_others() {
        let mut memory = HandlerMemory::default();
        for sample in 0..200 {
            memory.add(1, 18_000);
            memory.add(2, 12_000 + 100 * sample);
        }
        let judged = memory.long_lived();
        let flat: Vec<_> = judged.medians.iter().map(|medians| medians.are_flat()).collect();
        assert_eq!(flat, [true, false]);
    }
}
