//! The results of requests.
//!
//! The demo takes none from the queue: it watches what the host writes, and peeks at what the broker itself
//! writes after an approval. So results stay in the queue for their readers, and a reader who takes one
//! does not disturb the demo.

use std::{
    collections::{BTreeSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context as _, Result};
use app_process::app::RESULTS;
use functions_host_emulator::WrittenMessages;
use serde_json::Value;
use storage_emulator::Queue;
use tokio::sync::mpsc;

/// The pause between two looks into the queue. A look shows the 32 oldest messages.
const PAUSE: Duration = Duration::from_millis(500);

/// The results in the order in which they were written.
pub struct Results {
    queue: Queue,
    arriving: mpsc::UnboundedReceiver<String>,
    /// Results that belong to no step of the demo.
    unclaimed: VecDeque<Value>,
    seen: BTreeSet<String>,
}

impl Results {
    /// Returns the results, and the observer that a host has to call.
    #[must_use]
    pub fn observed(queue: Queue) -> (WrittenMessages, Self) {
        let (sender, arriving) = mpsc::unbounded_channel();
        let observer = move |queue: &str, text: &str| {
            if queue == RESULTS {
                // A demo that is ending no longer listens.
                drop(sender.send(text.to_owned()));
            }
        };
        let (unclaimed, seen) = (VecDeque::new(), BTreeSet::new());
        (Arc::new(observer), Self { queue, arriving, unclaimed, seen })
    }

    /// Waits for the first result that belongs to a request. Keeps the others for [`Self::next`].
    ///
    /// # Errors
    ///
    /// If there is none in time.
    pub async fn claim(
        &mut self,
        patience: Duration,
        belongs: impl Fn(&Value) -> bool,
    ) -> Result<Value> {
        let found = async {
            while let Some(text) = self.arriving.recv().await {
                match self.read(text) {
                    Some(result) if belongs(&result) => return Some(result),
                    other => self.unclaimed.extend(other),
                }
            }
            None
        };
        let found = tokio::time::timeout(patience, found).await.ok().flatten();
        found.context("the host has written no result; run with --verbose to see the log")
    }

    /// Passes over the results that are in the queue already.
    pub async fn skip_known(&mut self) {
        for text in self.peek().await {
            self.seen.insert(text);
        }
    }

    /// Waits for the next result that no step has claimed. `None` when the host has ended.
    pub async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some(result) = self.unclaimed.pop_front() {
                return Some(result);
            }
            let texts = tokio::select! {
                text = self.arriving.recv() => vec![text?],
                () = tokio::time::sleep(PAUSE) => self.peek().await,
            };
            for text in texts {
                let result = self.read(text);
                self.unclaimed.extend(result);
            }
        }
    }

    /// The texts in the queue; none if a reader has deleted the queue.
    async fn peek(&self) -> Vec<String> {
        let messages = self.queue.peek().await.unwrap_or_default();
        messages.into_iter().map(|message| message.text).collect()
    }

    /// Reads a message that was not seen before. A message that is not a result came from another writer.
    fn read(&mut self, text: String) -> Option<Value> {
        let result = serde_json::from_str(&text).ok().filter(Value::is_object);
        self.seen.insert(text).then_some(result)?
    }
}

/// Whether a result has this text in a field.
pub(crate) fn has(result: &Value, field: &str, text: &str) -> bool {
    result.get(field).and_then(Value::as_str) == Some(text)
}

#[cfg(test)]
mod tests {
    use storage_emulator::Azurite;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(60);

    fn result(id: &str) -> String {
        format!(r#"{{"messageId":"{id}"}}"#)
    }

    async fn queue() -> Queue {
        let account = Azurite::shared_account().await.unwrap();
        let queue = account.queue(RESULTS).unwrap();
        queue.create_if_missing().await.unwrap();
        queue
    }

    #[tokio::test]
    async fn a_claimed_result_is_told_from_those_of_other_senders() {
        let (observer, mut results) = Results::observed(queue().await);
        observer("another-queue", &result("ours"));
        for text in ["no JSON", "[]", &result("theirs"), &result("ours")] {
            observer(RESULTS, text);
        }
        let ours = |result: &Value| has(result, "messageId", "ours");
        assert!(ours(&results.claim(PATIENCE, ours).await.unwrap()));
        assert!(has(&results.next().await.unwrap(), "messageId", "theirs"));
        drop(observer);
        assert!(results.claim(PATIENCE, |_| true).await.is_err());
    }

    #[tokio::test]
    async fn a_result_is_shown_once_although_the_queue_keeps_it() {
        let queue = queue().await;
        queue.send(&result("before")).await.unwrap();
        let (observer, mut results) = Results::observed(queue.clone());
        results.skip_known().await;
        for id in ["by the host", "by the broker"] {
            queue.send(&result(id)).await.unwrap();
        }
        observer(RESULTS, &result("by the host"));
        for id in ["by the host", "by the broker"] {
            assert!(has(&results.next().await.unwrap(), "messageId", id));
        }
        assert_eq!(queue.peek().await.unwrap().len(), 3);
    }

    #[tokio::test]
    async fn a_reader_who_takes_everything_first_takes_nothing_from_the_demo() {
        let queue = queue().await;
        let (observer, mut results) = Results::observed(queue.clone());
        queue.send(&result("ours")).await.unwrap();
        queue.clear().await.unwrap();
        observer(RESULTS, &result("ours"));
        let claimed = results.claim(PATIENCE, |_| true).await.unwrap();
        assert!(has(&claimed, "messageId", "ours"));
        observer(RESULTS, &result("next"));
        assert!(has(&results.next().await.unwrap(), "messageId", "next"));
    }
}
