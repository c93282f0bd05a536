//! A credential for clients of a scripted server.

use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use time::{Duration, OffsetDateTime};

/// How long a token is valid: longer than a test runs.
const VALID: Duration = Duration::hours(9);

/// A credential that has this token, whatever it is asked for.
#[derive(Debug, Clone)]
pub struct FixedToken(pub String);

#[async_trait::async_trait]
impl TokenCredential for FixedToken {
    async fn get_token(
        &self,
        _scopes: &[&str],
        _options: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        Ok(AccessToken::new(self.0.clone(), OffsetDateTime::now_utc() + VALID))
    }
}
