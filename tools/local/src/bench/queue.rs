//! A queue full of requests, and hosts that empty it.

use std::time::{Duration, Instant};

use functions_host_emulator::{FunctionsHost, Outcome as InvocationOutcome};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use storage_emulator::{Account, Queue};
use tenant_emulator::ServicePrincipal;

use super::stage::message;
use crate::{
    Outcome,
    app::{REQUESTS, RESULTS},
};

/// How many messages are sent at once while the queue is filled.
const SENDERS: usize = 16;
/// How often the queue is looked at; the times are precise to so much.
const INTERVAL: Duration = Duration::from_millis(20);

/// The queue with a request for each identity, before anybody listens to it.
pub(super) async fn fill(account: &Account, identities: &[ServicePrincipal]) -> Outcome<Queue> {
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

/// Waits until so many requests have been worked on and the queue is empty, or patience is over; answers
/// when that was.
///
/// The host deletes a message after its result was written, so an empty queue means all results. The
/// queue is not asked before the hosts say so: Azurite has enough to do.
pub(super) async fn until_empty(
    requests: &Queue,
    hosts: &[FunctionsHost],
    count: usize,
    patience: Duration,
) -> Outcome<Instant> {
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
