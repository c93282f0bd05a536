//! The server that the host calls.
//!
//! Each invocation runs in its own task. If the host closes the connection, the work continues: a write
//! that has begun must be finished and recorded. If the work panics, only that invocation fails.

use std::{convert::Infallible, sync::Arc, time::Duration};

use bytes::Buf;
use futures_util::{FutureExt, Stream, future::BoxFuture};
use memory_cache::{FairPermit, FairSemaphore};
use tokio::{net::TcpListener, sync::watch};
use tracing::Instrument;
use warp::{
    Filter, Rejection,
    http::{HeaderMap, Method, StatusCode, header::CONTENT_TYPE},
    path::FullPath,
};

use crate::{
    body::{Body, BodyMemory, Held},
    call_ids::CallIds,
    invocation::Invocation,
    reply::Reply,
};

/// The largest number of concurrent invocations; further ones wait. The host sends at most 224 queue
/// messages at once (host.json, `batchSize` and `newBatchThreshold`) for each function with a queue
/// trigger.
const MOST_CALLS: usize = 512;

/// The time limit for receiving a body, including the wait for memory. The host sends a body at once.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// Works on invocations.
pub type Handler = Arc<dyn Fn(Invocation) -> BoxFuture<'static, Reply> + Send + Sync>;

/// Serves `handler` on `listener` until `shutdown` completes, then waits up to `drain` for invocations in
/// progress, including those whose connections were closed. Returns whether all of them ended.
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
    let places = Arc::new(Places::default());
    let server = warp::serve(routes(handler, places.clone()));
    let server = server.incoming(listener).graceful(signal).run();
    let work = async move {
        server.await;
        // An invocation outlives its connection, which the host may have closed.
        places.all_calls_ended().await;
    };
    let limit = async move {
        let _ = stopped.wait_for(|stopping| *stopping).await;
        tokio::time::sleep(drain).await;
    };
    tokio::select! {
        () = work => true,
        () = limit => false,
    }
}

fn routes(
    handler: Handler,
    places: Arc<Places>,
) -> impl Filter<Extract = (warp::reply::Response,), Error = Infallible> + Clone {
    warp::method()
        .and(warp::path::full())
        .and(warp::header::headers_cloned())
        .and(warp::body::stream())
        .then(move |method: Method, path: FullPath, headers: HeaderMap, body| {
            let function = path.as_str().trim_start_matches('/').to_owned();
            let ids = CallIds::of(&headers);
            // Every log line of the call has these.
            let span = tracing::info_span!(
                "invocation",
                trace_id = ids.trace,
                invocation_id = ids.invocation,
                function = function,
            );
            let call = (method, function, ids);
            respond(handler.clone(), places.clone(), call, body).instrument(span)
        })
        .recover(|rejection: Rejection| async move {
            tracing::error!(event = "host.rejected", "a call could not be read: {rejection:?}");
            let text = "the call could not be read".to_owned();
            Ok::<_, Infallible>(into_response(&Reply::Failed(text)))
        })
        .unify()
}

/// Limits the calls that are worked on at the same time. Functions take turns, so a flood of calls of one
/// function does not delay those of another.
struct Places {
    /// One permit for each invocation. It is taken after the body has arrived, so that a caller that never
    /// sends its body occupies none.
    calls: FairSemaphore<String>,
    memory: BodyMemory,
}

impl Default for Places {
    fn default() -> Self {
        Self { calls: FairSemaphore::new(MOST_CALLS), memory: BodyMemory::default() }
    }
}

impl Places {
    async fn all_calls_ended(&self) {
        self.calls.all_returned().await;
    }
}

async fn respond<B: Buf>(
    handler: Handler,
    places: Arc<Places>,
    (method, function, ids): (Method, String, CallIds),
    body: impl Stream<Item = Result<B, warp::Error>>,
) -> warp::reply::Response {
    if function.is_empty() {
        // The host sends this to learn that the handler listens, so it must not wait for anything.
        return json(StatusCode::OK, b"{\"status\":\"listening\"}".to_vec());
    }
    if method != Method::POST {
        return error(StatusCode::METHOD_NOT_ALLOWED, "the host calls functions by POST");
    }
    let collected = places.memory.collect(&function, body);
    let Ok((body, held)) = tokio::time::timeout(BODY_TIMEOUT, collected).await else {
        tracing::error!(event = "host.slow_body", "a call's body did not arrive in time");
        return error(StatusCode::REQUEST_TIMEOUT, "the body did not arrive in time");
    };
    let invocation = match body {
        Body::Whole(body) => Invocation::decode(function, ids.invocation, &body),
        Body::TooLarge => Ok(Invocation::too_large(function, ids.invocation)),
        Body::Broken => return error(StatusCode::BAD_REQUEST, "the body ended early"),
    };
    let mut invocation = match invocation {
        Ok(invocation) => invocation,
        Err(fault) => {
            tracing::error!(event = "host.bad_envelope", "{fault}");
            return error(StatusCode::BAD_REQUEST, &fault.to_string());
        }
    };
    invocation.trace_id = ids.trace;
    let place = places.calls.acquire(&invocation.function, 1).await;
    into_response(&run(handler, invocation, (place, held)).await)
}

