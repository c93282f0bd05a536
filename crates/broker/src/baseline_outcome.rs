//! The outcome of applying the baseline to an identity.

use app_roles::event::Ignored;

use crate::{answer::Answer, recorded::Recorded};

/// The outcome of applying the baseline to an identity.
#[derive(Debug)]
pub enum BaselineOutcome {
    /// Nothing had to be done, and nothing is recorded.
    Ignored(Ignored),
    /// The identity has everything that the baseline gives it. There is a result for each API whose roles
    /// were missing, now or in an earlier delivery of the same event.
    Applied(Recorded),
}

/// A [`BaselineOutcome`] before it is recorded.
#[derive(Debug)]
pub(crate) enum Applied {
    /// Nothing had to be done.
    Ignored(Ignored),
    /// An answer for each API whose roles were missing.
    Answers(Vec<Answer>),
}
