//! Why a call to a table has no result.

use crate::call_error::CallError;

/// Why a call to a table has no result.
#[derive(Debug, Clone, thiserror::Error)]
pub enum TableError {
    /// An entity with the keys of the inserted one already exists.
    #[error("an entity with these keys exists")]
    Exists,
    /// An entity is not the version that was read: it was changed or deleted since.
    #[error("the entity was changed or deleted since it was read")]
    Changed,
    /// There is no entity with these keys.
    #[error("there is no entity with these keys")]
    NotFound,
    /// The service did not answer, or refused.
    #[error(transparent)]
    Failed(#[from] CallError),
}
