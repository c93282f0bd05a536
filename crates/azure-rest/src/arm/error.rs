//! What Azure Resource Manager's refusals mean.

use std::time::Duration;

use serde::Deserialize;

use crate::{claims::Claims, client::causes, token::NoToken};

/// The code by which Azure Resource Manager denies a subscription that the caller's tenant does not
/// have, or that it shows the caller nothing of.
const SUBSCRIPTION_NOT_FOUND: &str = "SubscriptionNotFound";

/// How much of an answer goes to the log, in characters.
const LONGEST_EXCERPT: usize = 1000;

/// What a refusal means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// There is no identity.
    NoIdentity,
    /// The broker's identity lacks a role there.
    Forbidden,
    /// The token was not accepted.
    TokenRefused,
    /// Another try may work.
    Passing,
    /// No other try will.
    Unanswered,
}

/// Why Azure Resource Manager gave no answer. `Display` is for the log.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{detail}")]
pub struct ArmError {
    detail: String,
    kind: Kind,
    retry_after: Option<Duration>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Passing,
    TokenRefused,
    Lasting,
}

/// An error's body, as far as it is understood.
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

/// What an answer other than a success means, and the sentence for the log.
pub(super) fn meaning(status: u16, body: &[u8], correlation_id: Option<&str>) -> (Meaning, String) {
    let WireError { error } = serde_json::from_slice(body).unwrap_or_default();
    let meaning = match (status, error.code.as_str()) {
        (403, _) | (404, SUBSCRIPTION_NOT_FOUND) => Meaning::Forbidden,
        (404, _) => Meaning::NoIdentity,
        (401, _) => Meaning::TokenRefused,
        (408 | 429 | 500.., _) => Meaning::Passing,
        _ => Meaning::Unanswered,
    };
    let message: String = error.message.chars().take(LONGEST_EXCERPT).collect();
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

    /// Whether another try within seconds may work.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        self.kind == Kind::Passing
    }

    /// Whether Azure Resource Manager did not accept the broker's token.
    #[must_use]
    pub fn is_token_refused(&self) -> bool {
        self.kind == Kind::TokenRefused
    }

    pub(super) fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    pub(super) fn passing(detail: String, retry_after: Option<Duration>) -> Self {
        Self { retry_after, ..Self::new(Kind::Passing, detail) }
    }

    pub(super) fn token_refused(detail: &str, claims: &Claims) -> Self {
        let audience = claims.audience.as_deref().unwrap_or("that could not be read");
        let detail = format!(
            "{detail}; the token was issued at {} for the audience {audience}; check that \
             ARM_ENDPOINT belongs to this tenant's cloud, and that the subscription belongs to this \
             tenant",
            claims.issued()
        );
        Self::new(Kind::TokenRefused, detail)
    }

    pub(super) fn not_signed_in(error: &NoToken) -> Self {
        let kind = if error.is_lasting() { Kind::Lasting } else { Kind::Passing };
        Self::new(kind, format!("the broker is not signed in: {error}"))
    }

    pub(super) fn unreachable(error: &reqwest::Error) -> Self {
        let detail = format!("Azure Resource Manager did not answer: {}", causes(error));
        Self::new(Kind::Passing, detail)
    }

    pub(super) fn unreadable(error: &serde_json::Error) -> Self {
        let detail = format!("Azure Resource Manager's answer could not be read: {error}");
        Self::new(Kind::Passing, detail)
    }
}
