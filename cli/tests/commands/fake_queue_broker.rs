//! A broker that takes requests from a queue and puts prepared results into another.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::{Value, json};
use storage_emulator::{Account, Azurite, Queue};
use tokio::{process::Command, task::JoinHandle};

use crate::world::{Ended, World, end};

/// How long the broker hides a message that it works on.
const LEASE: Duration = Duration::from_secs(30);

/// The wait between two looks into the queue.
const POLL: Duration = Duration::from_millis(20);

/// A storage account with a request queue and a results queue, and perhaps a broker between them.
pub(crate) struct Queues {
    pub(crate) account: Account,
    pub(crate) requests: Queue,
    pub(crate) results: Queue,
    received: Arc<Mutex<Vec<Value>>>,
    broker: Option<JoinHandle<()>>,
}

impl Queues {
    /// Queues that no broker reads.
    pub(crate) async fn without_broker() -> Self {
        Self::of(Azurite::shared_account().await.unwrap()).await
    }

    /// Queues of this account, which no broker reads.
    pub(crate) async fn of(account: Account) -> Self {
        let [requests, results] =
            ["app-role-requests", "app-role-results"].map(|name| account.queue(name).unwrap());
        requests.create_if_missing().await.unwrap();
        results.create_if_missing().await.unwrap();
        Self { account, requests, results, received: Arc::default(), broker: None }
    }

    /// Queues with a broker that answers each request with these results.
    pub(crate) async fn answering(
        answer: impl Fn(&Value) -> Vec<Value> + Send + Sync + 'static,
    ) -> Self {
        Self::without_broker().await.answered(answer)
    }

    /// Starts a broker that answers each request with these results.
    pub(crate) fn answered(
        mut self,
        answer: impl Fn(&Value) -> Vec<Value> + Send + Sync + 'static,
    ) -> Self {
        let [requests, results] =
            ["app-role-requests", "app-role-results"].map(|name| self.account.queue(name).unwrap());
        let received = self.received.clone();
        self.broker = Some(tokio::spawn(async move {
            let mut looks = tokio::time::interval(POLL);
            loop {
                looks.tick().await;
                for message in requests.receive(32, LEASE).await.unwrap() {
                    let request: Value = serde_json::from_str(&message.text).unwrap();
                    for mut result in answer(&request) {
                        result["messageId"] = json!(message.id);
                        results.send(&result.to_string()).await.unwrap();
                    }
                    received.lock().unwrap().push(request);
                    requests.delete(&message.id, &message.pop_receipt).await.unwrap();
                }
            }
        }));
        self
    }

    /// Returns the requests that the broker received.
    pub(crate) fn received(&self) -> Vec<Value> {
        self.received.lock().unwrap().clone()
    }

    /// Returns a command of the program that knows these queues.
    pub(crate) fn command(&self, world: &World, arguments: &[&str]) -> Command {
        let mut command = world.command(arguments);
        command.env("APP_ROLE_REQUESTS", self.account.connection_string());
        command
    }

    /// Runs `app-role submit assign` by queue.
    pub(crate) async fn submit(&self, world: &World, more: &[&str]) -> Ended {
        let assign = ["submit", "assign", "id-orders", "api://orders", "Orders.Read"];
        let ended = end(self.command(world, &[&assign[..], more].concat()), "").await;
        assert!(!format!("{ended:?}").contains(self.account.key()), "a key was printed");
        ended
    }

    /// Returns the texts of the first messages in the results queue.
    pub(crate) async fn left(&self) -> Vec<String> {
        let messages = self.results.peek().await.unwrap();
        messages.into_iter().map(|message| message.text).collect()
    }
}

impl Drop for Queues {
    fn drop(&mut self) {
        if let Some(broker) = &self.broker {
            broker.abort();
        }
    }
}
