//! Choices that look random and are the same in each run.

/// A sequence of numbers ("Fast splittable pseudorandom number generators", `SplitMix64`), always the same.
#[derive(Debug, Default)]
pub(super) struct Draw(u64);

impl Draw {
    /// The sequence of a seed.
    #[cfg(test)]
    pub(super) fn from_seed(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number below `limit`; 0 if the limit is 0.
    pub(super) fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        usize::try_from(mixed % u64::try_from(limit.max(1)).unwrap_or(1)).unwrap_or_default()
    }
}
