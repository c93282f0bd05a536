//! Refusals of Azure Resource Manager and their meaning.

use serde_json::Value;

use crate::status::{self, summary};

/// The error code for a subscription that does not belong to the caller's tenant, or in which the
/// caller has no role.
const SUBSCRIPTION_NOT_FOUND: &str = "SubscriptionNotFound";

/// The error codes that say that this type of resource cannot be asked about, whatever the status
/// ("Common Azure deployment errors").
const TYPE_REFUSED: [&str; 5] = [
    "InvalidResourceNamespace",
    "InvalidResourceType",
    "MissingSubscriptionRegistration",
    "NoRegisteredProviderFound",
    "SubscriptionNotRegistered",
];

/// The number of characters of an error message that are logged.
const MAX_EXCERPT: usize = 1000;

/// The meaning of an error response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// There is no identity, or none yet.
    NoIdentity,
    /// The broker's identity lacks a role on the resource.
    Forbidden,
    /// Azure Resource Manager will never answer this question.
    Unanswered,
    /// There was no answer. The status says whether another attempt may help.
    NoAnswer,
}

/// The meaning of an error response, and a sentence for the log.
pub(super) fn meaning(status: u16, body: &[u8], correlation_id: Option<&str>) -> (Meaning, String) {
    let error = serde_json::from_slice::<Value>(body).unwrap_or_default();
    let text = |field| error.pointer(field).and_then(Value::as_str).unwrap_or_default();
    let (code, message) = (text("/error/code"), text("/error/message"));
    let meaning = match status {
        404 if code == SUBSCRIPTION_NOT_FOUND => Meaning::Forbidden,
        403 => Meaning::Forbidden,
        404 | 409 if TYPE_REFUSED.contains(&code) => Meaning::Unanswered,
        404 => Meaning::NoIdentity,
        status if status::is_final(status) => Meaning::Unanswered,
        _ => Meaning::NoAnswer,
    };
    let message: String = message.chars().take(MAX_EXCERPT).collect();
    let mut detail = format!("Azure Resource Manager answered {}", summary(status, code, &message));
    if let Some(id) = correlation_id {
        detail.push_str(&format!(" (correlation id {id:?})"));
    }
    (meaning, detail)
}
