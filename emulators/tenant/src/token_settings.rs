//! The settings of issued tokens, and the tokens that are cached.

use std::{collections::BTreeMap, time::Duration};

/// The lifetime of a managed identity's token is a day (Microsoft Learn, "Managed identities for Azure
/// resources frequently asked questions").
pub(crate) const LIFETIME: Duration = Duration::from_hours(24);

/// The settings of the tokens that are issued.
#[derive(Debug, Default)]
pub(crate) struct TokenSettings {
    /// The audience that replaces the requested resource.
    pub(crate) audience: Option<String>,
    /// Whether a token is cached until it expires, as by the platform.
    pub(crate) cached: bool,
    pub(crate) cache: BTreeMap<(String, String), IssuedToken>,
}

#[derive(Debug, Clone)]
pub(crate) struct IssuedToken {
    pub(crate) token: String,
    pub(crate) expires_on: i64,
}

impl TokenSettings {
    /// The cached token.
    pub(crate) fn cached(&self, identity: &str, resource: &str) -> Option<IssuedToken> {
        let key = (identity.to_owned(), resource.to_owned());
        self.cache.get(&key).filter(|_| self.cached).cloned()
    }
}
