//! Azure Resource Manager's errors, with the codes and texts that it uses.
//!
//! The envelope follows Microsoft Learn, "Common Azure deployment errors" and the Azure REST API
//! guidelines: code and message and nothing around them. The texts aren't documented; they are those
//! that callers have reported.

use serde::Serialize;
use warp::{Reply, http::StatusCode, reply::Response};

use super::target::Target;
use crate::{failure::Failure, server::set_header, token::Claims};

#[derive(Debug, Serialize)]
struct Envelope<'a> {
    error: ErrorBody<'a>,
}

#[derive(Debug, Serialize)]
struct ErrorBody<'a> {
    code: &'a str,
    message: &'a str,
}

/// An error as an answer.
pub(super) fn response(failure: &Failure) -> Response {
    let error = ErrorBody { code: &failure.code, message: &failure.message };
    let body = warp::reply::json(&Envelope { error });
    let mut response = warp::reply::with_status(body, failure.status).into_response();
    for (name, text) in &failure.headers {
        set_header(&mut response, name, text);
    }
    response
}

/// No token at all.
pub(super) fn authorization_header_missing() -> Failure {
    unauthorized(
        "AuthenticationFailed",
        "Authentication failed. The 'Authorization' header is missing.",
    )
}

/// Something that isn't a token of this tenant.
pub(super) fn invalid_token() -> Failure {
    unauthorized("InvalidAuthenticationToken", "The access token is invalid.")
}

/// A token that is too old. Really the message names both times.
pub(super) fn expired_token() -> Failure {
    unauthorized(
        "ExpiredAuthenticationToken",
        "The access token expiry UTC time is earlier than current UTC time.",
    )
}

/// A token for somebody else.
pub(super) fn wrong_audience(audience: &str) -> Failure {
    let message = format!(
        "The access token has been obtained for wrong audience or resource '{audience}'. It should \
         exactly match with one of the allowed audiences 'https://management.core.windows.net/',\
         'https://management.core.windows.net','https://management.azure.com/',\
         'https://management.azure.com'."
    );
    unauthorized("InvalidAuthenticationTokenAudience", &message)
}

/// The caller holds no role there that allows to read it.
pub(super) fn authorization_failed(caller: &Claims, target: &Target) -> Failure {
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

/// There is no such resource, or it has no identity. What is said of the latter isn't known; the text
/// for it is that of the former.
pub(super) fn resource_not_found(target: &Target) -> Failure {
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

/// No version was asked for.
pub(super) fn api_version_missing() -> Failure {
    Failure::new(
        StatusCode::BAD_REQUEST,
        "MissingApiVersionParameter",
        "The api-version query parameter (?api-version=) is required for all requests.",
    )
}

/// A version was asked for that doesn't exist.
pub(super) fn api_version_invalid(version: &str, supported: &[&str]) -> Failure {
    Failure::new(
        StatusCode::BAD_REQUEST,
        "InvalidApiVersionParameter",
        format!(
            "The api-version '{version}' is invalid. The supported versions are '{}'.",
            supported.join(",")
        ),
    )
}

/// Something that Azure Resource Manager may have but this tenant doesn't emulate. The text is ours.
pub(super) fn not_emulated(path: &str) -> Failure {
    Failure::new(
        StatusCode::BAD_REQUEST,
        "InvalidRequest",
        format!("The emulated tenant only reads identities, and {path} is none."),
    )
}

fn unauthorized(code: &str, message: &str) -> Failure {
    Failure::new(StatusCode::UNAUTHORIZED, code, message)
}
