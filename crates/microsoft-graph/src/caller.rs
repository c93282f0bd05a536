//! The caller that a write waits for.

use app_roles::requester::Requester;

use shared_quota::priority::Priority;

/// The caller of a write, and its priority. Writes of normal priority are sent in turn by requester.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The requester of the write.
    pub requester: Requester,
    /// Its priority among other writes.
    pub priority: Priority,
}
