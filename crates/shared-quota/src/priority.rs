//! The priority of a call.

/// The priority of a call to Microsoft Graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Priority {
    /// A caller waits for the result.
    #[default]
    Normal,
    /// Background work. It gives way to calls of normal priority, in this process and at Graph.
    Low,
}
