//! Whether a write may be sent.

use std::time::Instant;

use crate::allowance::Used;

/// Whether a write may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// Now.
    Now,
    /// Not before this time, or before the next exchange.
    At(Instant),
    /// Not before the next exchange, or the end of a write.
    Later,
}

/// The right to send one write, which has been used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ticket(pub(crate) Option<Used>);
