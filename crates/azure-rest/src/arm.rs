//! Azure Resource Manager (ARM): the managed identity of a resource.
//!
//! A user-assigned identity is a resource itself. The system-assigned identity of any other resource is
//! an extension resource, with one API version for all resource types ("System Assigned Identities -
//! Get By Scope").

mod refusal;

use azure_core::http::Url;
use refusal::{Meaning, meaning};
use reqwest::Method;
use serde::Deserialize;

use crate::{
    body::BodyLimit,
    call_error::{CallError, Kind},
    claims::Claims,
    rest::{RequestError, Response, RestClient},
    retry::Deadline,
};
use app_roles::{
    arm::ArmScope,
    ids::{AppId, ObjectId},
    resource_type::ResourceType,
};

/// The API version, which covers both kinds of identities.
const API_VERSION: &str = "2023-01-31";

/// The path of the system-assigned identity, below its resource.
const SYSTEM_ASSIGNED: [&str; 4] =
    ["providers", "Microsoft.ManagedIdentity", "identities", "default"];

/// The response header with the id of the operation. Microsoft support asks for it.
const CORRELATION_ID: &str = "x-ms-correlation-request-id";

/// The Azure role that the broker's identity needs to read identities.
pub const NEEDED_ROLE: &str = "Reader";

/// A client of Azure Resource Manager.
pub struct Arm {
    rest: RestClient,
    endpoint: Url,
}

/// The managed identity of a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// The resource has this identity.
    Of {
        /// The identity's object id.
        object_id: ObjectId,
        /// The identity's client id.
        client_id: AppId,
    },
    /// The resource has no identity, or does not exist.
    None,
    /// The broker lacks the permission to read it.
    Forbidden,
    /// Azure Resource Manager refuses the question for this resource. Contains the refusal.
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
    /// A client of the Azure Resource Manager at `endpoint`, for example
    /// `https://management.azure.com`.
    #[must_use]
    pub fn new(rest: RestClient, endpoint: Url) -> Self {
        Self { rest, endpoint }
    }

    /// Reads the identity of a resource: the resource itself if it is a user-assigned identity,
    /// otherwise its system-assigned identity.
    ///
    /// An error means that there was no answer. A later call may get one.
    pub async fn identity(
        &self,
        resource: &ArmScope,
        deadline: Deadline,
    ) -> Result<Identity, CallError> {
        let url = identity_url(&self.endpoint, resource);
        let read = || async {
            let request = self.rest.request(Method::GET, url.clone());
            let response =
                self.rest.send(request, BodyLimit::SMALL, deadline).await.map_err(no_response)?;
            interpret(&response)
        };
        self.rest.with_retries("read the identity", deadline, read).await
    }
}

fn interpret(response: &Response) -> Result<Identity, CallError> {
    let body = response.body().map_err(no_response)?;
    if response.status.is_success() {
        let wire: WireIdentity =
            serde_json::from_slice(body).map_err(|error| unreadable(&error))?;
        let WireProperties { principal_id, client_id } = wire.properties;
        return Ok(Identity::Of { object_id: principal_id, client_id });
    }
    let status = response.status.as_u16();
    let (meaning, detail) = meaning(status, body, response.header(CORRELATION_ID));
    match meaning {
        Meaning::NoIdentity => Ok(Identity::None),
        Meaning::Forbidden => Ok(Identity::Forbidden),
        Meaning::Unanswered => Ok(Identity::Unanswered(detail)),
        Meaning::TokenRefused => Err(token_refused(&detail, response.token.claims())),
        Meaning::Transient => {
            Err(CallError::new(Kind::Transient, detail).with_retry_after(response.retry_after()))
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the signature that map_err needs")]
fn no_response(error: RequestError) -> CallError {
    CallError::no_response("Azure Resource Manager", &error)
}

fn unreadable(error: &serde_json::Error) -> CallError {
    let detail = format!("Azure Resource Manager's response could not be read: {error}");
    CallError::new(Kind::Transient, detail)
}

fn token_refused(detail: &str, claims: &Claims) -> CallError {
    let audience = claims.audience.as_deref().unwrap_or("(unknown)");
    let detail = format!(
        "{detail}; the token was issued at {} for the audience {audience}; check that ARM_ENDPOINT \
         belongs to this tenant's cloud, and that the subscription belongs to this tenant",
        claims.issued()
    );
    CallError::new(Kind::TokenRefused, detail)
}

/// The URL of a resource's identity. This is the only place where text of events enters a URL.
fn identity_url(endpoint: &Url, resource: &ArmScope) -> Url {
    let mut url = endpoint.clone();
    // Only a URL that cannot have a path refuses segments, and an endpoint is http or https.
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(resource.as_str().split('/').skip(1));
        if !ResourceType::of(resource).is_some_and(|kind| kind.is_user_assigned_identity()) {
            path.extend(SYSTEM_ASSIGNED);
        }
    }
    url.query_pairs_mut().append_pair("api-version", API_VERSION);
    url
}

#[cfg(test)]
mod tests;
