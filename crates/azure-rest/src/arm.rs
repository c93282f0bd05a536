//! Azure Resource Manager (ARM): the managed identity of a resource.
//!
//! A user-assigned identity is a resource itself. The system-assigned identity of any other resource is
//! an extension resource, with one API version for all resource types ("System Assigned Identities -
//! Get By Scope").

mod identity_answer;
mod refusal;

use azure_core::http::Url;
use identity_answer::Ids;
use refusal::{Meaning, meaning};
use reqwest::{Method, StatusCode};

use crate::{
    call_error::{CallError, Kind},
    claims::Claims,
    reader::Reader,
    rest::{Response, RestClient},
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
        /// The identity's client id, if the answer says it.
        client_id: Option<AppId>,
    },
    /// The resource has no identity, or does not exist. Azure Resource Manager may not know a very recent
    /// change yet.
    None,
    /// The broker lacks the permission to read it.
    Forbidden,
    /// Azure Resource Manager does not answer this question for the resource. Contains its refusal.
    Unanswered(String),
}

/// The service, for the log.
const SERVICE: &str = "Azure Resource Manager";

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
    /// An error means that there was no answer. [`CallError::may_pass`] says whether a later call may
    /// get one.
    pub async fn identity(
        &self,
        resource: &ArmScope,
        deadline: Deadline,
    ) -> Result<Identity, CallError> {
        let url = identity_url(&self.endpoint, resource);
        let operation = "read the identity";
        let reader = Reader { rest: &self.rest, operation, service: SERVICE, deadline };
        reader.read(|| self.rest.request(Method::GET, url.clone()), interpret).await
    }
}

fn interpret(response: &Response) -> Result<Identity, CallError> {
    let body = response.body().map_err(|error| CallError::no_response(SERVICE, &error))?;
    if response.status.is_success() {
        return match identity_answer::read(body) {
            Ok(Some(Ids { object_id, client_id })) => Ok(Identity::Of { object_id, client_id }),
            Ok(None) => Ok(Identity::None),
            Err(fault) => Err(unreadable(response, &fault)),
        };
    }
    let correlation_id = response.header(CORRELATION_ID);
    let (meaning, detail) = meaning(response.status.as_u16(), body, correlation_id);
    match meaning {
        Meaning::NoIdentity => Ok(Identity::None),
        Meaning::Forbidden => Ok(Identity::Forbidden),
        Meaning::Unanswered => Ok(Identity::Unanswered(detail)),
        Meaning::NoAnswer if response.status == StatusCode::UNAUTHORIZED => Err(
            CallError::refused(&response.reply, token_refused(&detail, response.token.claims())),
        ),
        Meaning::NoAnswer => Err(CallError::refused(&response.reply, detail)),
    }
}

/// The error of an unreadable answer. Unlike one that came too early, it is not worth another attempt: the
/// next answer would be the same.
fn unreadable(response: &Response, fault: &str) -> CallError {
    let id = response.header(CORRELATION_ID).unwrap_or("(none)");
    let status = response.status.as_u16();
    let detail = format!(
        "Azure Resource Manager's answer {status} could not be read: {fault} (correlation id {id:?}); \
         check that ARM_ENDPOINT is Azure Resource Manager"
    );
    CallError::new(Kind::Final, detail)
}

fn token_refused(detail: &str, claims: &Claims) -> String {
    let audience = claims.audience.as_deref().unwrap_or("(unknown)");
    format!(
        "{detail}; the token was issued at {} for the audience {audience}; check that ARM_ENDPOINT \
         belongs to this tenant's cloud, and that the subscription belongs to this tenant",
        claims.issued()
    )
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
