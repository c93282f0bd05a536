//! Chance that is no chance: numbers from the hash of what a request is.

use sha2::{Digest, Sha256};

use super::Combination;

/// The share of faults that are about the token. They are rare in truth, and each makes the caller
/// throw its token away.
const TOKEN_SHARE: f64 = 0.02;

/// Enough for a number from 0.0 to 1.0 without rounding.
const FRACTION_BITS: u32 = f64::MANTISSA_DIGITS;

/// The numbers that were drawn for one request.
#[derive(Debug)]
pub(super) struct Draw {
    hit: u64,
    token: u64,
    choice: u64,
    variant: u64,
}

impl Draw {
    /// Draws for the request that follows `before` of the same kind.
    pub(super) fn of(seed: u64, asked: &Combination, before: u64) -> Self {
        let route = format!("{:?}", asked.route);
        let mut hash = Sha256::new().chain_update(seed.to_le_bytes());
        hash.update(before.to_le_bytes());
        for part in [&route, &asked.principal, &asked.role] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        let digest: [u8; 32] = hash.finalize().into();
        let (numbers, _) = digest.as_chunks::<8>();
        let mut numbers = numbers.iter().map(|bytes| u64::from_le_bytes(*bytes));
        let mut next = || numbers.next().unwrap_or_default();
        Self { hit: next(), token: next(), choice: next(), variant: next() }
    }

    /// Whether there is a fault at all.
    pub(super) fn hits(&self, share: f64) -> bool {
        fraction(self.hit) < share
    }

    /// Whether the fault is about the token.
    pub(super) fn is_about_the_token(&self) -> bool {
        fraction(self.token) < TOKEN_SHARE
    }

    /// Which one of so many faults it is.
    pub(super) fn choice(&self, count: usize) -> usize {
        remainder(self.choice, count)
    }

    /// Which one of so many variants of this fault it is.
    pub(super) fn variant(&self, count: usize) -> usize {
        remainder(self.variant, count)
    }
}

/// From 0.0 up to, but without, 1.0.
fn fraction(number: u64) -> f64 {
    (number >> (u64::BITS - FRACTION_BITS)) as f64 / (1_u64 << FRACTION_BITS) as f64
}

fn remainder(number: u64, count: usize) -> usize {
    usize::try_from(number % (count as u64).max(1)).unwrap_or_default()
}
