//! Who goes first when not everybody can.

/// How urgent a call to Microsoft Graph is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Priority {
    /// Somebody waits for it.
    #[default]
    Normal,
    /// Nobody waits for it: it goes after what somebody waits for, here and at Graph.
    Low,
}
