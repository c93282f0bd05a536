//! What an instance would claim.

use crate::plan::Plan;

/// What an instance would claim, and what it holds. Each list has a number of allowances for each slot.
#[derive(Debug)]
pub(crate) struct Proposal {
    pub(crate) plan: Plan,
    pub(crate) held: Vec<u32>,
    pub(crate) claimed: Vec<u32>,
}

impl Proposal {
    /// The proposal of an instance that holds these allowances. `headroom` is the number of allowances to
    /// claim beyond the need.
    pub(crate) fn new(plan: Plan, held: Vec<u32>, headroom: u32) -> Self {
        let claimed = plan.claimed(&held, headroom);
        Self { plan, held, claimed }
    }

    /// The allowances to keep.
    pub(crate) fn kept(&self) -> Vec<u32> {
        let both = self.held.iter().zip(&self.claimed);
        both.map(|(held, claimed)| *held.min(claimed)).collect()
    }

    /// Whether it claims more than is held.
    pub(crate) fn gains(&self) -> bool {
        self.held.iter().zip(&self.claimed).any(|(held, claimed)| claimed > held)
    }
}
