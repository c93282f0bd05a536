//! Calls to a handler, so many at once, without a host.

use std::time::{Duration, Instant};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use reqwest::{
    Client, StatusCode,
    header::{CONTENT_TYPE, TRANSFER_ENCODING},
};
use uuid::Uuid;

use crate::Outcome;

/// A call: where to, and its body.
pub(super) struct Call {
    pub(super) url: String,
    pub(super) body: String,
}

/// What many calls took.
pub(super) struct Posted {
    /// Of each call, until its answer was there.
    pub(super) latencies: Vec<Duration>,
    /// From the first call to the last answer.
    pub(super) took: Duration,
}

/// A client for calls, which keeps its connections as the host does.
pub(super) fn client() -> Outcome<Client> {
    storage_emulator::install_crypto_provider();
    Ok(Client::builder().no_proxy().tls_certs_only([]).build()?)
}

/// Makes all calls in their order, so many at once; an error if one is not answered with 200.
pub(super) async fn post_all(
    client: &Client,
    calls: Vec<Call>,
    in_flight: usize,
) -> Outcome<Posted> {
    let began = Instant::now();
    let latencies = stream::iter(calls)
        .map(|call| async move {
            let began = Instant::now();
            post(client, call).await?;
            Ok::<_, crate::Error>(began.elapsed())
        })
        .buffer_unordered(in_flight)
        .try_collect()
        .await?;
    Ok(Posted { latencies, took: began.elapsed() })
}

/// Makes one call as the host does; the answer's body.
pub(super) async fn post(client: &Client, call: Call) -> Outcome<String> {
    let answer = client
        .post(&call.url)
        .header("X-Azure-Functions-InvocationId", Uuid::new_v4().to_string())
        .header(CONTENT_TYPE, "application/json; charset=utf-8")
        // The host serialises while it sends, so it never knows the length.
        .header(TRANSFER_ENCODING, "chunked")
        .body(call.body)
        .send()
        .await?;
    let status = answer.status();
    let body = answer.text().await?;
    match status {
        StatusCode::OK => Ok(body),
        other => Err(format!("{} was answered with {other}: {body}", call.url).into()),
    }
}
