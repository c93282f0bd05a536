//! How requests to a queue service are sent, and what to do about a refusal.

use reqwest::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE};

use super::request::{Purpose, Request, XML};
use crate::{
    body::BodyLimit,
    exchange::{Reply, RequestError},
    retry::Deadline,
    shared_key::QueueRequest,
    storage_access::{SignedHeaders, StorageAccess},
};

/// Sends a request once.
pub(super) async fn send(
    access: &StorageAccess,
    request: &Request,
    deadline: Deadline,
) -> Result<Reply, RequestError> {
    let Request { method, url, body, purpose } = request;
    let builder = access.request(method.clone(), url.clone(), |key, headers| {
        let body = body.as_ref().map(|body| (XML, body.len()));
        let SignedHeaders { date, version } = *headers;
        key.queue_authorization(&QueueRequest { method, url, body, date, version })
    })?;
    let builder = builder.header(ACCEPT, XML);
    let builder = match body {
        Some(body) => builder.header(CONTENT_TYPE, XML).body(body.clone()),
        // The service refuses a request without a length ("Create Queue").
        None if *purpose == Purpose::Create => builder.header(CONTENT_LENGTH, 0),
        None => builder,
    };
    access.send(builder, BodyLimit::SMALL, deadline).await
}

/// What to do about a refusal with this status and code: the rest of a sentence, or nothing.
pub(super) fn advice(
    access: &StorageAccess,
    (status, code): (u16, &str),
    purpose: Purpose,
    connection: &str,
) -> String {
    match (access, status, code) {
        (StorageAccess::Tokens(_), 401, _) => "; the token was refused".to_owned(),
        (StorageAccess::Tokens(_), 403, _) => advice_on_roles(purpose).to_owned(),
        (StorageAccess::Key(..), 403, "KeyBasedAuthenticationNotPermitted") => format!(
            "; the account accepts no keys: set {connection}__queueServiceUri instead of {connection}"
        ),
        (StorageAccess::Key(..), 401 | 403, _) => format!(
            "; check the AccountKey of {connection}, the clock of this machine, and the account's network \
             rules"
        ),
        _ => String::new(),
    }
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
