//! Assignments of app roles: lists by principal and by API, reads, creation and deletion.

use std::sync::Arc;

use serde::Serialize;
use warp::{http::StatusCode, reply::Response};

use super::{
    answer,
    assignment_body::{ASSIGNMENT, AssignmentBody, context},
    assignment_filter::AssignmentFilter,
    authentication::Caller,
    list_query::ListQuery,
    lookup::find,
    new_assignment::NewAssignment,
    relation::Relation,
    shape::Shape,
    target::Key,
};
use crate::{
    directory::{AppRoleAssignment, Directory, assignment_id},
    failure::Failure,
    graph_error as error,
    incoming_request::IncomingRequest,
    ledger::WriteKind,
    service_principal::ServicePrincipal,
    world::World,
};

/// The assignments that a URL names: the relation, and the service principal.
type Collection<'a> = (Relation, &'a Key);

/// A request that writes, and its caller.
type WriteRequest<'a> = (&'a IncomingRequest, &'a Caller);

#[derive(Serialize)]
struct ListBody<'a> {
    #[serde(rename = "@odata.context")]
    context: String,
    #[serde(rename = "@odata.count", skip_serializing_if = "Option::is_none")]
    count: Option<usize>,
    #[serde(rename = "@odata.nextLink", skip_serializing_if = "Option::is_none")]
    next_link: Option<String>,
    value: Vec<AssignmentBody<'a>>,
}

/// `GET` of a page of a service principal's assignments.
pub(crate) fn list(
    world: &World,
    incoming: &IncomingRequest,
    (relation, key): Collection<'_>,
) -> Result<Response, Failure> {
    let parse = |text: &str| AssignmentFilter::parse(text, relation);
    let query = ListQuery::read(incoming, &ASSIGNMENT, parse)?;
    let advanced = query.filter.as_ref().and_then(AssignmentFilter::advanced_property);
    if let Some(property) = advanced.filter(|_| !query.is_advanced) {
        return Err(error::advanced_query_needed(property, "AppRoleAssignment"));
    }
    let directory = world.directory();
    let service_principal = find(&directory, key)?;
    let (on_page, length) = page(&directory, (relation, service_principal), &query);
    let shape = &query.shape;
    let body_of = |assignment| AssignmentBody { context: None, assignment, shape };
    let body = ListBody {
        context: context(&service_principal.id, relation, shape),
        count: query.count(length),
        next_link: query.page.next_link(&world.origin, incoming, length),
        value: on_page.into_iter().map(body_of).collect(),
    };
    Ok(answer::json(incoming, StatusCode::OK, &body))
}

/// The assignments on a page of a service principal's list, and the length of the list.
fn page<'a>(
    directory: &'a Directory,
    (relation, of): (Relation, &ServicePrincipal),
    query: &ListQuery<AssignmentFilter>,
) -> (Vec<&'a AppRoleAssignment>, usize) {
    let found = query.filter.is_none().then(|| relation.page(directory, of, &query.page));
    if let Some(page) = found.flatten() {
        return page;
    }
    let mut listed = relation.listed(directory, of);
    listed.retain(|one| query.filter.as_ref().is_none_or(|filter| filter.matches(one)));
    let length = listed.len();
    (query.page.of(listed).collect(), length)
}

/// `GET` of one assignment of the service principal in the URL. The 404 of an unknown one is a guess; a
/// `DELETE` answers 400.
pub(crate) fn read(
    world: &World,
    incoming: &IncomingRequest,
    (relation, key): Collection<'_>,
    assignment_id: &str,
) -> Result<Response, Failure> {
    let mut shape = Shape::default();
    for (option, value) in incoming.parameters() {
        if !shape.takes(&option, &value, &ASSIGNMENT)? {
            return Err(error::query_option_not_emulated(&option));
        }
    }
    let directory = world.directory();
    let id = &find(&directory, key)?.id;
    assignment_id::principal_of(assignment_id).ok_or_else(error::invalid_assignment_id)?;
    let assignment = directory
        .assignment(assignment_id)
        .filter(|one| relation.has(id, one))
        .ok_or_else(|| error::resource_not_found(assignment_id))?;
    let context = Some(format!("{}/$entity", context(id, relation, &shape)));
    let body = AssignmentBody { context, assignment, shape: &shape };
    Ok(answer::json(incoming, StatusCode::OK, &body))
}

/// `POST` of a new assignment. The service principal in the URL must exist, but the principal in the body
/// gets the role of the API in the body: Microsoft Graph does not compare them.
pub(crate) async fn create(
    world: &Arc<World>,
    (incoming, caller): WriteRequest<'_>,
    (relation, key): Collection<'_>,
) -> Result<Response, Failure> {
    let wanted = NewAssignment::read(incoming)?;
    let _write =
        world.begin_write(&wanted.principal_id).ok_or_else(error::concurrency_violation)?;
    world.wait_for_write().await;
    let mut directory = world.directory();
    let named_in_url = find(&directory, key)?.id.clone();
    let created = directory
        .assign(&wanted.principal_id, &wanted.resource_id, &wanted.app_role_id)
        .map_err(|reason| error::refused_assignment(&reason))?;
    world.accepted(&directory, (WriteKind::Created, &created), caller.author(incoming));
    let shape = Shape::default();
    let context = Some(format!("{}/$entity", context(&named_in_url, relation, &shape)));
    let body = AssignmentBody { context, assignment: &created, shape: &shape };
    Ok(answer::json(incoming, StatusCode::CREATED, &body))
}

/// `DELETE` of an assignment of the service principal in the URL.
pub(crate) async fn delete(
    world: &Arc<World>,
    (incoming, caller): WriteRequest<'_>,
    (relation, key): Collection<'_>,
    assignment_id: &str,
) -> Result<Response, Failure> {
    let (named_in_url, principal_id) = {
        let directory = world.directory();
        let named_in_url = find(&directory, key)?.id.clone();
        let held = directory.assignment(assignment_id);
        let principal_id = held.map(|held| held.principal_id.clone());
        (named_in_url, principal_id)
    };
    let written = principal_id.as_ref().unwrap_or(&named_in_url);
    let _write = world.begin_write(written).ok_or_else(error::concurrency_violation)?;
    world.wait_for_write().await;
    let mut directory = world.directory();
    let held = directory.assignment(assignment_id);
    if !held.is_some_and(|held| relation.has(&named_in_url, held)) {
        return Err(error::assignment_not_found());
    }
    let revoked = directory.revoke(assignment_id).ok_or_else(error::assignment_not_found)?;
    world.accepted(&directory, (WriteKind::Deleted, &revoked), caller.author(incoming));
    Ok(answer::no_content(incoming))
}
