//! Assignments of app roles: lists by principal and by API, reads, creation and deletion.

use std::sync::Arc;

use serde::Serialize;
use serde_json::{Map, Value};
use warp::{
    http::{StatusCode, header::CONTENT_TYPE},
    reply::Response,
};

use super::{
    answer::{self, METADATA},
    lookup::find,
    page::Page,
    target::{Key, is_guid},
};
use crate::{
    directory::{AppRoleAssignment, assignment_id},
    failure::Failure,
    graph_error as error,
    incoming_request::{CLIENT_REQUEST_ID, IncomingRequest},
    ledger::WriteKind,
    world::{World, lock},
};

/// The body of a creation.
pub(crate) struct NewAssignment {
    pub(crate) principal_id: String,
    pub(crate) resource_id: String,
    pub(crate) app_role_id: String,
}

#[derive(Debug, Serialize)]
struct ListBody<'a> {
    #[serde(rename = "@odata.context")]
    context: String,
    #[serde(rename = "@odata.nextLink", skip_serializing_if = "Option::is_none")]
    next_link: Option<String>,
    value: Vec<AssignmentBody<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct AssignmentBody<'a> {
    #[serde(rename = "@odata.context", skip_serializing_if = "Option::is_none")]
    context: Option<String>,
    id: &'a str,
    deleted_date_time: Option<&'a str>,
    app_role_id: &'a str,
    created_date_time: &'a str,
    principal_display_name: &'a str,
    principal_id: &'a str,
    principal_type: &'static str,
    resource_display_name: &'a str,
    resource_id: &'a str,
}

/// `GET` of a page of a principal's assignments.
pub(crate) fn list(
    world: &World,
    incoming: &IncomingRequest,
    key: &Key,
) -> Result<Response, Failure> {
    let page = asked_for(incoming)?;
    let directory = world.directory();
    let principal = find(&directory, key)?;
    let listed = directory.listed_assignments_of(&principal.id);
    let next_link = page.next_link(&world.origin, incoming, listed.len());
    let body = list_body(context(&principal.id), page.of(listed), next_link);
    Ok(answer::json(incoming, StatusCode::OK, &body))
}

/// `GET` of a page of the assignments of an API's roles.
pub(crate) fn list_assigned_to(
    world: &World,
    incoming: &IncomingRequest,
    key: &Key,
) -> Result<Response, Failure> {
    let page = asked_for(incoming)?;
    let directory = world.directory();
    let api = find(&directory, key)?;
    let listed = directory.listed_assignments_to(&api.id);
    let context = format!("{METADATA}#servicePrincipals('{}')/appRoleAssignedTo", api.id);
    let next_link = page.next_link(&world.origin, incoming, listed.len());
    let body = list_body(context, page.of(listed), next_link);
    Ok(answer::json(incoming, StatusCode::OK, &body))
}

fn list_body<'a>(
    context: String,
    listed: impl Iterator<Item = &'a AppRoleAssignment>,
    next_link: Option<String>,
) -> ListBody<'a> {
    ListBody { context, next_link, value: listed.map(|one| body_of(one, None)).collect() }
}

/// `GET` of one assignment of the principal in the URL. The 404 of an unknown one is a guess; a `DELETE`
/// answers 400.
pub(crate) fn read(
    world: &World,
    incoming: &IncomingRequest,
    key: &Key,
    assignment_id: &str,
) -> Result<Response, Failure> {
    if let Some((option, _)) = incoming.parameters().next() {
        return Err(error::query_option_not_emulated(&option));
    }
    let directory = world.directory();
    let principal_id = &find(&directory, key)?.id;
    assignment_id::principal_of(assignment_id).ok_or_else(error::invalid_assignment_id)?;
    let held = directory
        .assignment(assignment_id)
        .filter(|held| held.principal_id == *principal_id)
        .ok_or_else(|| error::resource_not_found(assignment_id))?;
    let context = format!("{}/$entity", context(principal_id));
    Ok(answer::json(incoming, StatusCode::OK, &body_of(held, Some(context))))
}

