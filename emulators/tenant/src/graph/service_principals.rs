//! Reading service principals: one of them, and lists.

use serde::Serialize;
use warp::{http::StatusCode, reply::Response};

use super::{
    answer::{self, METADATA},
    filter::Filter,
    list_query::ListQuery,
    lookup::find,
    service_principal_body::{SERVICE_PRINCIPAL, ServicePrincipalBody},
    shape::Shape,
    target::Key,
};
use crate::{
    failure::Failure, graph_error as error, incoming_request::IncomingRequest,
    service_principal::ServicePrincipalType, world::World,
};

#[derive(Serialize)]
struct ListBody<'a> {
    #[serde(rename = "@odata.context")]
    context: String,
    #[serde(rename = "@odata.count", skip_serializing_if = "Option::is_none")]
    count: Option<usize>,
    #[serde(rename = "@odata.nextLink", skip_serializing_if = "Option::is_none")]
    next_link: Option<String>,
    value: Vec<ServicePrincipalBody<'a>>,
}

/// `GET` of one service principal.
pub(crate) fn read(
    world: &World,
    incoming: &IncomingRequest,
    key: &Key,
) -> Result<Response, Failure> {
    let mut shape = Shape::default();
    for (option, value) in incoming.parameters() {
        if !shape.takes(&option, &value, &SERVICE_PRINCIPAL)? {
            return Err(error::query_option_not_emulated(&option));
        }
    }
    let directory = world.directory();
    let service_principal = find(&directory, key)?;
    let body = ServicePrincipalBody::of(service_principal, &directory, &shape)
        .with_context(format!("{}/$entity", context(&shape, None)));
    Ok(answer::json(incoming, StatusCode::OK, &body))
}

/// `GET` of a page of the service principals that match a filter.
///
/// With a type, only the service principals of that type are listed.
pub(crate) fn list(
    world: &World,
    incoming: &IncomingRequest,
    only: Option<ServicePrincipalType>,
) -> Result<Response, Failure> {
    let query = ListQuery::read(incoming, &SERVICE_PRINCIPAL, Filter::parse)?;
    let advanced = query.filter.as_ref().and_then(Filter::advanced_property);
    if let Some(property) = advanced.filter(|_| !query.is_advanced) {
        return Err(error::advanced_query_needed(property, "ServicePrincipal"));
    }
    let directory = world.directory();
    let mut found: Vec<_> = match &query.filter {
        None => directory.service_principals().collect(),
        Some(filter) => filter.find(&directory),
    };
    found.retain(|one| only.is_none_or(|kind| one.service_principal_type == kind));
    let length = found.len();
    let body_of = |one| ServicePrincipalBody::of(one, &directory, &query.shape);
    let body = ListBody {
        context: context(&query.shape, only),
        count: query.count(length),
        next_link: query.page.next_link(&world.origin, incoming, length),
        value: query.page.of(found).map(body_of).collect(),
    };
    Ok(answer::json(incoming, StatusCode::OK, &body))
}

/// The context of an answer. That of a list names the type that the list is limited to.
fn context(shape: &Shape, only: Option<ServicePrincipalType>) -> String {
    let cast = only.and_then(ServicePrincipalType::odata_type).unwrap_or_default();
    let cast = cast.replacen('#', "/", 1);
    format!("{METADATA}#servicePrincipals{cast}{}", shape.in_context())
}
