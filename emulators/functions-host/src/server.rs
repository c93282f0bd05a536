//! The host's own HTTP server: functions with an HTTP trigger, Event Grid's webhook, and the admin
//! endpoint.

use std::sync::Arc;

use bytes::Bytes;
use tokio::net::TcpListener;
use warp::{
    Filter as _, Reply as _,
    http::{HeaderMap, Method, StatusCode},
    path::FullPath,
    reply::Response,
};

use super::{admin, easy_auth, event_grid, host::Host, http_trigger};

/// A request as it came in.
pub(super) struct Incoming {
    pub(super) method: Method,
    /// As the caller wrote it, percent-encoded.
    pub(super) path: String,
    /// Without the question mark.
    pub(super) query: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// Serves until the host stops.
pub(super) async fn serve(host: Arc<Host>, listener: TcpListener) {
    let served = host.clone();
    let query = warp::query::raw().or(warp::any().map(String::new)).unify();
    let routes = warp::method()
        .and(warp::path::full())
        .and(query)
        .and(warp::header::headers_cloned())
        .and(warp::body::bytes())
        .then(move |method, path: FullPath, query, headers, body| {
            let path = path.as_str().to_owned();
            let incoming = Incoming { method, path, query, headers, body };
            answer_in_a_task(served.clone(), incoming)
        });
    let stopping = async move {
        host.until_stopping().await;
    };
    warp::serve(routes).incoming(listener).graceful(stopping).run().await;
}

/// A caller that hangs up does not end an invocation.
async fn answer_in_a_task(host: Arc<Host>, incoming: Incoming) -> Response {
    let answer = tokio::spawn(async move {
        tokio::select! {
            _ = host.until_stopping() => StatusCode::SERVICE_UNAVAILABLE.into_response(),
            response = answer(&host, incoming) => response,
        }
    });
    answer.await.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

async fn answer(host: &Arc<Host>, mut incoming: Incoming) -> Response {
    let path = incoming.path.to_ascii_lowercase();
    let segments: Vec<_> = path.trim_matches('/').split('/').collect();
    match segments[..] {
        ["admin", "functions", name] if incoming.method == Method::POST => {
            admin::start(host, name, &incoming.body).into_response()
        }
        ["admin", ..] => StatusCode::NOT_FOUND.into_response(),
        _ => match (authenticate(host, &mut incoming), &segments[..]) {
            (Err(status), _) => status.into_response(),
            (Ok(()), ["runtime", "webhooks", "eventgrid"]) => {
                event_grid::deliver(host, &incoming).await
            }
            (Ok(()), _) => http_trigger::answer(host, &incoming).await,
        },
    }
}

fn authenticate(host: &Host, incoming: &mut Incoming) -> Result<(), StatusCode> {
    let Some(easy_auth) = &host.easy_auth else { return Ok(()) };
    easy_auth::authenticate(easy_auth, &mut incoming.headers)
}
