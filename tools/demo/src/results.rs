//! The results that the host writes for requests.
//!
//! The demo watches the host and not the queue. So results stay in the queue for their readers, and a reader
//! who takes one first takes nothing from the demo.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use anyhow::{Context as _, Result};
use app_process::app::RESULTS;
use functions_host_emulator::WrittenMessages;
use serde_json::Value;
use tokio::sync::mpsc;

/// The results in the order in which they were written.
pub struct Results {
    arriving: mpsc::UnboundedReceiver<Value>,
    /// Results that belong to no step of the demo.
    unclaimed: VecDeque<Value>,
}

impl Results {
    /// Returns the results, and the observer that a host has to call.
    #[must_use]
    pub fn observed() -> (WrittenMessages, Self) {
        let (sender, arriving) = mpsc::unbounded_channel();
        let observer = move |queue: &str, text: &str| {
            if queue != RESULTS {
                return;
            }
            if let Ok(result) = serde_json::from_str(text) {
                // Nobody listens any more while the demo ends.
                drop(sender.send(result));
            }
        };
        (Arc::new(observer), Self { arriving, unclaimed: VecDeque::new() })
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
        let known = self.unclaimed.iter().position(&belongs);
        if let Some(result) = known.and_then(|index| self.unclaimed.remove(index)) {
            return Ok(result);
        }
        let found = async {
            while let Some(result) = self.arriving.recv().await {
                if belongs(&result) {
                    return Some(result);
                }
                self.unclaimed.push_back(result);
            }
            None
        };
        let found = tokio::time::timeout(patience, found).await.ok().flatten();
        found.context("the host has written no result; run with --verbose to see the log")
    }

    /// Waits for the next result that no step has claimed. `None` when the host has ended.
    pub async fn next(&mut self) -> Option<Value> {
        match self.unclaimed.pop_front() {
            Some(result) => Some(result),
            None => self.arriving.recv().await,
        }
    }
}

/// Whether a result has this text in a field.
pub(crate) fn has(result: &Value, field: &str, text: &str) -> bool {
    result.get(field).and_then(Value::as_str) == Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(20);

    #[tokio::test]
    async fn a_claimed_result_is_told_from_those_of_other_senders() {
        let (observer, mut results) = Results::observed();
        for id in ["theirs", "ours"] {
            observer(RESULTS, &format!(r#"{{"messageId":"{id}"}}"#));
        }
        observer("another-queue", r#"{"messageId":"ours"}"#);
        observer(RESULTS, "no JSON");
        let ours =
            results.claim(PATIENCE, |result| has(result, "messageId", "ours")).await.unwrap();
        assert!(has(&ours, "messageId", "ours"));
        let other = results.next().await.unwrap();
        assert!(has(&other, "messageId", "theirs"));
        drop(observer);
        assert!(results.next().await.is_none());
        assert!(results.claim(PATIENCE, |_| true).await.is_err());
    }
}
