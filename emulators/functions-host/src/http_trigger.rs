//! Functions with an HTTP trigger ("Azure Functions HTTP trigger"; "Azure Functions custom handlers",
//! `enableForwardingHttpRequest` false).
//!
//! Where Microsoft's pages say nothing, this follows the host's source: an unknown path or method is 404,
//! never 405; a wrong key is 401 without a challenge; any later failure is 500 without content.

mod key;
mod request;

use warp::{Reply as _, http::StatusCode, reply::Response};

use crate::{
    binding::{BoundTrigger, Function, HttpTrigger},
    claims_identity::Identity,
    easy_auth::CLIENT_PRINCIPAL,
    envelope::{self, SystemData},
    host::Host,
    incoming_request::IncomingRequest,
    invocation,
    log::LogLevel,
    options::HostKey,
    ordered_json::Json,
    route::RouteValues,
};

/// The host's reason for the invocation.
const REASON: &str = "This function was programmatically called via the host APIs.";

/// Calls the function of a request.
pub(crate) async fn answer(host: &Host, incoming: &IncomingRequest) -> Response {
    let Some((function, trigger, values)) = find(host, incoming) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let key = key::presented(&host.keys, &function.name, incoming);
    if !key::is_enough(key, trigger.auth_level) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let identities = identities(host, incoming, key);
    let input = request::input(&trigger.name, incoming, values, identities);
    let body = |system: &SystemData| Ok(envelope::of_http(&input, system));
    let invoked = invocation::invoke(host, function, REASON, body).await;
    let response = invoked.response.map(|response| response.render());
    host.record_without_message(function, invoked.id, invoked.outcome);
    match response {
        Some(Ok(response)) => response,
        Some(Err(why)) => refuse(host, function, &why),
        None => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// Logs that a response cannot be sent. The invocation has succeeded nevertheless, because the host renders
/// responses after it.
fn refuse(host: &Host, function: &Function, why: &str) -> Response {
    let message = format!("The response of '{}' cannot be sent: {why}", function.name);
    host.log.write(LogLevel::Error, &format!("Function.{}", function.name), message);
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}

/// Finds the function whose route and methods match, and the values of its route. A disabled function is
/// not found.
fn find<'a>(
    host: &'a Host,
    incoming: &IncomingRequest,
) -> Option<(&'a Function, &'a HttpTrigger, RouteValues)> {
    let matching = host.functions.iter().filter_map(|function| {
        let BoundTrigger::Http(trigger) = &function.trigger else { return None };
        let values = trigger.accept(&incoming.path, incoming.method.as_str())?;
        Some((&**function, trigger, values))
    });
    matching.min_by(|(_, one, _), (_, other, _)| one.route.precedence(&other.route))
}

/// The caller's identities. Without a key and without a principal, .NET gives an empty identity.
fn identities(host: &Host, incoming: &IncomingRequest, key: Option<&HostKey>) -> Vec<Json> {
    let mut identities = Vec::new();
    if host.easy_auth.is_some() {
        let header = incoming.headers.get(CLIENT_PRINCIPAL).and_then(|value| value.to_str().ok());
        identities.extend(header.and_then(Identity::of_client_principal));
    }
    identities.extend(key.map(Identity::of_key));
    if identities.is_empty() {
        identities.push(Identity::default());
    }
    identities.iter().map(Identity::json).collect()
}