/// Runs an invocation in its own task, so that it outlives its connection. It occupies its place until it
/// is done.
async fn run(
    handler: Handler,
    invocation: Invocation,
    places: (FairPermit<String>, Held),
) -> Reply {
    let work = async move {
        let reply = handler(invocation).await;
        drop(places);
        reply
    };
    match tokio::spawn(work.in_current_span()).await {
        Ok(reply) => reply,
        Err(failure) => {
            tracing::error!(event = "invocation.crashed", "{failure}");
            Reply::Failed("the invocation crashed; the handler's log says where".to_owned())
        }
    }
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

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use bytes::Bytes;
    use futures_util::{StreamExt, future::join_all, stream};
    use tokio::{task::yield_now, time::Instant};

    use super::*;
    use crate::body::{LONGEST_BEGINNING, MOST_OF_BEGINNINGS, MOST_OF_RESTS};

    /// A chunk of a body.
    fn chunk(length: usize) -> Result<Bytes, warp::Error> {
        Ok(Bytes::from(vec![b'a'; length]))
    }

    /// A body that begins with a chunk and never ends.
    fn half_sent(length: usize) -> impl Stream<Item = Result<Bytes, warp::Error>> {
        stream::iter([chunk(length)]).chain(stream::pending())
    }

    fn echo() -> Handler {
        handler(|_| async { Reply::Succeeded(crate::reply::Outputs::default()) })
    }

    async fn status(
        places: &Arc<Places>,
        body: impl Stream<Item = Result<Bytes, warp::Error>>,
    ) -> StatusCode {
        status_of(places, "Echo", body).await
    }

    async fn status_of(
        places: &Arc<Places>,
        function: &str,
        body: impl Stream<Item = Result<Bytes, warp::Error>>,
    ) -> StatusCode {
        let call = (Method::POST, function.to_owned(), CallIds::default());
        respond(echo(), places.clone(), call, body).await.status()
    }

    /// An envelope of this length, in chunks of 16 KiB. Between two of them, every other call gets one.
    fn in_turns(length: usize) -> impl Stream<Item = Result<Bytes, warp::Error>> {
        const CHUNK: usize = 16 * 1024;
        static BLANKS: [u8; CHUNK] = [b' '; CHUNK];
        let mut first = b"{\"Data\":{}}".to_vec();
        first.resize(length.min(CHUNK), b' ');
        let rest = length - first.len();
        let blanks = (0..rest).step_by(CHUNK);
        let blanks = blanks.map(move |at| Bytes::from_static(&BLANKS[..(rest - at).min(CHUNK)]));
        stream::iter(std::iter::once(Bytes::from(first)).chain(blanks)).then(|chunk| async move {
            yield_now().await;
            Ok(chunk)
        })
    }

    fn assert_nothing_is_held(places: &Places) {
        let BodyMemory { beginnings, rests } = &places.memory;
        assert_eq!((beginnings.free(), rests.free()), (MOST_OF_BEGINNINGS, MOST_OF_RESTS));
        assert_eq!(places.calls.free(), MOST_CALLS);
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_does_not_end_is_refused_after_a_while_and_frees_its_memory() {
        let places = Arc::new(Places::default());
        for length in [1000, 100_000] {
            assert_eq!(status(&places, half_sent(length)).await, StatusCode::REQUEST_TIMEOUT);
            assert_nothing_is_held(&places);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_bytes_of_all_bodies_are_bounded() {
        let (places, other) = (Arc::new(Places::default()), "Other".to_owned());
        let beginnings = places.memory.beginnings.acquire(&other, MOST_OF_BEGINNINGS).await;
        assert_eq!(status(&places, in_turns(1000)).await, StatusCode::REQUEST_TIMEOUT);
        drop(beginnings);
        assert_eq!(status(&places, in_turns(1000)).await, StatusCode::OK);
        let rests = places.memory.rests.acquire(&other, MOST_OF_RESTS).await;
        let large = || in_turns(LONGEST_BEGINNING + 1);
        assert_eq!(status(&places, large()).await, StatusCode::REQUEST_TIMEOUT);
        drop(rests);
        assert_eq!(status(&places, large()).await, StatusCode::OK);
        assert_nothing_is_held(&places);
    }

    #[tokio::test(start_paused = true)]
    async fn large_bodies_that_arrive_at_the_same_time_do_not_wait_for_each_other_for_ever() {
        let (places, started) = (Arc::new(Places::default()), Instant::now());
        let large = (0..200).map(|_| ("Large", 1000 * 1024));
        let bodies = large.chain([("Small", 1024)]);
        let calls = bodies.map(|(function, length)| status_of(&places, function, in_turns(length)));
        assert!(join_all(calls).await.iter().all(|status| *status == StatusCode::OK));
        assert_eq!(started.elapsed(), Duration::ZERO);
        assert_nothing_is_held(&places);
    }

    #[tokio::test]
    async fn many_calls_of_one_function_delay_a_call_of_another_by_one() {
        let (places, order) = (Arc::new(Places::default()), Arc::new(Mutex::new(Vec::new())));
        let noted = order.clone();
        let handler = handler(move |invocation| {
            noted.lock().unwrap().push(invocation.function);
            async { Reply::Succeeded(crate::reply::Outputs::default()) }
        });
        let all = places.calls.acquire(&"Flood".to_owned(), MOST_CALLS).await;
        let call = |function: &str| {
            let envelope =
                stream::iter([Ok::<_, warp::Error>(Bytes::from_static(b"{\"Data\":{}}"))]);
            let call = (Method::POST, function.to_owned(), CallIds::default());
            respond(handler.clone(), places.clone(), call, envelope)
        };
        let names = std::iter::repeat_n("Flood", 2 * MOST_CALLS).chain(["Other"]);
        let calls = join_all(names.map(call));
        tokio::join!(calls, async { drop(all) });
        let order = order.lock().unwrap();
        let place = order.iter().position(|function| function == "Other").unwrap();
        assert!(place <= 1, "{place} calls went first");
    }
}
