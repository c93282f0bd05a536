//! Errors of Azure Resource Manager and their meaning.

use std::time::Duration;

use serde::Deserialize;

use crate::{
    claims::Claims,
    rest::{RequestError, ServiceError, Unreachable},
};

/// The error code for a subscription that does not belong to the caller's tenant, or in which the
/// caller has no role.
const SUBSCRIPTION_NOT_FOUND: &str = "SubscriptionNotFound";

/// The number of characters of an error message that are logged.
const MAX_EXCERPT: usize = 1000;

/// The meaning of an error response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// There is no identity.
    NoIdentity,
    /// The broker's identity lacks a role on the resource.
    Forbidden,
    /// The token was refused.
    TokenRefused,
    /// A retry may succeed.
    Transient,
    /// A retry will not succeed.
    Unanswered,
}

/// A call to Azure Resource Manager that got no answer. `Display` is for the log.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{detail}")]
pub struct ArmError {
    detail: String,
    kind: Kind,
    retry_after: Option<Duration>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Transient,
    TokenRefused,
    Permanent,
}

/// The body of an error response.
#[derive(Deserialize, Default)]
struct WireError {
    #[serde(default)]
    error: WireErrorBody,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct WireErrorBody {
    code: String,
    message: String,
}

/// The meaning of an error response, and a sentence for the log.
pub(super) fn meaning(status: u16, body: &[u8], correlation_id: Option<&str>) -> (Meaning, String) {
    let WireError { error } = serde_json::from_slice(body).unwrap_or_default();
    let meaning = match (status, error.code.as_str()) {
        (403, _) | (404, SUBSCRIPTION_NOT_FOUND) => Meaning::Forbidden,
        (404, _) => Meaning::NoIdentity,
        (401, _) => Meaning::TokenRefused,
        (408 | 429 | 500.., _) => Meaning::Transient,
        _ => Meaning::Unanswered,
    };
    let message: String = error.message.chars().take(MAX_EXCERPT).collect();
    let code = error.code;
    let mut detail = format!("Azure Resource Manager answered {status} {code} {message:?}");
    if let Some(id) = correlation_id {
        detail.push_str(&format!(" (correlation id {id:?})"));
    }
    (meaning, detail)
}

impl ArmError {
    fn new(kind: Kind, detail: String) -> Self {
        Self { detail, kind, retry_after: None }
    }

    pub(super) fn transient(detail: String, retry_after: Option<Duration>) -> Self {
        Self { retry_after, ..Self::new(Kind::Transient, detail) }
    }

    pub(super) fn token_refused(detail: &str, claims: &Claims) -> Self {
        let audience = claims.audience.as_deref().unwrap_or("(unknown)");
        let detail = format!(
            "{detail}; the token was issued at {} for the audience {audience}; check that \
             ARM_ENDPOINT belongs to this tenant's cloud, and that the subscription belongs to this \
             tenant",
            claims.issued()
        );
        Self::new(Kind::TokenRefused, detail)
    }

    pub(super) fn unreadable(error: &serde_json::Error) -> Self {
        let detail = format!("Azure Resource Manager's response could not be read: {error}");
        Self::new(Kind::Transient, detail)
    }
}

impl From<RequestError> for ArmError {
    fn from(error: RequestError) -> Self {
        match error {
            RequestError::NotSignedIn(error) => {
                let kind = if error.is_lasting() { Kind::Permanent } else { Kind::Transient };
                Self::new(kind, format!("the broker is not signed in: {error}"))
            }
            RequestError::Unreachable(error) => error.into(),
        }
    }
}

impl From<Unreachable> for ArmError {
    fn from(error: Unreachable) -> Self {
        let detail = format!("Azure Resource Manager did not answer: {error}");
        Self::new(Kind::Transient, detail)
    }
}

impl ServiceError for ArmError {
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
