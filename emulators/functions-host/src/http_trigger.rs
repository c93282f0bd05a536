//! Functions with an HTTP trigger, called without forwarding ("Azure Functions HTTP trigger"; "Azure
//! Functions custom handlers", `enableForwardingHttpRequest` false).
//!
//! Where Microsoft's pages are silent, this follows the host's source: a path or a method that no
//! function has is 404, never 405; a wrong key is 401 without a challenge; whatever goes wrong after
//! that is a bare 500.

mod key;
mod request;
mod route;

pub(super) use request::query;
pub(super) use route::RouteTemplate;
use warp::{Reply as _, http::StatusCode, reply::Response};

use super::{
    binding::{BoundTrigger, Function, HttpTrigger},
    easy_auth::CLIENT_PRINCIPAL,
    envelope::{self, SystemData},
    host::Host,
    identity::Identity,
    invocation,
    json::Json,
    log::LogLevel,
    options::HostKey,
    server::Incoming,
};

/// Why a function runs, in the words of the host.
const REASON: &str = "This function was programmatically called via the host APIs.";

/// Calls the function that a request is for.
pub(super) async fn answer(host: &Host, incoming: &Incoming) -> Response {
    let Some(Target { function, trigger, route_values }) = find(host, incoming) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let key = key::presented(&host.keys, &function.name, incoming);
    if !key::is_enough(key, trigger.auth_level) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let identities = identities(host, incoming, key);
    let input = request::input(&trigger.name, incoming, route_values, identities);
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

/// The invocation has succeeded all the same: the host renders responses after it is over.
fn refuse(host: &Host, function: &Function, why: &str) -> Response {
    let message = format!("The response of '{}' cannot be sent: {why}", function.name);
    host.log.write(LogLevel::Error, &format!("Function.{}", function.name), message);
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}

/// The function that a request is for.
struct Target<'a> {
    function: &'a Function,
    trigger: &'a HttpTrigger,
    /// The values of the route's parameters.
    route_values: Vec<(String, String)>,
}

/// The function whose route and methods fit. A disabled function is not there; the real host would run
/// it for the master key.
fn find<'a>(host: &'a Host, incoming: &Incoming) -> Option<Target<'a>> {
    let fitting = host.functions.iter().filter_map(|function| {
        let BoundTrigger::Http(trigger) = &function.trigger else { return None };
        let route_values = trigger.route.values(&incoming.path)?;
        trigger.takes(incoming.method.as_str()).then_some(Target {
            function,
            trigger,
            route_values,
        })
    });
    fitting.min_by_key(|target| target.trigger.route.precedence())
}

/// Everybody is somebody to .NET: without a key and without a principal it is an identity with nothing
/// in it.
fn identities(host: &Host, incoming: &Incoming, key: Option<&HostKey>) -> Vec<Json> {
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
