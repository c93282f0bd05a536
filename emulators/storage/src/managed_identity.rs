//! Tokens from the identity endpoint of App Service ("How to use managed identities for App Service and
//! Azure Functions", REST endpoint reference).

use azure_core::{
    credentials::{AccessToken, TokenCredential, TokenRequestOptions},
    error::{Error, ErrorKind},
};
use serde_json::Value;
use time::OffsetDateTime;
use tokio::sync::Mutex;
use url::Url;

const API_VERSION: &str = "2019-08-01";

/// How long before its end a token is replaced.
const MARGIN: time::Duration = time::Duration::minutes(5);

/// A managed identity that an identity endpoint issues tokens to.
#[derive(Debug)]
pub struct ManagedIdentity {
    endpoint: Url,
    header: String,
    client_id: Option<String>,
    http: reqwest::Client,
    token: Mutex<Option<AccessToken>>,
}

impl ManagedIdentity {
    /// The identity with this client id, or the system-assigned one. `endpoint` and `header` are the
    /// values of `IDENTITY_ENDPOINT` and `IDENTITY_HEADER`.
    ///
    /// # Errors
    ///
    /// If the HTTP client cannot be built.
    pub fn new(endpoint: Url, header: &str, client_id: Option<&str>) -> reqwest::Result<Self> {
        Ok(Self {
            endpoint,
            header: header.to_owned(),
            client_id: client_id.map(str::to_owned),
            http: loopback::http_client_builder().build()?,
            token: Mutex::default(),
        })
    }

    async fn fetch(&self, resource: &str) -> Result<AccessToken, String> {
        let mut url = self.endpoint.clone();
        let query = [("api-version", API_VERSION), ("resource", resource)];
        url.query_pairs_mut()
            .extend_pairs(query)
            .extend_pairs(self.client_id.as_ref().map(|id| ("client_id", id)));
        let request = self.http.get(url).header("X-IDENTITY-HEADER", &self.header);
        let answer = request.send().await.map_err(|error| error.to_string())?;
        let status = answer.status();
        let answer: Value = answer.json().await.map_err(|error| error.to_string())?;
        let token = answer.get("access_token").and_then(Value::as_str);
        let seconds = answer.get("expires_on").and_then(Value::as_str);
        let end = seconds.and_then(|text| text.parse().ok());
        let end = end.and_then(|end| OffsetDateTime::from_unix_timestamp(end).ok());
        match (token, end) {
            (Some(token), Some(end)) => Ok(AccessToken::new(token.to_owned(), end)),
            _ => Err(format!("the identity endpoint answered {status}: {answer}")),
        }
    }
}

#[async_trait::async_trait]
impl TokenCredential for ManagedIdentity {
    async fn get_token(
        &self,
        scopes: &[&str],
        _options: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        let mut token = self.token.lock().await;
        let is_fresh = |known: &&AccessToken| known.expires_on - OffsetDateTime::now_utc() > MARGIN;
        if let Some(known) = token.as_ref().filter(is_fresh) {
            return Ok(known.clone());
        }
        let resource = scopes.first().copied().unwrap_or_default().trim_end_matches("/.default");
        let fetched = self.fetch(resource).await;
        let fetched = fetched.map_err(|why| Error::with_message(ErrorKind::Credential, why))?;
        *token = Some(fetched.clone());
        Ok(fetched)
    }
}
