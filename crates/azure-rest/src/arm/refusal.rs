//! Refusals of Azure Resource Manager and their meaning.

use serde::Deserialize;

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
