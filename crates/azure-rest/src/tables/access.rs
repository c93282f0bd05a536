//! How requests to a table service are authorized and sent.

use std::time::SystemTime;

use azure_core::http::Url;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue, IF_MATCH};

use super::{
    answer::Advice,
    request::{ENTITIES, Request},
};
use crate::{
    body::BodyLimit,
    exchange::{Exchange, Reply, RequestError},
    rest::RestClient,
    retry::Deadline,
    shared_key::SharedKey,
    timing::CallTiming,
};

/// The first version in which the table service accepts tokens ("Authorize with Microsoft Entra ID").
const VERSION: &str = "2020-12-06";

/// How requests are authorized and sent.
#[derive(Clone)]
pub(super) enum Access {
    /// With tokens of the broker's identity.
    Tokens(RestClient),
    /// With signatures by the account's key.
    Key(Exchange, SharedKey),
}

impl Access {
    pub(super) fn timing(&self) -> &CallTiming {
        match self {
            Self::Tokens(rest) => rest.timing(),
            Self::Key(exchange, _) => exchange.timing(),
        }
    }

    /// What to do about a refusal.
    pub(super) fn advice(&self) -> Advice {
        match self {
            Self::Tokens(_) => |status, _| match status {
                401 => "; the token was refused",
                403 => {
                    "; the broker's identity needs the role Storage Table Data Contributor on the \
                     account, and the account's network rules must allow the function app"
                }
                _ => "",
            },
            Self::Key(..) => |status, code| match (status, code) {
                (403, "KeyBasedAuthenticationNotPermitted") => {
                    "; the account accepts no keys: set AzureWebJobsStorage__tableServiceUri instead of \
                     AzureWebJobsStorage"
                }
                (401 | 403, _) => {
                    "; check the AccountKey of AzureWebJobsStorage, the clock of this machine, and the \
                     account's network rules"
                }
                _ => "",
            },
        }
    }

    /// Sends a request to `url` once.
    pub(super) async fn send(
        &self,
        url: Url,
        request: &Request,
        deadline: Deadline,
    ) -> Result<Reply, RequestError> {
        let date = httpdate::fmt_http_date(SystemTime::now());
        let path = url.path().to_owned();
        let method = request.method.clone();
        let mut builder = match self {
            Self::Tokens(rest) => rest.request(method, url),
            Self::Key(exchange, key) => {
                let signed = HeaderValue::try_from(key.table_authorization(&date, &path));
                let mut signed = signed.map_err(|_| {
                    RequestError::Unreachable("the account's name cannot be sent".to_owned())
                })?;
                signed.set_sensitive(true);
                exchange.request(method, url).header(AUTHORIZATION, signed)
            }
        };
        builder = builder
            .header("x-ms-version", VERSION)
            .header("x-ms-date", date)
            .header("DataServiceVersion", "3.0")
            .header(ACCEPT, ENTITIES);
        if let Some(etag) = &request.etag {
            builder = builder.header(IF_MATCH, etag);
        }
        if let Some((media_type, body)) = &request.body {
            builder = builder
                .header("Prefer", "return-no-content")
                .header(CONTENT_TYPE, *media_type)
                .body(body.clone());
        }
        match self {
            Self::Tokens(rest) => Ok(rest.send(builder, BodyLimit::LARGE, deadline).await?.reply),
            Self::Key(exchange, _) => exchange.send(builder, BodyLimit::LARGE, deadline).await,
        }
    }
}