/// `POST` of a new assignment. The principal in the URL must exist, but the principal in the body gets the
/// role: Microsoft Graph does not compare them.
pub(crate) async fn create(
    world: &Arc<World>,
    incoming: &IncomingRequest,
    key: &Key,
) -> Result<Response, Failure> {
    let wanted = NewAssignment::read(incoming)?;
    let _write =
        world.begin_write(&wanted.principal_id).ok_or_else(error::concurrency_violation)?;
    world.wait_for_latency().await;
    let mut directory = world.directory();
    let named_in_url = find(&directory, key)?.id.clone();
    let created = directory
        .assign(&wanted.principal_id, &wanted.resource_id, &wanted.app_role_id)
        .map_err(|reason| error::refused_assignment(&reason))?;
    lock(&world.ledger).record(WriteKind::Created, &created, incoming.header(CLIENT_REQUEST_ID));
    let context = format!("{}/$entity", context(&named_in_url));
    Ok(answer::json(incoming, StatusCode::CREATED, &body_of(&created, Some(context))))
}

/// `DELETE` of an assignment of the principal in the URL.
pub(crate) async fn delete(
    world: &Arc<World>,
    incoming: &IncomingRequest,
    key: &Key,
    assignment_id: &str,
) -> Result<Response, Failure> {
    let principal_id = find(&world.directory(), key)?.id.clone();
    let _write = world.begin_write(&principal_id).ok_or_else(error::concurrency_violation)?;
    world.wait_for_latency().await;
    let mut directory = world.directory();
    let held = directory.assignment(assignment_id);
    if held.is_none_or(|held| held.principal_id != principal_id) {
        return Err(error::assignment_not_found());
    }
    let revoked = directory.revoke(assignment_id).ok_or_else(error::assignment_not_found)?;
    lock(&world.ledger).record(WriteKind::Deleted, &revoked, incoming.header(CLIENT_REQUEST_ID));
    Ok(answer::no_content(incoming))
}

fn asked_for(incoming: &IncomingRequest) -> Result<Page, Failure> {
    let mut page = Page::default();
    for (option, value) in incoming.parameters() {
        if !page.takes(&option, &value)? {
            return Err(error::query_option_not_emulated(&option));
        }
    }
    Ok(page)
}

fn context(principal_id: &str) -> String {
    format!("{METADATA}#servicePrincipals('{principal_id}')/appRoleAssignments")
}

fn body_of(assignment: &AppRoleAssignment, context: Option<String>) -> AssignmentBody<'_> {
    AssignmentBody {
        context,
        id: &assignment.id,
        deleted_date_time: None,
        app_role_id: &assignment.app_role_id,
        created_date_time: &assignment.created_date_time,
        principal_display_name: &assignment.principal_display_name,
        principal_id: &assignment.principal_id,
        principal_type: "ServicePrincipal",
        resource_display_name: &assignment.resource_display_name,
        resource_id: &assignment.resource_id,
    }
}

impl NewAssignment {
    /// Reads the body of a `POST`. Annotations such as `@odata.type` are ignored.
    pub(crate) fn read(incoming: &IncomingRequest) -> Result<Self, Failure> {
        let declared = incoming.header(CONTENT_TYPE.as_str()).unwrap_or_default();
        if !declared.starts_with("application/json") {
            return Err(error::unreadable_payload());
        }
        let mut properties: Map<String, Value> =
            serde_json::from_slice(&incoming.body).map_err(|_| error::unreadable_payload())?;
        let wanted = Self {
            principal_id: take_guid(&mut properties, "principalId")?,
            resource_id: take_guid(&mut properties, "resourceId")?,
            app_role_id: take_guid(&mut properties, "appRoleId")?,
        };
        properties.retain(|name, _| !name.starts_with("@odata."));
        properties.is_empty().then_some(wanted).ok_or_else(error::invalid_properties)
    }
}

fn take_guid(properties: &mut Map<String, Value>, name: &str) -> Result<String, Failure> {
    match properties.remove(name) {
        None | Some(Value::Null) => Err(error::invalid_properties()),
        Some(Value::String(text)) if is_guid(&text) => Ok(text.to_lowercase()),
        Some(Value::String(text)) => Err(error::not_a_guid(&text)),
        Some(_) => Err(error::not_a_text()),
    }
}
