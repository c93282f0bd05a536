//! Azure Resource Manager, as far as it says which managed identity a resource has.
//!
//! Two reads are all: a user-assigned identity is a resource and says itself who it is; whether any
//! other resource has a system-assigned identity, one extension resource says, in one version for all
//! types ("System Assigned Identities - Get By Scope").

mod error;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::SystemTime,
};

use azure_core::http::Url;
pub use error::ArmError;
use error::{Meaning, meaning};
use reqwest::{Response, header::AUTHORIZATION};
use serde::Deserialize;

use crate::{
    retry::{Attempt, Deadline, retry, retry_after},
    timing::CallTiming,
    token::{Token, TokenSource},
};
use app_roles::{
    arm::ArmScope,
    ids::{AppId, ObjectId},
    resource_type::ResourceType,
};

/// The version of the API; it knows both kinds of identities.
const API_VERSION: &str = "2023-01-31";

/// What is read below a resource to learn which identity it has.
const EXTENSION: [&str; 4] = ["providers", "Microsoft.ManagedIdentity", "identities", "default"];

/// Header by which Azure Resource Manager names an operation; Microsoft support asks for it.
const CORRELATION_ID: &str = "x-ms-correlation-request-id";

/// The Azure Resource Manager role that the two reads need.
pub const NEEDED_ROLE: &str = "Reader";

/// A client of Azure Resource Manager with the broker's own identity.
pub struct Arm {
    client: reqwest::Client,
    tokens: Arc<TokenSource>,
    endpoint: Url,
    timing: CallTiming,
}

/// What Azure Resource Manager says of a resource's identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// It has this one.
    Of {
        /// The identity's object id.
        object_id: ObjectId,
        /// Its client id.
        client_id: AppId,
    },
    /// It has none, or does not exist any more.
    None,
    /// The broker may not see it.
    Forbidden,
    /// Azure Resource Manager does not answer the question for this resource; with its own words.
    Unanswered(String),
}

#[derive(Deserialize)]
struct WireIdentity {
    properties: WireProperties,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireProperties {
    principal_id: ObjectId,
    client_id: AppId,
}

impl Arm {
    /// A client of the Azure Resource Manager at `endpoint`, for instance
    /// `https://management.azure.com`.
    #[must_use]
    pub fn new(
        client: reqwest::Client,
        tokens: Arc<TokenSource>,
        endpoint: Url,
        timing: CallTiming,
    ) -> Self {
        Self { client, tokens, endpoint, timing }
    }

    /// The identity of a resource: itself, if it is a user-assigned one, else its system-assigned one.
    ///
    /// An error means that there was no answer, and that another try may get one.
    pub async fn identity(
        &self,
        resource: &ArmScope,
        deadline: Deadline,
    ) -> Result<Identity, ArmError> {
        let url = address(&self.endpoint, resource);
        let renewed = AtomicBool::new(false);
        retry("read the identity", &self.timing, deadline, || async {
            let error = match self.read_once(&url, deadline).await {
                Ok(identity) => return Attempt::Done(identity),
                Err(error) => error,
            };
            let refused = error.is_token_refused();
            if error.is_passing() || (refused && !renewed.swap(true, Ordering::Relaxed)) {
                Attempt::Again { after: error.retry_after(), error }
            } else {
                Attempt::Stop(error)
            }
        })
        .await
    }

    async fn read_once(&self, url: &Url, deadline: Deadline) -> Result<Identity, ArmError> {
        let token = self.tokens.token().await.map_err(|error| ArmError::not_signed_in(&error))?;
        let limit = self.timing.call.min(deadline.remaining());
        let request = self
            .client
            .get(url.clone())
            .header(AUTHORIZATION, token.authorization())
            .timeout(limit);
        let response = request.send().await.map_err(|error| ArmError::unreachable(&error))?;
        let identity = read(response, &token).await;
        if identity.as_ref().is_err_and(ArmError::is_token_refused) {
            self.tokens.forget(&token).await;
        }
        identity
    }
}

async fn read(response: Response, token: &Token) -> Result<Identity, ArmError> {
    let status = response.status();
    let wait = retry_after(response.headers(), SystemTime::now());
    let correlation_id = response.headers().get(CORRELATION_ID);
    let correlation_id = correlation_id.and_then(|id| id.to_str().ok()).map(str::to_owned);
    let body = response.bytes().await.map_err(|error| ArmError::unreachable(&error))?;
    if status.is_success() {
        let wire: WireIdentity =
            serde_json::from_slice(&body).map_err(|error| ArmError::unreadable(&error))?;
        let WireProperties { principal_id, client_id } = wire.properties;
        return Ok(Identity::Of { object_id: principal_id, client_id });
    }
    let (meaning, detail) = meaning(status.as_u16(), &body, correlation_id.as_deref());
    match meaning {
        Meaning::NoIdentity => Ok(Identity::None),
        Meaning::Forbidden => Ok(Identity::Forbidden),
        Meaning::Unanswered => Ok(Identity::Unanswered(detail)),
        Meaning::TokenRefused => Err(ArmError::token_refused(&detail, token.claims())),
        Meaning::Passing => Err(ArmError::passing(detail, wait)),
    }
}

/// Where the identity of a resource is read. Text of events gets into an address here and nowhere
/// else.
fn address(endpoint: &Url, resource: &ArmScope) -> Url {
    let mut url = endpoint.clone();
    // Only a URL that cannot have a path refuses segments, and an endpoint is http or https.
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(resource.as_str().split('/').skip(1));
        if !ResourceType::of(resource).is_some_and(|kind| kind.is_user_assigned_identity()) {
            path.extend(EXTENSION);
        }
    }
    url.query_pairs_mut().append_pair("api-version", API_VERSION);
    url
}

#[cfg(test)]
mod tests;
