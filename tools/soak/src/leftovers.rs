//! The messages that are left in the queue of requests when a run has ended.

use std::{collections::BTreeMap, fmt, time::Duration};

use anyhow::Result;
use storage_emulator::Queue;
use tokio::time::Instant;

/// The interval between reads of the queue.
const INTERVAL: Duration = Duration::from_millis(100);
/// The visibility timeout of a message that was read, so that each is read once.
const KEPT: Duration = Duration::from_secs(600);
/// How long to wait for hidden messages. Hosts hide them for a shorter time.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// The largest number of messages in one response ("Get Messages").
const MOST_MESSAGES: u8 = 32;
/// A message that becomes visible within this time was not hidden.
const AT_ONCE: Duration = Duration::from_secs(1);

/// A message that was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Leftover {
    /// How often a host had received it.
    pub(crate) deliveries: i64,
    /// How long it was still hidden.
    pub(crate) hidden_for: Duration,
}

/// The messages that are left, by the texts' request ids.
pub(crate) type Leftovers = BTreeMap<String, Leftover>;

impl fmt::Display for Leftover {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { deliveries, hidden_for } = self;
        write!(formatter, "in the queue after {deliveries} deliveries, ")?;
        if *hidden_for < AT_ONCE {
            return formatter.write_str("visible, so that no host took it");
        }
        let seconds = hidden_for.as_secs();
        write!(
            formatter,
            "hidden for {seconds} s more: in flight, or waiting for its next delivery"
        )
    }
}

/// Receives the messages that are left, hidden ones included. The hosts must have stopped.
pub(crate) async fn collect(
    queue: &Queue,
    request_id: impl Fn(&str) -> Option<String>,
) -> Result<Leftovers> {
    let (began, mut received, mut left) = (Instant::now(), 0, Leftovers::new());
    while queue.approximate_count().await? > received && began.elapsed() < LONGEST_WAIT {
        let messages = queue.receive(MOST_MESSAGES, KEPT).await?;
        if messages.is_empty() {
            tokio::time::sleep(INTERVAL).await;
        }
        for message in messages {
            received += 1;
            let id = request_id(&message.text).unwrap_or(message.text);
            // This read was one delivery more.
            let deliveries = message.dequeue_count - 1;
            left.insert(id, Leftover { deliveries, hidden_for: began.elapsed() });
        }
    }
    Ok(left)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leftover_says_where_it_is() {
        let visible = Leftover { deliveries: 0, hidden_for: Duration::from_millis(200) };
        assert!(visible.to_string().contains("after 0 deliveries, visible"), "{visible}");
        let hidden = Leftover { deliveries: 7, hidden_for: Duration::from_secs(4) };
        assert!(hidden.to_string().contains("after 7 deliveries, hidden for 4 s"), "{hidden}");
    }
}
