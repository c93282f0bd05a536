//! The errors of queues and tables.

use reqwest::StatusCode;

/// Why an operation on a queue or a table failed. `resource` is its kind and name, such as
/// `queue 'requests'`, and `message` the words of the service or of the connection.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// The queue, table, message or entity does not exist, or the pop receipt is outdated.
    #[error("{resource}: not found: {message}")]
    NotFound {
        /// The kind and name of the queue or table.
        resource: String,
        /// The words of the service.
        message: String,
    },
    /// A table with this name or an entity with these keys exists.
    #[error("{resource}: conflict: {message}")]
    Conflict {
        /// The kind and name of the queue or table.
        resource: String,
        /// The words of the service.
        message: String,
    },
    /// Any other failure.
    #[error("{resource}: {message}")]
    Failed {
        /// The kind and name of the queue or table.
        resource: String,
        /// The words of the service or of the connection.
        message: String,
    },
}

impl StorageError {
    /// The error for an HTTP status; without a status, the service was not reached or not understood.
    pub(crate) fn new(resource: String, status: Option<StatusCode>, message: String) -> Self {
        match status {
            Some(StatusCode::NOT_FOUND) => Self::NotFound { resource, message },
            Some(StatusCode::CONFLICT) => Self::Conflict { resource, message },
            _ => Self::Failed { resource, message },
        }
    }
}
