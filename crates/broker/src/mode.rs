//! Whether the broker acts on what it decides.

/// Whether the broker acts on what it decides: the setting `BROKER_MODE`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// `enforce`: what the policy allows is written.
    #[default]
    Enforce,
    /// `report`: everything is looked up, decided and recorded, and nothing is written, as if every
    /// request were a dry run.
    Report,
    /// `paused`: nothing is looked at. Messages go back to their queue.
    Paused,
}

impl Mode {
    /// Reads the setting's value.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "enforce" => Some(Self::Enforce),
            "report" => Some(Self::Report),
            "paused" => Some(Self::Paused),
            _ => None,
        }
    }
}
