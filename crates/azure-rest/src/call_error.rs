//! The error of a call that got no answer.

use std::{fmt::Display, time::Duration};

use crate::rest::{RequestError, ServiceError};

/// A call to a service of Azure that got no answer. `Display` is for the log.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{detail}")]
pub struct CallError {
    detail: String,
    kind: Kind,
    retry_after: Option<Duration>,
}

/// What a retry would achieve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A retry may succeed.
    Transient,
    /// A retry with another token may succeed.
    TokenRefused,
    /// A retry would fail too.
    Permanent,
}

impl CallError {
    pub(crate) fn new(kind: Kind, detail: String) -> Self {
        Self { detail, kind, retry_after: None }
    }

    /// The error of a request to `service` that got no response.
    pub(crate) fn no_response(service: impl Display, error: &RequestError) -> Self {
        match error {
            RequestError::NotSignedIn(error) => {
                let kind = if error.is_lasting() { Kind::Permanent } else { Kind::Transient };
                Self::new(kind, format!("the broker is not signed in: {error}"))
            }
            RequestError::Unreachable(causes) => {
                Self::new(Kind::Transient, format!("{service} did not answer: {causes}"))
            }
        }
    }

    pub(crate) fn with_retry_after(self, retry_after: Option<Duration>) -> Self {
        Self { retry_after, ..self }
    }
}

impl ServiceError for CallError {
    fn is_transient(&self) -> bool {
        self.kind == Kind::Transient
    }

    fn is_token_refused(&self) -> bool {
        self.kind == Kind::TokenRefused
    }

    fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }
}
