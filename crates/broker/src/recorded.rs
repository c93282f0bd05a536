//! Answers that are recorded.

use app_roles::result::RequestResult;

/// Answers that are recorded, and so may be sent.
///
/// Only the recorder makes one, and a trigger needs one for every reply with a decision.
#[derive(Debug)]
pub struct Recorded {
    pub(crate) results: Vec<RequestResult>,
    pub(crate) given_up: Option<String>,
}

impl Recorded {
    /// The results: one for a request, one for each API for the baseline.
    #[must_use]
    pub fn results(&self) -> &[RequestResult] {
        &self.results
    }

    /// Why the message is given up, if it is. Such a message must be kept for a replay.
    #[must_use]
    pub fn given_up(&self) -> Option<&str> {
        self.given_up.as_deref()
    }
}
