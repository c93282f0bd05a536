//! Whether something in storage exists.

/// Whether a table or a queue exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// It exists and can be read.
    Exists,
    /// It does not exist, and its service can be read.
    Missing,
}
