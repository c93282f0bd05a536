//! The error of a call that got no answer.

use std::{fmt::Display, time::Duration};

use crate::{
    exchange::{Reply, RequestError},
    retry::ServiceError,
    status,
};

/// A call to a service of Azure that got no answer. `Display` is for the log.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{detail}")]
pub struct CallError {
    detail: String,
    kind: Kind,
    is_response: bool,
    retry_after: Option<Duration>,
}

/// What another attempt can achieve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A retry within seconds may succeed.
    Transient,
    /// A retry with another token may succeed.
    TokenRefused,
    /// An attempt minutes later may succeed.
    Later,
    /// Every other attempt would fail too.
    Final,
}

impl CallError {
    pub(crate) fn new(kind: Kind, detail: String) -> Self {
        Self { detail, kind, is_response: false, retry_after: None }
    }

    /// The error of a request to `service` that got no response.
    pub(crate) fn no_response(service: impl Display, error: &RequestError) -> Self {
        match error {
            RequestError::NotSignedIn(error) => {
                let kind = if error.is_lasting() { Kind::Later } else { Kind::Transient };
                Self::new(kind, format!("the broker is not signed in: {error}"))
            }
            RequestError::Unreachable(causes) => {
                Self::new(Kind::Transient, format!("{service} did not answer: {causes}"))
            }
        }
    }

    /// The error of a response whose status says whether another attempt may help.
    pub(crate) fn refused(reply: &Reply, detail: String) -> Self {
        Self::by_status(reply.status.as_u16(), reply, detail)
    }

    /// The error of a response that contains this status in its body, as that of a transaction does.
    pub(crate) fn by_status(status: u16, reply: &Reply, detail: String) -> Self {
        let kind = match status {
            401 => Kind::TokenRefused,
            _ if status::is_transient(status) => Kind::Transient,
            _ if status::is_final(status) => Kind::Final,
            _ => Kind::Later,
        };
        Self { is_response: true, retry_after: reply.retry_after(), ..Self::new(kind, detail) }
    }

    /// The error with `subject` as the subject of its sentence.
    pub(crate) fn of(self, subject: &str) -> Self {
        Self { detail: format!("{subject}{}", self.detail), ..self }
    }

    /// Whether an attempt minutes later may succeed, without a change by an operator.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        self.kind != Kind::Final
    }
}

impl ServiceError for CallError {
    fn is_transient(&self) -> bool {
        self.kind == Kind::Transient
    }

    fn is_token_refused(&self) -> bool {
        self.kind == Kind::TokenRefused
    }

    fn is_response(&self) -> bool {
        self.is_response
    }

    fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }
}
