//! Azure Resource Manager's errors.
//!
//! The envelope of code and message follows Microsoft Learn, "Common Azure deployment errors", and the Azure
//! REST API guidelines. The texts are not documented; callers have reported them.

use serde::Serialize;
use warp::{Reply, http::StatusCode, reply::Response};

use super::target::Target;
use crate::{failure::Failure, response_header::set_header, token::Claims};

#[derive(Debug, Serialize)]
struct Envelope<'a> {
    error: ErrorBody<'a>,
}

#[derive(Debug, Serialize)]
struct ErrorBody<'a> {
    code: &'a str,
    message: &'a str,
}

/// The response of an error.
pub(crate) fn response(failure: &Failure) -> Response {
    let error = ErrorBody { code: &failure.code, message: &failure.message };
    let body = warp::reply::json(&Envelope { error });
    let mut response = warp::reply::with_status(body, failure.status).into_response();
    for (name, text) in &failure.headers {
        set_header(&mut response, name, text);
    }
    response
}

/// There is no token.
pub(crate) fn authorization_header_missing() -> Failure {
    unauthorized(
        "AuthenticationFailed",
        "Authentication failed. The 'Authorization' header is missing.",
    )
}

/// The token is not one of this tenant.
pub(crate) fn invalid_token() -> Failure {
    unauthorized("InvalidAuthenticationToken", "The access token is invalid.")
}

/// The token is for another audience.
pub(crate) fn wrong_audience(audience: &str) -> Failure {
    let message = format!(
        "The access token has been obtained for wrong audience or resource '{audience}'. It should \
         exactly match with one of the allowed audiences 'https://management.core.windows.net/',\
         'https://management.core.windows.net','https://management.azure.com/',\
         'https://management.azure.com'."
    );
    unauthorized("InvalidAuthenticationTokenAudience", &message)
}

/// The caller has no role that allows to read the target.
pub(crate) fn authorization_failed(caller: &Claims, target: &Target) -> Failure {
    let (client_id, object_id) = (&caller.appid, &caller.oid);
    let (action, scope) = (target.own_type(), target.own_id());
    Failure::new(
        StatusCode::FORBIDDEN,
        "AuthorizationFailed",
        format!(
            "The client '{client_id}' with object id '{object_id}' does not have authorization to \
             perform action '{action}/read' over scope '{scope}' or the scope is invalid. If access \
             was recently granted, please refresh your credentials."
        ),
    )
}

/// The resource does not exist or has no identity. The real text for the latter is not known.
pub(crate) fn resource_not_found(target: &Target) -> Failure {
    let segments: Vec<&str> = target.resource().split('/').collect();
    let group = segments.get(4).copied().unwrap_or_default();
    let resource = segments.get(6..).unwrap_or_default().join("/");
    Failure::new(
        StatusCode::NOT_FOUND,
        "ResourceNotFound",
        format!(
            "The Resource '{resource}' under resource group '{group}' was not found. For more \
             details please go to https://aka.ms/ARMResourceNotFoundFix"
        ),
    )
}

/// The request has no version.
pub(crate) fn api_version_missing() -> Failure {
    Failure::new(
        StatusCode::BAD_REQUEST,
        "MissingApiVersionParameter",
        "The api-version query parameter (?api-version=) is required for all requests.",
    )
}

/// The version does not exist.
pub(crate) fn api_version_invalid(version: &str, supported: &[&str]) -> Failure {
    Failure::new(
        StatusCode::BAD_REQUEST,
        "InvalidApiVersionParameter",
        format!(
            "The api-version '{version}' is invalid. The supported versions are '{}'.",
            supported.join(",")
        ),
    )
}

/// The operation is not emulated. The text is not Azure Resource Manager's.
pub(crate) fn not_emulated(path: &str) -> Failure {
    Failure::new(
        StatusCode::BAD_REQUEST,
        "InvalidRequest",
        format!(
            "The emulated tenant only reads identities and role assignments, and {path} is neither."
        ),
    )
}

/// The filter is not emulated. The text is not Azure Resource Manager's.
pub(crate) fn filter_not_emulated(filter: &str) -> Failure {
    Failure::new(
        StatusCode::BAD_REQUEST,
        "InvalidRequest",
        format!(
            "The emulated tenant lists role assignments of one principal, and not by {filter:?}."
        ),
    )
}

fn unauthorized(code: &str, message: &str) -> Failure {
    Failure::new(StatusCode::UNAUTHORIZED, code, message)
}
