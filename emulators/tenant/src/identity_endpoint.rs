//! The identity endpoint of App Service: issues tokens to the managed identities that are attached
//! to the broker.
//!
//! Request and answer follow Microsoft Learn, "How to use managed identities for App Service and
//! Azure Functions", section "REST endpoint reference".

use std::collections::BTreeMap;

use serde::Serialize;
use time::OffsetDateTime;
use uuid::Uuid;
use warp::{
    Reply,
    http::{Method, StatusCode},
    reply::Response,
};

use crate::{
    arm,
    contoso::MICROSOFT_GRAPH_APP_ID,
    directory::Directory,
    failure::Failure,
    incoming_request::IncomingRequest,
    response_header::set_header,
    service_principal::{ServicePrincipal, ServicePrincipalType},
    token::Claims,
    token_settings::{IssuedToken, LIFETIME},
    world::{World, lock},
};

/// The path of the endpoint.
pub(crate) const PATH: &str = "/msi/token";

const API_VERSION: &str = "2019-08-01";
const IDENTITY_HEADER: &str = "x-identity-header";

/// The response, with fields in App Service's order.
#[derive(Debug, Serialize)]
struct TokenResponse<'a> {
    access_token: String,
    expires_on: String,
    resource: &'a str,
    token_type: &'static str,
    client_id: &'a str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ErrorResponse<'a> {
    status_code: u16,
    message: &'a str,
    correlation_id: String,
}

/// Answers a request for a token.
pub(crate) fn answer(world: &World, incoming: &IncomingRequest) -> Response {
    issue(world, incoming).unwrap_or_else(|refused| failure(&refused))
}

/// An error in App Service's format.
pub(crate) fn failure(failure: &Failure) -> Response {
    let body = ErrorResponse {
        status_code: failure.status.as_u16(),
        message: &failure.message,
        correlation_id: Uuid::new_v4().to_string(),
    };
    let mut response =
        warp::reply::with_status(warp::reply::json(&body), failure.status).into_response();
    for (name, text) in &failure.headers {
        set_header(&mut response, name, text);
    }
    response
}

fn issue(world: &World, incoming: &IncomingRequest) -> Result<Response, Failure> {
    let parameters: BTreeMap<String, String> = incoming.parameters().collect();
    check_request(world, incoming, &parameters)?;
    let resource = parameters
        .get("resource")
        .ok_or_else(|| refused(StatusCode::BAD_REQUEST, "The resource parameter is missing."))?;
    let directory = world.directory();
    let identity = wanted_identity(&directory, &parameters)?;
    let issued = token_for(world, &directory, identity, resource)?;
    let body = TokenResponse {
        access_token: issued.token,
        expires_on: issued.expires_on.to_string(),
        resource,
        token_type: "Bearer",
        client_id: &identity.app_id,
    };
    Ok(warp::reply::json(&body).into_response())
}

fn check_request(
    world: &World,
    incoming: &IncomingRequest,
    parameters: &BTreeMap<String, String>,
) -> Result<(), Failure> {
    if incoming.method != Method::GET {
        return Err(refused(StatusCode::METHOD_NOT_ALLOWED, "Only GET is supported."));
    }
    if incoming.header(IDENTITY_HEADER) != Some(&world.identity_header) {
        return Err(refused(
            StatusCode::UNAUTHORIZED,
            "The X-IDENTITY-HEADER header is missing or wrong.",
        ));
    }
    if parameters.get("api-version").map(String::as_str) != Some(API_VERSION) {
        return Err(refused(StatusCode::BAD_REQUEST, "The api-version is not supported."));
    }
    Ok(())
}

fn wanted_identity<'a>(
    directory: &'a Directory,
    parameters: &BTreeMap<String, String>,
) -> Result<&'a ServicePrincipal, Failure> {
    let Some(client_id) = parameters.get("client_id") else {
        return system_assigned_identity(directory);
    };
    let mut attached = directory.attached();
    attached.find(|identity| identity.app_id.eq_ignore_ascii_case(client_id)).ok_or_else(|| {
        refused(
            StatusCode::BAD_REQUEST,
            "No User Assigned or Delegated Managed Identity found for specified \
             ClientId/ResourceId/PrincipalId.",
        )
    })
}

fn system_assigned_identity(directory: &Directory) -> Result<&ServicePrincipal, Failure> {
    let system_assigned = ServicePrincipalType::SystemAssignedIdentity;
    directory
        .attached()
        .find(|identity| identity.service_principal_type == system_assigned)
        .ok_or_else(|| {
            refused(StatusCode::BAD_REQUEST, "Unable to load the proper Managed Identity.")
        })
}

fn token_for(
    world: &World,
    directory: &Directory,
    identity: &ServicePrincipal,
    resource: &str,
) -> Result<IssuedToken, Failure> {
    let now = OffsetDateTime::now_utc().unix_timestamp();
    let mut settings = lock(&world.tokens);
    if let Some(issued) = settings.cached(&identity.id, resource) {
        return Ok(issued);
    }
    let mut claims = claims(directory, identity, resource, now)?;
    if let Some(audience) = &settings.audience {
        claims.aud.clone_from(audience);
    }
    let token = world
        .signer
        .sign(&claims)
        .map_err(|error| refused(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()))?;
    let issued = IssuedToken { token, expires_on: claims.exp };
    settings.cache.insert((identity.id.clone(), resource.to_owned()), issued.clone());
    Ok(issued)
}

/// The claims of a token that is issued at a Unix time.
fn claims(
    directory: &Directory,
    identity: &ServicePrincipal,
    resource: &str,
    now: i64,
) -> Result<Claims, Failure> {
    let roles = roles(directory, identity, resource)?;
    Ok(Claims {
        aud: resource.to_owned(),
        iss: format!("https://sts.windows.net/{}/", directory.tenant_id()),
        iat: now,
        nbf: now,
        exp: now.saturating_add_unsigned(LIFETIME.as_secs()),
        appid: identity.app_id.clone(),
        idtyp: "app".to_owned(),
        oid: identity.id.clone(),
        roles,
        tid: directory.tenant_id().to_owned(),
    })
}

/// The app roles of a token. Azure Resource Manager's roles are not app roles and are in no token.
fn roles(
    directory: &Directory,
    identity: &ServicePrincipal,
    resource: &str,
) -> Result<Vec<String>, Failure> {
    if arm::is_audience(resource) {
        return Ok(Vec::new());
    }
    let api = directory.api_named(resource).ok_or_else(|| unknown_resource(directory, resource))?;
    let mut roles = directory.role_values(&identity.id, api);
    if api.app_id == MICROSOFT_GRAPH_APP_ID {
        roles.extend_from_slice(directory.permissions_of(&identity.id));
    }
    Ok(roles)
}

/// The text is Microsoft Entra's (Microsoft Learn, "Microsoft Entra authentication and authorization
/// error codes").
fn unknown_resource(directory: &Directory, resource: &str) -> Failure {
    let tenant_id = directory.tenant_id();
    let message = format!(
        "AADSTS500011: The resource principal named {resource} was not found in the tenant named \
         {tenant_id}."
    );
    refused(StatusCode::BAD_REQUEST, &message)
}

/// An error; App Service's errors have no code.
fn refused(status: StatusCode, message: &str) -> Failure {
    Failure::new(status, "", message)
}
