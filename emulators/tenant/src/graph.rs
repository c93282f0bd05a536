//! The part of Microsoft Graph v1.0 that granting app roles needs.

mod annotation;
mod answer;
mod assignment_body;
mod assignment_filter;
mod assignments;
mod audit_filter;
mod authentication;
mod directory_audits;
mod fault_subject;
mod filter;
mod filter_form;
mod json_body;
mod list_query;
mod lookup;
mod new_assignment;
mod page;
mod relation;
mod service_principal_body;
mod service_principals;
mod shape;
mod target;
mod throttling;

use std::sync::Arc;

use warp::{http::Method, reply::Response};

pub(crate) use answer::failure;
use authentication::Caller;
pub(crate) use fault_subject::seeded_fault;
use relation::Relation;
use target::Target;
pub(crate) use throttling::refused_write;

use crate::{
    failure::Failure, graph_error as error, incoming_request::IncomingRequest, request_log::Route,
    service_principal::ServicePrincipalType, world::World,
};

/// The operation of a request.
pub(crate) fn route(incoming: &IncomingRequest) -> Route {
    match (&incoming.method, Target::parse(&incoming.path)) {
        (&Method::GET, Ok(Target::ServicePrincipals | Target::AgentBlueprints)) => {
            Route::ListServicePrincipals
        }
        (&Method::GET, Ok(Target::ServicePrincipal(_))) => Route::ReadServicePrincipal,
        (&Method::GET, Ok(Target::Assignments(Relation::Held, _))) => Route::ListAssignments,
        (&Method::GET, Ok(Target::Assignments(Relation::Granted, _))) => Route::ListAssignedTo,
        (&Method::GET, Ok(Target::Assignment(..))) => Route::ReadAssignment,
        (&Method::POST, Ok(Target::Assignments(..))) => Route::CreateAssignment,
        (&Method::DELETE, Ok(Target::Assignment(..))) => Route::DeleteAssignment,
        (&Method::GET, Ok(Target::DirectoryAudits)) => Route::ListDirectoryAudits,
        _ => Route::Other,
    }
}

/// Answers a request.
pub(crate) async fn answer(world: &Arc<World>, incoming: &IncomingRequest) -> Response {
    process(world, incoming).await.unwrap_or_else(|refused| failure(incoming, &refused))
}

async fn process(world: &Arc<World>, incoming: &IncomingRequest) -> Result<Response, Failure> {
    let caller = Caller::authenticate(world, incoming)?;
    let target = Target::parse(&incoming.path)?;
    match (&incoming.method, target) {
        (&Method::GET, Target::ServicePrincipals) => {
            caller.may_read()?;
            world.wait_for_latency().await;
            service_principals::list(world, incoming, None)
        }
        (&Method::GET, Target::AgentBlueprints) => {
            caller.may_read()?;
            world.wait_for_latency().await;
            service_principals::list(world, incoming, Some(ServicePrincipalType::AgentBlueprint))
        }
        (&Method::GET, Target::ServicePrincipal(key)) => {
            caller.may_read()?;
            world.wait_for_latency().await;
            service_principals::read(world, incoming, &key)
        }
        (&Method::GET, Target::Assignments(relation, key)) => {
            caller.may_read()?;
            world.wait_for_latency().await;
            assignments::list(world, incoming, (relation, &key))
        }
        (&Method::GET, Target::Assignment(relation, key, id)) => {
            caller.may_read()?;
            world.wait_for_latency().await;
            assignments::read(world, incoming, (relation, &key), &id)
        }
        (&Method::GET, Target::DirectoryAudits) => {
            caller.may_read_the_audit_log()?;
            world.wait_for_latency().await;
            directory_audits::list(world, incoming)
        }
        (&Method::POST, Target::Assignments(relation, key)) => {
            caller.may_write()?;
            assignments::create(world, (incoming, &caller), (relation, &key)).await
        }
        (&Method::DELETE, Target::Assignment(relation, key, id)) => {
            caller.may_write()?;
            assignments::delete(world, (incoming, &caller), (relation, &key), &id).await
        }
        _ => Err(error::method_not_allowed()),
    }
}
