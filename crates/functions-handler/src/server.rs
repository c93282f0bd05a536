//! The server that the host calls.
//!
//! Each invocation runs in its own task. If the host closes the connection, the work continues: a write
//! that has begun must be finished and recorded. If the work panics, only that invocation fails.

use std::{convert::Infallible, sync::Arc, time::Duration};

use bytes::{Buf, Bytes, BytesMut};
use futures_util::{FutureExt, Stream, StreamExt, future::BoxFuture};
use tokio::{
    net::TcpListener,
    sync::{OwnedSemaphorePermit, Semaphore, watch},
};
use warp::{
    Filter, Rejection,
    http::{Method, StatusCode, header::CONTENT_TYPE},
    path::FullPath,
};

use crate::{invocation::Invocation, reply::Reply};

/// The largest envelope in bytes. A queue message has at most 64 KiB; base64 and double encoding at most
/// triple it. The body of an HTTP request may be larger.
const LARGEST_ENVELOPE: usize = 1024 * 1024;

/// The largest number of concurrent invocations; others wait, unread. The host sends at most 224 queue
/// messages at once (host.json, `batchSize` and `newBatchThreshold`) for each function with a queue
/// trigger. At 64 KiB a message, this many take 50 MB at worst.
const MOST_CALLS: usize = 512;

/// The header with the host's id of the invocation.
const INVOCATION_ID: &str = "x-azure-functions-invocationid";

/// Works on invocations.
pub type Handler = Arc<dyn Fn(Invocation) -> BoxFuture<'static, Reply> + Send + Sync>;

/// Serves `handler` on `listener` until `shutdown` completes, then waits up to `drain` for invocations in
/// progress. Returns whether all of them ended.
pub async fn serve(
    listener: TcpListener,
    handler: Handler,
    shutdown: impl Future<Output = ()> + Send + 'static,
    drain: Duration,
) -> bool {
    let (stopping, mut stopped) = watch::channel(false);
    let signal = async move {
        shutdown.await;
        let _ = stopping.send(true);
    };
    let server = warp::serve(routes(handler)).incoming(listener).graceful(signal).run();
    let limit = async move {
        let _ = stopped.wait_for(|stopping| *stopping).await;
        tokio::time::sleep(drain).await;
    };
    tokio::select! {
        () = server => true,
        () = limit => false,
    }
}

fn routes(
    handler: Handler,
) -> impl Filter<Extract = (warp::reply::Response,), Error = Infallible> + Clone {
    let places = Arc::new(Semaphore::new(MOST_CALLS));
    warp::method()
        .and(warp::path::full())
        .and(warp::header::optional(INVOCATION_ID))
        .and(warp::body::stream())
        .then(move |method: Method, path: FullPath, id: Option<String>, body| {
            respond(handler.clone(), places.clone(), method, path, id, body)
        })
        .recover(|rejection: Rejection| async move {
            tracing::error!(event = "host.rejected", "a call could not be read: {rejection:?}");
            let text = "the call could not be read".to_owned();
            Ok::<_, Infallible>(into_response(&Reply::Failed(text)))
        })
        .unify()
}

async fn respond<B: Buf>(
    handler: Handler,
    places: Arc<Semaphore>,
    method: Method,
    path: FullPath,
    id: Option<String>,
    body: impl Stream<Item = Result<B, warp::Error>>,
) -> warp::reply::Response {
    let function = path.as_str().trim_start_matches('/').to_owned();
    if function.is_empty() {
        // The host sends this to learn that the handler listens, so it must not wait for anything.
        return json(StatusCode::OK, b"{\"status\":\"listening\"}".to_vec());
    }
    if method != Method::POST {
        return error(StatusCode::METHOD_NOT_ALLOWED, "the host calls functions by POST");
    }
    let Ok(place) = places.acquire_owned().await else {
        return error(StatusCode::SERVICE_UNAVAILABLE, "the handler takes no more calls");
    };
    let invocation = match collect(body).await {
        Body::Whole(body) => Invocation::decode(function, id, &body),
        Body::TooLarge => Ok(Invocation::too_large(function, id)),
        Body::Broken => return error(StatusCode::BAD_REQUEST, "the body ended early"),
    };
    match invocation {
        Ok(invocation) => into_response(&run(handler, invocation, place).await),
        Err(fault) => {
            tracing::error!(event = "host.bad_envelope", "{fault}");
            error(StatusCode::BAD_REQUEST, &fault.to_string())
        }
    }
}

/// Runs an invocation in its own task, so that it outlives its connection. It counts as concurrent until
/// it is done.
async fn run(handler: Handler, invocation: Invocation, place: OwnedSemaphorePermit) -> Reply {
    let function = invocation.function.clone();
    let work = async move {
        let reply = handler(invocation).await;
        drop(place);
        reply
    };
    match tokio::spawn(work).await {
        Ok(reply) => reply,
        Err(failure) => {
            tracing::error!(event = "invocation.crashed", function, "{failure}");
            Reply::Failed("the invocation crashed; the handler's log says where".to_owned())
        }
    }
}

enum Body {
    Whole(Bytes),
    /// Larger than [`LARGEST_ENVELOPE`]. The function decides on the reply: an HTTP caller gets a
    /// response.
    TooLarge,
    Broken,
}

/// Reads a whole body and keeps it up to the limit. The host sends chunks without a length, and reads no
/// response before it has sent everything.
async fn collect<B: Buf>(body: impl Stream<Item = Result<B, warp::Error>>) -> Body {
    let mut body = std::pin::pin!(body);
    let (mut collected, mut too_large) = (BytesMut::new(), false);
    while let Some(chunk) = body.next().await {
        let Ok(mut chunk) = chunk else { return Body::Broken };
        let length = chunk.remaining();
        too_large |= collected.len() + length > LARGEST_ENVELOPE;
        if too_large {
            collected = BytesMut::new();
        } else {
            collected.extend_from_slice(&chunk.copy_to_bytes(length));
        }
    }
    if too_large { Body::TooLarge } else { Body::Whole(collected.freeze()) }
}

fn into_response(reply: &Reply) -> warp::reply::Response {
    let status = StatusCode::from_u16(reply.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    json(status, reply.body())
}

fn error(status: StatusCode, text: &str) -> warp::reply::Response {
    json(status, Reply::Failed(text.to_owned()).body())
}

fn json(status: StatusCode, body: Vec<u8>) -> warp::reply::Response {
    let mut response = warp::reply::Response::new(body.into());
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, warp::http::HeaderValue::from_static("application/json"));
    response
}

/// Makes a [`Handler`] from an async function.
pub fn handler<F>(function: impl Fn(Invocation) -> F + Send + Sync + 'static) -> Handler
where
    F: Future<Output = Reply> + Send + 'static,
{
    Arc::new(move |invocation| function(invocation).boxed())
}
