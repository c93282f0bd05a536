//! For whom a write waits.

use app_roles::requester::Requester;

use shared_quota::priority::Priority;

/// For whom a write waits, and how urgent it is. Writes of normal priority are sent in turn by requester.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Who has asked for the write.
    pub requester: Requester,
    /// Its priority among other writes.
    pub priority: Priority,
}
