//! The queues of a run: their messages are received, counted and waited for.

use std::{collections::BTreeMap, time::Duration};

use anyhow::Result;
use app_process::app::{FAILED, POISON};
use serde::Deserialize;
use serde_json::Value;
use storage_emulator::{Account, Queue};

/// The interval between reads of an empty queue.
pub(crate) const INTERVAL: Duration = Duration::from_millis(100);
/// The visibility timeout of a received message, which is deleted at once unless the run ends first.
const LEASE: Duration = Duration::from_secs(5);
/// The largest number of messages in one response ("Get Messages").
const MOST_MESSAGES: u8 = 32;

/// Waits until no message is left, hidden ones included.
pub(crate) async fn wait_until_empty(queues: [&Queue; 2]) -> Result<()> {
    for queue in queues {
        while queue.approximate_count().await? > 0 {
            tokio::time::sleep(INTERVAL).await;
        }
    }
    Ok(())
}

/// Receives some messages and returns their number. A message that is not deleted, because the run ends
/// first, is delivered again.
pub(crate) async fn take(queue: &Queue, mut note: impl FnMut(&str)) -> Result<usize> {
    let messages = queue.receive(MOST_MESSAGES, LEASE).await?;
    for message in &messages {
        note(&message.text);
        queue.delete(&message.id, &message.pop_receipt).await?;
    }
    Ok(messages.len())
}

/// Receives all messages, hidden ones included.
pub(crate) async fn take_all(queue: &Queue, mut note: impl FnMut(&str)) -> Result<()> {
    while queue.approximate_count().await? > 0 {
        if take(queue, &mut note).await? == 0 {
            tokio::time::sleep(INTERVAL).await;
        }
    }
    Ok(())
}

/// The fields of a failed request that the checks need.
#[derive(Deserialize)]
struct FailedRequest {
    request: String,
    reason: String,
}

/// The requests on which the handler or the host gave up. The queues exist only if there are some.
pub(crate) async fn given_up(account: &Account) -> Result<BTreeMap<String, String>> {
    let mut given_up = BTreeMap::new();
    for name in [FAILED, POISON] {
        let queue = account.queue(name)?;
        if !queue.exists().await? {
            continue;
        }
        let note = |text: &str| {
            given_up.extend(match serde_json::from_str::<FailedRequest>(text) {
                Ok(failed) => request_id(&failed.request).zip(Some(failed.reason)),
                Err(_) => request_id(text).zip(Some(format!("in {name}"))),
            });
        };
        take_all(&queue, note).await?;
    }
    Ok(given_up)
}

pub(crate) fn request_id(text: &str) -> Option<String> {
    let request: Value = serde_json::from_str(text).ok()?;
    request.get("requestId")?.as_str().map(str::to_owned)
}
