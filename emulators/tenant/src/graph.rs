//! Microsoft Graph v1.0, as far as granting app roles needs it.

mod answer;
mod assignments;
mod authentication;
mod combination;
pub(super) mod error;
mod filter;
mod page;
mod service_principals;
mod target;
mod throttling;

use std::sync::Arc;

use warp::{http::Method, reply::Response};

pub(super) use self::{answer::failure, combination::seeded_fault, throttling::Admission};
use self::{
    authentication::Caller,
    target::{Key, Target, is_guid},
};
use super::{
    directory::Directory, failure::Failure, requests::Route, server::Incoming,
    service_principal::ServicePrincipal, world::World,
};

/// Opaque to clients. Microsoft Graph's own, whatever the endpoint, so that answers don't depend on
/// the port of this server.
const METADATA: &str = "https://graph.microsoft.com/v1.0/$metadata";

/// What a request is about.
pub(super) fn route(incoming: &Incoming) -> Route {
    match (&incoming.method, Target::parse(&incoming.path)) {
        (&Method::GET, Ok(Target::ServicePrincipals)) => Route::ListServicePrincipals,
        (&Method::GET, Ok(Target::ServicePrincipal(_))) => Route::ReadServicePrincipal,
        (&Method::GET, Ok(Target::Assignments(_))) => Route::ListAssignments,
        (&Method::GET, Ok(Target::AssignedTo(_))) => Route::ListAssignedTo,
        (&Method::GET, Ok(Target::Assignment(..))) => Route::ReadAssignment,
        (&Method::POST, Ok(Target::Assignments(_))) => Route::CreateAssignment,
        (&Method::DELETE, Ok(Target::Assignment(..))) => Route::DeleteAssignment,
        _ => Route::Other,
    }
}

/// Answers a request.
pub(super) async fn answer(world: &Arc<World>, incoming: &Incoming, route: Route) -> Response {
    let processed = process(world, incoming).await;
    let mut response = processed.unwrap_or_else(|refused| failure(incoming, &refused));
    throttling::mark_cost(incoming, route, &mut response);
    response
}

async fn process(world: &Arc<World>, incoming: &Incoming) -> Result<Response, Failure> {
    let caller = Caller::authenticate(world, incoming)?;
    let target = Target::parse(&incoming.path)?;
    match (&incoming.method, target) {
        (&Method::GET, Target::ServicePrincipals) => {
            caller.may_read()?;
            world.wait_for_latency().await;
            service_principals::list(world, incoming)
        }
        (&Method::GET, Target::ServicePrincipal(key)) => {
            caller.may_read()?;
            world.wait_for_latency().await;
            service_principals::read(world, incoming, &key)
        }
        (&Method::GET, Target::Assignments(key)) => {
            caller.may_read()?;
            world.wait_for_latency().await;
            assignments::list(world, incoming, &key)
        }
        (&Method::GET, Target::AssignedTo(key)) => {
            caller.may_read()?;
            world.wait_for_latency().await;
            assignments::list_assigned_to(world, incoming, &key)
        }
        (&Method::GET, Target::Assignment(key, id)) => {
            caller.may_read()?;
            world.wait_for_latency().await;
            assignments::read(world, incoming, &key, &id)
        }
        (&Method::POST, Target::Assignments(key)) => {
            caller.may_write()?;
            assignments::create(world, incoming, &key).await
        }
        (&Method::DELETE, Target::Assignment(key, id)) => {
            caller.may_write()?;
            assignments::delete(world, incoming, &key, &id).await
        }
        _ => Err(error::method_not_allowed()),
    }
}

/// The service principal that the URL names.
fn find<'a>(directory: &'a Directory, key: &Key) -> Result<&'a ServicePrincipal, Failure> {
    match key {
        Key::ObjectId(id) if !is_guid(id) => Err(error::invalid_object_identifier(id)),
        Key::AppId(app_id) if !is_guid(app_id) => Err(error::invalid_app_id()),
        Key::ObjectId(id) => {
            directory.service_principal(id).ok_or_else(|| error::resource_not_found(id))
        }
        Key::AppId(app_id) => directory
            .service_principal_by_app_id(app_id)
            .ok_or_else(|| error::resource_not_found(app_id)),
    }
}
