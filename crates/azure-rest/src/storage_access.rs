//! How requests to a service of Azure Storage are authorized and sent.

use std::time::SystemTime;

use azure_core::http::Url;
use reqwest::{
    Method, RequestBuilder,
    header::{AUTHORIZATION, HeaderValue},
};

use crate::{
    body::BodyLimit,
    exchange::{Exchange, Reply, RequestError},
    rest::RestClient,
    retry::Deadline,
    shared_key::SharedKey,
    timing::CallTiming,
};

/// A version in which the queue service and the table service accept tokens ("Versioning for Azure Storage",
/// "Authorize with Microsoft Entra ID").
const VERSION: &str = "2020-12-06";

/// How requests are authorized and sent.
#[derive(Clone)]
pub(crate) enum StorageAccess {
    /// With tokens of the broker's identity.
    Tokens(RestClient),
    /// With signatures by the account's key.
    Key(Exchange, SharedKey),
}

/// The headers that each request has, and its signature covers.
pub(crate) struct SignedHeaders<'a> {
    /// The header `x-ms-date`.
    pub(crate) date: &'a str,
    /// The header `x-ms-version`.
    pub(crate) version: &'a str,
}

impl StorageAccess {
    pub(crate) fn timing(&self) -> &CallTiming {
        match self {
            Self::Tokens(rest) => rest.timing(),
            Self::Key(exchange, _) => exchange.timing(),
        }
    }

    /// A request to be completed and passed to [`Self::send`]. With a key, `authorization` is the header that
    /// signs it.
    pub(crate) fn request(
        &self,
        method: Method,
        url: Url,
        authorization: impl FnOnce(&SharedKey, &SignedHeaders<'_>) -> String,
    ) -> Result<RequestBuilder, RequestError> {
        let date = httpdate::fmt_http_date(SystemTime::now());
        let builder = match self {
            Self::Tokens(rest) => rest.request(method, url),
            Self::Key(exchange, key) => {
                let headers = SignedHeaders { date: &date, version: VERSION };
                let signed = HeaderValue::try_from(authorization(key, &headers));
                let mut signed = signed.map_err(|_| {
                    RequestError::Unreachable("the account's name cannot be sent".to_owned())
                })?;
                signed.set_sensitive(true);
                exchange.request(method, url).header(AUTHORIZATION, signed)
            }
        };
        Ok(builder.header("x-ms-version", VERSION).header("x-ms-date", date))
    }

    /// Sends a request once.
    pub(crate) async fn send(
        &self,
        request: RequestBuilder,
        limit: BodyLimit,
        deadline: Deadline,
    ) -> Result<Reply, RequestError> {
        match self {
            Self::Tokens(rest) => Ok(rest.send(request, limit, deadline).await?.reply),
            Self::Key(exchange, _) => exchange.send(request, limit, deadline).await,
        }
    }
}
