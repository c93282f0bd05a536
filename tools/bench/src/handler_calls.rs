//! Calls to a handler without a host, many at once.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use futures_util::{Stream, StreamExt as _, TryStreamExt as _, stream};
use reqwest::{
    Client, StatusCode,
    header::{CONTENT_TYPE, TRANSFER_ENCODING},
};
use uuid::Uuid;

/// A call to a function of the handler.
pub(crate) struct Call {
    pub(crate) url: String,
    pub(crate) body: String,
}

/// The duration of many calls.
pub(crate) struct Posted {
    /// The duration of each call.
    pub(crate) latencies: Vec<Duration>,
    /// The time from the first call to the last response.
    pub(crate) took: Duration,
}

/// A client that keeps its connections, as the host does.
pub(crate) fn client() -> Result<Client> {
    Ok(loopback::http_client_builder().build()?)
}

/// Makes all calls in order, up to `in_flight` at once. Fails if a response is not 200.
pub(crate) async fn post_all(
    client: &Client,
    calls: Vec<Call>,
    in_flight: usize,
) -> Result<Posted> {
    post_each(client, stream::iter(calls), in_flight).await
}

/// Like [`post_all`], with calls that come one after the other.
pub(crate) async fn post_each(
    client: &Client,
    calls: impl Stream<Item = Call>,
    in_flight: usize,
) -> Result<Posted> {
    let began = Instant::now();
    let latencies = calls
        .map(|call| async move {
            let began = Instant::now();
            post(client, call).await?;
            Ok::<_, anyhow::Error>(began.elapsed())
        })
        .buffer_unordered(in_flight)
        .try_collect()
        .await?;
    Ok(Posted { latencies, took: began.elapsed() })
}

/// Makes one call as the host does and returns the body of the response.
pub(crate) async fn post(client: &Client, call: Call) -> Result<String> {
    let answer = client
        .post(&call.url)
        .header("X-Azure-Functions-InvocationId", Uuid::new_v4().to_string())
        .header(CONTENT_TYPE, "application/json; charset=utf-8")
        // The host serialises while it sends, so it never sends a length.
        .header(TRANSFER_ENCODING, "chunked")
        .body(call.body)
        .send()
        .await?;
    let status = answer.status();
    let body = answer.text().await?;
    match status {
        StatusCode::OK => Ok(body),
        other => bail!("{} answered {other}: {body}", call.url),
    }
}
