//! The one HTTP server of the emulated tenant: hands requests to the identity endpoint, to Azure
//! Resource Manager, to the storage services or to Microsoft Graph, counts them, and lets faults take
//! their place.

use std::{convert::Infallible, panic::resume_unwind, sync::Arc, time::Instant};

use tokio::{net::TcpListener, sync::oneshot};
use warp::{
    Filter,
    http::{HeaderMap, HeaderName, HeaderValue, Method, header::RETRY_AFTER},
    hyper::body::Bytes,
    path::FullPath,
    reply::Response,
};

use super::{
    arm,
    fault::{Fault, FaultAnswer},
    graph, identity_endpoint,
    requests::{RecordedRequest, Route},
    storage_service,
    world::{World, lock},
};

/// The header by which a caller names a request (Microsoft Learn, "Best practices for working with
/// Microsoft Graph").
pub(super) const CLIENT_REQUEST_ID: &str = "client-request-id";

/// The header by which a caller says what to refuse first (Microsoft Learn, "Microsoft Graph
/// service-specific throttling limits", identity and access).
const THROTTLE_PRIORITY: &str = "x-ms-throttle-priority";

/// A request as it came in.
#[derive(Debug)]
pub(super) struct Incoming {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) query: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    arrived: Instant,
}

/// Which of Microsoft's services a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Service {
    IdentityEndpoint,
    ResourceManager,
    /// One of a storage account's, with what the request is about.
    Storage(Route),
    Graph,
}

impl Incoming {
    /// A header's text, if the header is there and is text.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The query's parameters, decoded.
    pub(super) fn parameters(&self) -> impl Iterator<Item = (String, String)> {
        url::form_urlencoded::parse(self.query.as_bytes()).into_owned()
    }

    fn route(&self) -> Route {
        match self.service() {
            Service::IdentityEndpoint => Route::IssueToken,
            Service::ResourceManager => arm::route(self),
            Service::Storage(route) => route,
            Service::Graph => graph::route(self),
        }
    }

    pub(super) fn service(&self) -> Service {
        if self.path == identity_endpoint::PATH {
            Service::IdentityEndpoint
        } else if arm::is_for(self) {
            Service::ResourceManager
        } else {
            storage_service::route(self).map_or(Service::Graph, Service::Storage)
        }
    }

    fn record(&self, route: Route, response: Option<&Response>) -> RecordedRequest {
        let retry_after = response.and_then(|response| response.headers().get(RETRY_AFTER));
        let separator = if self.query.is_empty() { "" } else { "?" };
        RecordedRequest {
            route,
            method: self.method.to_string(),
            path_and_query: format!("{}{separator}{}", self.path, self.query),
            client_request_id: self.header(CLIENT_REQUEST_ID).map(str::to_owned),
            throttle_priority: self.header(THROTTLE_PRIORITY).map(str::to_owned),
            arrived: self.arrived,
            status: response.map(|response| response.status().as_u16()),
            retry_after: retry_after.and_then(|text| text.to_str().ok()).map(str::to_owned),
        }
    }
}

/// Adds a header, or replaces the one of the same name. What can't be a header is left out.
pub(super) fn set_header(response: &mut Response, name: &str, text: &str) {
    if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::from_str(text)) {
        response.headers_mut().insert(name, value);
    }
}

/// Serves until `stop` is dropped or sent to.
pub(super) async fn serve(
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
            let incoming = Incoming { method, path, query, headers, body, arrived: Instant::now() };
            answer_or_close(Arc::clone(&world), incoming)
        });
    let stopped = async move {
        let _ = stop.await;
    };
    warp::serve(routes).incoming(listener).graceful(stopped).run().await;
}

/// The work runs in a task of its own: a caller that hangs up doesn't undo a write at Microsoft
/// Graph either.
async fn answer_or_close(world: Arc<World>, incoming: Incoming) -> Response {
    match tokio::spawn(answer(world, incoming)).await {
        Ok(Some(response)) => response,
        Ok(None) | Err(_) => close_connection(),
    }
}

/// Unwinding out of the connection's task closes the connection without an answer; unlike a panic it
/// prints nothing.
fn close_connection() -> ! {
    resume_unwind(Box::new("the connection is closed without an answer"))
}

/// None when the connection is to be closed instead.
async fn answer(world: Arc<World>, incoming: Incoming) -> Option<Response> {
    let route = incoming.route();
    lock(&world.requests).arrive(route);
    let mut admission = graph::Admission::of(&world, &incoming, route);
    let refusal = admission.refusal.take();
    let fault = refusal
        .or_else(|| lock(&world.faults).take(route))
        .or_else(|| graph::seeded_fault(&world, &incoming, route));
    let mut response = match fault {
        None => Some(process(&world, &incoming, route).await),
        Some(fault) => answer_with(&world, &incoming, route, fault).await,
    };
    if let Some(response) = &mut response {
        admission.mark(response);
    }
    lock(&world.requests).answer(incoming.record(route, response.as_ref()));
    response
}

async fn process(world: &Arc<World>, incoming: &Incoming, route: Route) -> Response {
    match incoming.service() {
        Service::IdentityEndpoint => identity_endpoint::answer(world, incoming),
        Service::ResourceManager => arm::answer(world, incoming),
        Service::Storage(route) => storage_service::answer(world, incoming, route),
        Service::Graph => graph::answer(world, incoming, route).await,
    }
}

async fn answer_with(
    world: &Arc<World>,
    incoming: &Incoming,
    route: Route,
    fault: Fault,
) -> Option<Response> {
    if fault.after_the_effect {
        process(world, incoming, route).await;
    } else if incoming.service() == Service::Graph {
        world.wait_for_latency().await;
    }
    let FaultAnswer::Error(failure) = fault.answer else {
        return None;
    };
    Some(match incoming.service() {
        Service::IdentityEndpoint => identity_endpoint::failure(&failure),
        Service::ResourceManager => arm::failure(&failure),
        Service::Storage(route) => storage_service::failure(route, &failure),
        Service::Graph => graph::failure(incoming, &failure),
    })
}
