//! A queue of requests that hosts work off.

use std::time::{Duration, Instant};

use anyhow::Result;
use app_process::app::{REQUESTS, RESULTS};
use functions_host_emulator::{FunctionsHost, Outcome as InvocationOutcome};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use storage_emulator::{Account, Queue};
use tenant_emulator::ServicePrincipal;

use crate::workload::message;

/// The number of concurrent senders.
const SENDERS: usize = 16;
/// The interval between reads of the queue, and the precision of the time.
const INTERVAL: Duration = Duration::from_millis(20);

/// Creates the queue with a request for each identity.
pub(crate) async fn fill(account: &Account, identities: &[ServicePrincipal]) -> Result<Queue> {
    let requests = account.queue(REQUESTS)?;
    requests.create_if_missing().await?;
    account.queue(RESULTS)?.create_if_missing().await?;
    stream::iter(identities)
        .map(|identity| {
            let (requests, text) = (&requests, message(identity));
            async move { requests.send(&text).await }
        })
        .buffer_unordered(SENDERS)
        .try_for_each(|()| std::future::ready(Ok(())))
        .await?;
    Ok(requests)
}

/// Waits until `count` requests have succeeded and the queue is empty, or `patience` is over, and returns
/// that time.
///
/// The host deletes a message after it has written the result, so an empty queue means that all
/// results exist. The queue is not read before the hosts have succeeded, to spare Azurite.
pub(crate) async fn wait_until_empty(
    requests: &Queue,
    hosts: &[FunctionsHost],
    count: usize,
    patience: Duration,
) -> Result<Instant> {
    let began = Instant::now();
    loop {
        let succeeded: usize = hosts.iter().map(succeeded).sum();
        let is_empty = succeeded >= count && requests.approximate_count().await? == 0;
        if is_empty || began.elapsed() > patience {
            return Ok(Instant::now());
        }
        tokio::time::sleep(INTERVAL).await;
    }
}

fn succeeded(host: &FunctionsHost) -> usize {
    let invocations = host.invocations();
    invocations.iter().filter(|one| one.outcome == InvocationOutcome::Succeeded).count()
}
