//! The host's HTTP server: functions with an HTTP trigger, Event Grid's webhook and the admin endpoint.

use std::sync::Arc;

use tokio::net::TcpListener;
use warp::{
    Filter as _, Reply as _,
    http::{Method, StatusCode},
    path::FullPath,
    reply::Response,
};

use crate::{
    admin_endpoint, easy_auth, event_grid_webhook, host::Host, http_trigger,
    incoming_request::IncomingRequest,
};

/// Serves until the host stops.
pub(crate) async fn serve(host: Arc<Host>, listener: TcpListener) {
    let served = host.clone();
    let query = warp::query::raw().or(warp::any().map(String::new)).unify();
    let routes = warp::method()
        .and(warp::path::full())
        .and(query)
        .and(warp::header::headers_cloned())
        .and(warp::body::bytes())
        .then(move |method, path: FullPath, query, headers, body| {
            let path = path.as_str().to_owned();
            let incoming = IncomingRequest { method, path, query, headers, body };
            answer_in_a_task(served.clone(), incoming)
        });
    let stopping = async move {
        host.until_stopping().await;
    };
    warp::serve(routes).incoming(listener).graceful(stopping).run().await;
}

/// Answers in a task, so that an invocation continues if its caller disconnects.
async fn answer_in_a_task(host: Arc<Host>, incoming: IncomingRequest) -> Response {
    let answer = tokio::spawn(async move {
        tokio::select! {
            _ = host.until_stopping() => StatusCode::SERVICE_UNAVAILABLE.into_response(),
            response = answer(&host, incoming) => response,
        }
    });
    answer.await.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

async fn answer(host: &Arc<Host>, mut incoming: IncomingRequest) -> Response {
    let path = incoming.path.to_ascii_lowercase();
    let segments: Vec<_> = path.trim_matches('/').split('/').collect();
    match segments[..] {
        ["admin", "functions", name] if incoming.method == Method::POST => {
            admin_endpoint::start(host, name, &incoming.body).into_response()
        }
        ["admin", ..] => StatusCode::NOT_FOUND.into_response(),
        _ => match (authenticate(host, &mut incoming), &segments[..]) {
            (Err(status), _) => status.into_response(),
            (Ok(()), ["runtime", "webhooks", "eventgrid"]) => {
                event_grid_webhook::deliver(host, &incoming).await
            }
            (Ok(()), _) => http_trigger::answer(host, &incoming).await,
        },
    }
}

fn authenticate(host: &Host, incoming: &mut IncomingRequest) -> Result<(), StatusCode> {
    let Some(easy_auth) = &host.easy_auth else { return Ok(()) };
    easy_auth::authenticate(easy_auth, &mut incoming.headers)
}
