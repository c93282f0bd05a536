//! What happens in the world.

use crate::invocation::Work;

/// What happens next in the world.
#[derive(Debug, Clone)]
pub(crate) enum Action {
    Start(Work),
    Continue { which: usize, luck: u8 },
    Kill(usize),
    Redeliver(usize),
    Advance(i64),
    CreateByHand,
    RemoveByHand,
    Announce,
}
