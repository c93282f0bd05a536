//! How requests to a table service are sent, and what to do about a refusal.

use azure_core::http::Url;
use reqwest::header::{ACCEPT, CONTENT_TYPE, IF_MATCH};

use super::{
    answer::Advice,
    request::{ENTITIES, Request},
};
use crate::{
    body::BodyLimit,
    exchange::{Reply, RequestError},
    retry::Deadline,
    storage_access::StorageAccess,
};

/// What to do about a refusal.
pub(super) fn advice(access: &StorageAccess) -> Advice {
    match access {
        StorageAccess::Tokens(_) => |status, _| match status {
            401 => "; the token was refused",
            403 => {
                "; the broker's identity needs the role Storage Table Data Contributor on the \
                 account, and the account's network rules must allow the function app"
            }
            _ => "",
        },
        StorageAccess::Key(..) => |status, code| match (status, code) {
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
    access: &StorageAccess,
    url: Url,
    request: &Request,
    deadline: Deadline,
) -> Result<Reply, RequestError> {
    let path = url.path().to_owned();
    let mut builder = access.request(request.method.clone(), url, |key, headers| {
        key.table_authorization(headers.date, &path)
    })?;
    builder = builder.header("DataServiceVersion", "3.0").header(ACCEPT, ENTITIES);
    if let Some(etag) = &request.etag {
        builder = builder.header(IF_MATCH, etag);
    }
    if let Some((media_type, body)) = &request.body {
        builder = builder
            .header("Prefer", "return-no-content")
            .header(CONTENT_TYPE, *media_type)
            .body(body.clone());
    }
    access.send(builder, BodyLimit::LARGE, deadline).await
}
