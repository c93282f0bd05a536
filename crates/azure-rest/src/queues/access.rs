//! How requests to a queue service are authorized and sent.

use std::time::SystemTime;

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};

use super::request::{Purpose, Request, XML};
use crate::{
    body::BodyLimit,
    exchange::{Exchange, Reply, RequestError},
    rest::RestClient,
    retry::Deadline,
    shared_key::{QueueRequest, SharedKey},
    timing::CallTiming,
};

/// A version in which the queue service accepts tokens ("Versioning for Azure Storage").
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

    /// What to do about a refusal with this status and code: the rest of a sentence, or nothing.
    pub(super) fn advice(
        &self,
        (status, code): (u16, &str),
        purpose: Purpose,
        connection: &str,
    ) -> String {
        match (self, status, code) {
            (Self::Tokens(_), 401, _) => "; the token was refused".to_owned(),
            (Self::Tokens(_), 403, _) => advice_on_roles(purpose).to_owned(),
            (Self::Key(..), 403, "KeyBasedAuthenticationNotPermitted") => format!(
                "; the account accepts no keys: set {connection}__queueServiceUri instead of {connection}"
            ),
            (Self::Key(..), 401 | 403, _) => format!(
                "; check the AccountKey of {connection}, the clock of this machine, and the account's \
                 network rules"
            ),
            _ => String::new(),
        }
    }

    /// Sends a request once.
    pub(super) async fn send(
        &self,
        request: &Request,
        deadline: Deadline,
    ) -> Result<Reply, RequestError> {
        let date = httpdate::fmt_http_date(SystemTime::now());
        let (method, url) = (request.method.clone(), request.url.clone());
        let mut builder = match self {
            Self::Tokens(rest) => rest.request(method, url),
            Self::Key(exchange, key) => {
                let signed = signature(key, request, &date)?;
                exchange.request(method, url).header(AUTHORIZATION, signed)
            }
        };
        builder =
            builder.header("x-ms-version", VERSION).header("x-ms-date", date).header(ACCEPT, XML);
        builder = match &request.body {
            Some(body) => builder.header(CONTENT_TYPE, XML).body(body.clone()),
            // The service refuses a request without a length ("Create Queue").
            None if request.purpose == Purpose::Create => builder.header(CONTENT_LENGTH, 0),
            None => builder,
        };
        match self {
            Self::Tokens(rest) => Ok(rest.send(builder, BodyLimit::SMALL, deadline).await?.reply),
            Self::Key(exchange, _) => exchange.send(builder, BodyLimit::SMALL, deadline).await,
        }
    }
}

fn signature(key: &SharedKey, request: &Request, date: &str) -> Result<HeaderValue, RequestError> {
    let body = request.body.as_ref().map(|body| (XML, body.len()));
    let Request { method, url, .. } = request;
    let signed = QueueRequest { method, url, body, date, version: VERSION };
    let signed = HeaderValue::try_from(key.queue_authorization(&signed));
    let mut signed = signed
        .map_err(|_| RequestError::Unreachable("the account's name cannot be sent".to_owned()))?;
    signed.set_sensitive(true);
    Ok(signed)
}

/// The roles are those of "Assign an Azure role for access to queue data".
fn advice_on_roles(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Put => {
            "; the broker's identity needs the role Storage Queue Data Message Sender on the queue, or \
             Storage Queue Data Contributor on the account, and the account's network rules must allow \
             the function app"
        }
        Purpose::Create => {
            "; create the queue, or give the broker's identity the role Storage Queue Data Contributor \
             on the account"
        }
        Purpose::Look => {
            "; the broker's identity needs the role Storage Queue Data Contributor on the account, and \
             the account's network rules must allow the function app"
        }
    }
}
