//! What the broker does with its decisions: the setting `BROKER_MODE`.

use app_roles::request::Request;

use crate::stop::Stop;

/// What the broker does with its decisions: the setting `BROKER_MODE`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// `enforce`: the broker writes what the policy allows.
    #[default]
    Enforce,
    /// `report`: every request is a dry run. The broker looks up, decides and records, and writes
    /// nothing.
    Report,
    /// `paused`: the broker does nothing. Messages go back to their queue.
    Paused,
}

impl Mode {
    /// Reads the value of the setting.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "enforce" => Some(Self::Enforce),
            "report" => Some(Self::Report),
            "paused" => Some(Self::Paused),
            _ => None,
        }
    }

    /// Stops all work while the broker is paused.
    pub(crate) fn check(self) -> Result<(), Stop> {
        if self == Self::Paused { Err(Stop::paused()) } else { Ok(()) }
    }

    /// Whether the broker writes nothing.
    pub(crate) fn only_reports(self) -> bool {
        self != Self::Enforce
    }

    /// Whether a request writes nothing, because it says so or because of the mode.
    pub(crate) fn is_dry_run(self, request: &Request) -> bool {
        request.dry_run || self.only_reports()
    }
}
