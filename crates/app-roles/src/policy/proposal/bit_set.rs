//! Sets of small numbers.

/// Numbers in one word of a set.
const WORD_BITS: usize = u64::BITS as usize;

/// A set of numbers, all smaller than the size that it was made for. Sets of one size can be combined.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct BitSet(Vec<u64>);

impl BitSet {
    /// A set without numbers, for those smaller than `size`.
    pub(super) fn empty(size: usize) -> Self {
        Self(vec![0; size.div_ceil(WORD_BITS)])
    }

    /// The set of all numbers smaller than `size`.
    pub(super) fn full(size: usize) -> Self {
        let mut all = Self::empty(size);
        (0..size).for_each(|number| all.insert(number));
        all
    }

    pub(super) fn insert(&mut self, number: usize) {
        if let Some(word) = self.0.get_mut(number / WORD_BITS) {
            *word |= 1 << (number % WORD_BITS);
        }
    }

    pub(super) fn remove(&mut self, number: usize) {
        if let Some(word) = self.0.get_mut(number / WORD_BITS) {
            *word &= !(1 << (number % WORD_BITS));
        }
    }

    pub(super) fn contains(&self, number: usize) -> bool {
        self.0.get(number / WORD_BITS).is_some_and(|word| word & (1 << (number % WORD_BITS)) != 0)
    }

    pub(super) fn len(&self) -> usize {
        count(self.0.iter().copied())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    /// The numbers, in ascending order.
    pub(super) fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.0.iter().enumerate().flat_map(|(index, word)| {
            (0..WORD_BITS)
                .filter(move |bit| word & (1 << bit) != 0)
                .map(move |bit| index * WORD_BITS + bit)
        })
    }

    /// Keeps only the numbers that another set has as well.
    pub(super) fn intersect(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(word, other)| *word &= other);
    }

    /// The numbers that both sets have.
    pub(super) fn common(&self, other: &Self) -> Self {
        let mut common = self.clone();
        common.intersect(other);
        common
    }

    /// How many numbers both sets have.
    pub(super) fn common_len(&self, other: &Self) -> usize {
        count(self.0.iter().zip(&other.0).map(|(word, other)| word & other))
    }

    /// Adds the numbers of another set.
    pub(super) fn unite(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(word, other)| *word |= other);
    }

    /// Removes the numbers of another set.
    pub(super) fn subtract(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(word, other)| *word &= !other);
    }
}

fn count(words: impl Iterator<Item = u64>) -> usize {
    // A word has at most 64 ones.
    words.map(|word| word.count_ones() as usize).sum()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::{collection::btree_set, prelude::*};

    use super::*;

    const SIZE: usize = 150;

    fn bits(numbers: &BTreeSet<usize>) -> BitSet {
        let mut set = BitSet::empty(SIZE);
        numbers.iter().for_each(|number| set.insert(*number));
        set
    }

    proptest! {
        #[test]
        fn a_bit_set_is_a_set(
            one in btree_set(0..SIZE, 0..60),
            other in btree_set(0..SIZE, 0..60),
        ) {
            let (left, right) = (bits(&one), bits(&other));
            prop_assert_eq!(left.iter().collect::<BTreeSet<_>>(), one.clone());
            prop_assert_eq!(left.len(), one.len());
            prop_assert_eq!(left.is_empty(), one.is_empty());
            prop_assert_eq!(left.common(&right), bits(&(&one & &other)));
            prop_assert_eq!(left.common_len(&right), (&one & &other).len());
            let (mut united, mut less) = (left.clone(), left.clone());
            united.unite(&right);
            less.subtract(&right);
            prop_assert_eq!(united, bits(&(&one | &other)));
            prop_assert_eq!(less, bits(&(&one - &other)));
            for number in 0..SIZE {
                prop_assert_eq!(left.contains(number), one.contains(&number));
            }
        }
    }

    #[test]
    fn a_full_set_has_every_number_and_loses_one_at_a_time() {
        let mut full = BitSet::full(70);
        assert_eq!(full.iter().collect::<Vec<_>>(), (0..70).collect::<Vec<_>>());
        full.remove(65);
        assert_eq!(full.len(), 69);
        assert!(!full.contains(65) && !full.contains(1000));
    }
}
