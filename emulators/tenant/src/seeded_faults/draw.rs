//! Reproducible random numbers, from a hash of a request's subject.

use sha2::{Digest, Sha256};

use super::subject::FaultSubject;

/// The share of faults about the token. They are rare, and each makes the caller discard its token.
const TOKEN_SHARE: f64 = 0.02;

/// The number of bits that fit into a fraction without rounding.
const FRACTION_BITS: u32 = f64::MANTISSA_DIGITS;

/// The random numbers of one request.
#[derive(Debug)]
pub(crate) struct Draw {
    hit: u64,
    token: u64,
    choice: u64,
    variant: u64,
}

impl Draw {
    /// The numbers of the request that follows `before` others with this subject.
    pub(crate) fn of(seed: u64, asked: &FaultSubject, before: u64) -> Self {
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

    /// Whether the request meets a fault.
    pub(crate) fn hits(&self, share: f64) -> bool {
        fraction(self.hit) < share
    }

    /// Whether the fault is about the token.
    pub(crate) fn is_about_the_token(&self) -> bool {
        fraction(self.token) < TOKEN_SHARE
    }

    /// The index of the fault among `count`.
    pub(crate) fn choice(&self, count: usize) -> usize {
        remainder(self.choice, count)
    }

    /// The index of the fault's variant among `count`.
    pub(crate) fn variant(&self, count: usize) -> usize {
        remainder(self.variant, count)
    }
}

/// A fraction in 0.0..1.0.
fn fraction(number: u64) -> f64 {
    (number >> (u64::BITS - FRACTION_BITS)) as f64 / (1_u64 << FRACTION_BITS) as f64
}

fn remainder(number: u64, count: usize) -> usize {
    usize::try_from(number % (count as u64).max(1)).unwrap_or_default()
}
