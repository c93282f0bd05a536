//! The part of Azure Resource Manager that states the managed identity of a resource, and who may read it.
//!
//! A resource exists if the directory has a managed identity of it. Azure
//! Resource Manager knows an identity before Microsoft Graph does, so one that
//! [is replicating](crate::Tenant::add_replicating_service_principal) is found here already.

mod authentication;
mod creation_event;
mod error;
mod role_assignments;
mod target;

use serde::Serialize;
use uuid::Uuid;
use warp::{
    Reply,
    http::{Method, StatusCode},
    reply::Response,
};

use crate::{
    directory::Directory,
    failure::Failure,
    incoming_request::IncomingRequest,
    request_log::Route,
    response_header::set_header,
    service_principal::{ServicePrincipal, ServicePrincipalType},
    world::{World, lock},
};
use target::Target;

pub(crate) use authentication::is_audience;
pub use creation_event::CreatedIdentity;
pub(crate) use creation_event::creation_event;

/// The prefix of all paths.
const SUBSCRIPTIONS: &str = "/subscriptions/";

/// The versions that support both kinds of identities.
const API_VERSIONS: [&str; 3] = ["2018-11-30", "2023-01-31", "2024-11-30"];

/// The header with the id of the operation in Microsoft's logs.
const CORRELATION_ID: &str = "x-ms-correlation-request-id";

/// An identity, with fields in Azure Resource Manager's order.
#[derive(Debug, Serialize)]
struct IdentityBody<'a> {
    id: String,
    name: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    location: &'static str,
    tags: Tags,
    properties: Properties<'a>,
}

/// No tags.
#[derive(Debug, Serialize)]
struct Tags {}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Properties<'a> {
    tenant_id: &'a str,
    principal_id: &'a str,
    client_id: &'a str,
}

/// Whether a request is for Azure Resource Manager.
pub(crate) fn is_for(incoming: &IncomingRequest) -> bool {
    incoming
        .path
        .get(..SUBSCRIPTIONS.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(SUBSCRIPTIONS))
}

/// The operation of a request.
pub(crate) fn route(incoming: &IncomingRequest) -> Route {
    match (&incoming.method, Target::parse(&incoming.path)) {
        (&Method::GET, Some(_)) => Route::ReadArmIdentity,
        _ => Route::Other,
    }
}

/// Answers a request.
pub(crate) fn answer(world: &World, incoming: &IncomingRequest) -> Response {
    let response = read(world, incoming);
    with_correlation_id(response.unwrap_or_else(|refused| error::response(&refused)))
}

/// An error in Azure Resource Manager's format.
pub(crate) fn failure(failure: &Failure) -> Response {
    with_correlation_id(error::response(failure))
}

fn read(world: &World, incoming: &IncomingRequest) -> Result<Response, Failure> {
    let caller = authentication::authenticate(world, incoming)?;
    if let (&Method::GET, Some(scope)) = (&incoming.method, role_assignments::scope(&incoming.path))
    {
        check_version(incoming, &role_assignments::API_VERSIONS)?;
        return role_assignments::list(&world.directory(), incoming, &scope);
    }
    let target = Target::parse(&incoming.path)
        .filter(|_| incoming.method == Method::GET)
        .ok_or_else(|| error::not_emulated(&incoming.path))?;
    check_version(incoming, &API_VERSIONS)?;
    let is_forbidden = |scope: &String| target.lies_in(scope);
    if lock(&world.forbidden_scopes).iter().any(is_forbidden) {
        return Err(error::authorization_failed(&caller, &target));
    }
    let directory = world.directory();
    let known = lock(&world.arm_identities).get(&target.resource().to_lowercase()).cloned();
    let identity = match known {
        Some(object_id) => object_id.and_then(|id| directory.service_principal(&id)),
        None => find(&directory, &target),
    };
    let identity = identity.ok_or_else(|| error::resource_not_found(&target))?;
    let body = IdentityBody {
        id: target.own_id(),
        name: target.own_name(),
        kind: target.own_type(),
        location: "westeurope",
        tags: Tags {},
        properties: Properties {
            tenant_id: directory.tenant_id(),
            principal_id: &identity.id,
            client_id: &identity.app_id,
        },
    };
    Ok(warp::reply::with_status(warp::reply::json(&body), StatusCode::OK).into_response())
}

fn check_version(incoming: &IncomingRequest, supported: &[&str]) -> Result<(), Failure> {
    let version = incoming.parameters().find(|(name, _)| name == "api-version");
    let (_, version) = version.ok_or_else(error::api_version_missing)?;
    if supported.contains(&version.as_str()) {
        Ok(())
    } else {
        Err(error::api_version_invalid(&version, supported))
    }
}

/// Finds the identity of a target, even if Microsoft Graph does not know it yet.
fn find<'a>(directory: &'a Directory, target: &Target) -> Option<&'a ServicePrincipal> {
    let wanted = match target {
        Target::UserAssigned { .. } => ServicePrincipalType::UserAssignedIdentity,
        Target::SystemAssigned { .. } => ServicePrincipalType::SystemAssignedIdentity,
    };
    let mut candidates = directory.all_service_principals_by_alternative_name(target.resource());
    candidates.find(|one| one.service_principal_type == wanted)
}

fn with_correlation_id(mut response: Response) -> Response {
    set_header(&mut response, CORRELATION_ID, &Uuid::new_v4().to_string());
    response
}
