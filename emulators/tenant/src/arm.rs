//! Azure Resource Manager, as far as it says which managed identity a resource has.
//!
//! The directory is all there is: a resource exists here if a managed identity is its own. Azure
//! Resource Manager knows an identity before Microsoft Graph does, so one that
//! [is replicating](super::Tenant::add_replicating_service_principal) is found here already.

mod authentication;
mod creation;
mod error;
mod target;

use serde::Serialize;
use uuid::Uuid;
use warp::{
    Reply,
    http::{Method, StatusCode},
    reply::Response,
};

use self::target::Target;
use super::{
    directory::Directory,
    failure::Failure,
    requests::Route,
    server::{Incoming, set_header},
    service_principal::{ServicePrincipal, ServicePrincipalType},
    world::{World, lock},
};

/// The resource for which tokens for Azure Resource Manager are asked.
pub(super) use self::authentication::is_audience;
pub use self::creation::CreatedIdentity;

/// Where everything is that Azure Resource Manager has below a subscription.
const SUBSCRIPTIONS: &str = "/subscriptions/";

/// Versions that know both kinds of identities.
const API_VERSIONS: [&str; 3] = ["2018-11-30", "2023-01-31", "2024-11-30"];

/// Names the operation in Microsoft's own logs.
const CORRELATION_ID: &str = "x-ms-correlation-request-id";

/// An identity as Azure Resource Manager shows it, the fields in its order.
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

/// None here.
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
pub(super) fn is_for(incoming: &Incoming) -> bool {
    incoming
        .path
        .get(..SUBSCRIPTIONS.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(SUBSCRIPTIONS))
}

/// What a request is about.
pub(super) fn route(incoming: &Incoming) -> Route {
    match (&incoming.method, Target::parse(&incoming.path)) {
        (&Method::GET, Some(_)) => Route::ReadArmIdentity,
        _ => Route::Other,
    }
}

/// Answers a request.
pub(super) fn answer(world: &World, incoming: &Incoming) -> Response {
    let response = read(world, incoming);
    with_correlation_id(response.unwrap_or_else(|refused| error::response(&refused)))
}

/// An error in Azure Resource Manager's shape.
pub(super) fn failure(failure: &Failure) -> Response {
    with_correlation_id(error::response(failure))
}

fn read(world: &World, incoming: &Incoming) -> Result<Response, Failure> {
    let caller = authentication::authenticate(world, incoming)?;
    let target = Target::parse(&incoming.path)
        .filter(|_| incoming.method == Method::GET)
        .ok_or_else(|| error::not_emulated(&incoming.path))?;
    check_version(incoming)?;
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

fn check_version(incoming: &Incoming) -> Result<(), Failure> {
    let version = incoming.parameters().find(|(name, _)| name == "api-version");
    let (_, version) = version.ok_or_else(error::api_version_missing)?;
    if API_VERSIONS.contains(&version.as_str()) {
        Ok(())
    } else {
        Err(error::api_version_invalid(&version, &API_VERSIONS))
    }
}

/// The identity that a target is about, whether Microsoft Graph knows it already or not.
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
