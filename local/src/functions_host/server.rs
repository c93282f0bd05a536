//! The host's own HTTP server.

use std::sync::Arc;

use bytes::Bytes;
use tokio::net::TcpListener;
use warp::{
    Filter as _, Reply as _,
    http::{Method, StatusCode},
    path::FullPath,
    reply::Response,
};

use super::{admin, host::Host};

/// A request as it came in.
pub(super) struct Incoming {
    pub(super) method: Method,
    /// As the caller wrote it, percent-encoded.
    pub(super) path: String,
    pub(super) body: Bytes,
}

/// Serves until the host stops.
pub(super) async fn serve(host: Arc<Host>, listener: TcpListener) {
    let served = host.clone();
    let routes = warp::method().and(warp::path::full()).and(warp::body::bytes()).then(
        move |method, path: FullPath, body| {
            let path = path.as_str().to_owned();
            let incoming = Incoming { method, path, body };
            answer_in_a_task(served.clone(), incoming)
        },
    );
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

async fn answer(host: &Arc<Host>, incoming: Incoming) -> Response {
    let path = incoming.path.to_ascii_lowercase();
    let segments: Vec<_> = path.trim_matches('/').split('/').collect();
    match segments[..] {
        ["admin", "functions", name] if incoming.method == Method::POST => {
            admin::start(host, name, &incoming.body).into_response()
        }
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}
