//! The tenant's HTTP server: dispatches requests to the identity endpoint, Azure Resource Manager, the
//! storage services or Microsoft Graph, counts them, and applies quota and faults.

use std::{convert::Infallible, panic::resume_unwind, sync::Arc, time::Instant};

use tokio::{net::TcpListener, sync::oneshot};
use warp::{Filter, http::header::RETRY_AFTER, path::FullPath, reply::Response};

use crate::{
    arm,
    fault::{Fault, FaultAnswer},
    graph, identity_endpoint,
    incoming_request::{CLIENT_REQUEST_ID, IncomingRequest},
    request_log::{RecordedRequest, Route},
    storage_service,
    world::{World, lock},
};

/// The header with which a caller marks requests that may be refused first (Microsoft Learn, "Microsoft Graph
/// service-specific throttling limits", identity and access).
const THROTTLE_PRIORITY: &str = "x-ms-throttle-priority";

/// The service of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Service {
    IdentityEndpoint,
    ResourceManager,
    /// A service of a storage account, with the operation.
    Storage(Route),
    Graph,
}

/// Serves until the sender of `stop` is dropped.
pub(crate) async fn serve(
    world: Arc<World>,
    listener: TcpListener,
    stop: oneshot::Receiver<Infallible>,
) {
    let query = warp::query::raw().or(warp::any().map(String::new)).unify();
    let routes = warp::method()
        .and(warp::path::full())
        .and(query)
        .and(warp::header::headers_cloned())
        .and(warp::body::bytes())
        .then(move |method, path: FullPath, query, headers, body| {
            let path = path.as_str().to_owned();
            let incoming =
                IncomingRequest { method, path, query, headers, body, arrived: Instant::now() };
            answer_or_close(Arc::clone(&world), incoming)
        });
    let stopped = async move {
        let _ = stop.await;
    };
    warp::serve(routes).incoming(listener).graceful(stopped).run().await;
}

/// Answers in a task, so that a write completes if its caller disconnects, as at Microsoft Graph.
async fn answer_or_close(world: Arc<World>, incoming: IncomingRequest) -> Response {
    match tokio::spawn(answer(world, incoming)).await {
        Ok(Some(response)) => response,
        Ok(None) | Err(_) => close_connection(),
    }
}

/// Unwinds out of the connection's task, which closes the connection without a response. Unlike a panic, it
/// prints nothing.
fn close_connection() -> ! {
    resume_unwind(Box::new("the connection is closed without an answer"))
}

/// The response; `None` closes the connection.
async fn answer(world: Arc<World>, incoming: IncomingRequest) -> Option<Response> {
    let route = route(&incoming);
    lock(&world.requests).arrive(route);
    let fault = graph::refused_write(&world, &incoming, route)
        .or_else(|| lock(&world.faults).take(route))
        .or_else(|| seeded_fault(&world, &incoming, route));
    let response = match fault {
        None => Some(process(&world, &incoming).await),
        Some(fault) => answer_with(&world, &incoming, fault).await,
    };
    lock(&world.requests).answer(record(&incoming, route, response.as_ref()));
    response
}

fn route(incoming: &IncomingRequest) -> Route {
    match service(incoming) {
        Service::IdentityEndpoint => Route::IssueToken,
        Service::ResourceManager => arm::route(incoming),
        Service::Storage(route) => route,
        Service::Graph => graph::route(incoming),
    }
}

fn service(incoming: &IncomingRequest) -> Service {
    if incoming.path == identity_endpoint::PATH {
        Service::IdentityEndpoint
    } else if arm::is_for(incoming) {
        Service::ResourceManager
    } else {
        storage_service::route(incoming).map_or(Service::Graph, Service::Storage)
    }
}

fn record(
    incoming: &IncomingRequest,
    route: Route,
    response: Option<&Response>,
) -> RecordedRequest {
    let retry_after = response.and_then(|response| response.headers().get(RETRY_AFTER));
    let separator = if incoming.query.is_empty() { "" } else { "?" };
    RecordedRequest {
        route,
        method: incoming.method.to_string(),
        path_and_query: format!("{}{separator}{}", incoming.path, incoming.query),
        client_request_id: incoming.header(CLIENT_REQUEST_ID).map(str::to_owned),
        throttle_priority: incoming.header(THROTTLE_PRIORITY).map(str::to_owned),
        arrived: incoming.arrived,
        status: response.map(|response| response.status().as_u16()),
        retry_after: retry_after.and_then(|text| text.to_str().ok()).map(str::to_owned),
    }
}

fn seeded_fault(world: &World, incoming: &IncomingRequest, route: Route) -> Option<Fault> {
    (service(incoming) == Service::Graph).then(|| graph::seeded_fault(world, incoming, route))?
}

async fn process(world: &Arc<World>, incoming: &IncomingRequest) -> Response {
    match service(incoming) {
        Service::IdentityEndpoint => identity_endpoint::answer(world, incoming),
        Service::ResourceManager => arm::answer(world, incoming),
        Service::Storage(_) => storage_service::answer(world, incoming),
        Service::Graph => graph::answer(world, incoming).await,
    }
}

async fn answer_with(
    world: &Arc<World>,
    incoming: &IncomingRequest,
    fault: Fault,
) -> Option<Response> {
    if fault.after_the_effect {
        process(world, incoming).await;
    } else if service(incoming) == Service::Graph {
        world.wait_for_latency().await;
    }
    let failure = match fault.answer {
        FaultAnswer::Error(failure) => failure,
        FaultAnswer::Text(body) => return Some(Response::new(body.into())),
        FaultAnswer::ConnectionClosed => return None,
    };
    Some(match service(incoming) {
        Service::IdentityEndpoint => identity_endpoint::failure(&failure),
        Service::ResourceManager => arm::failure(&failure),
        Service::Storage(_) => storage_service::failure(&failure),
        Service::Graph => graph::failure(incoming, &failure),
    })
}
