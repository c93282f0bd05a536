//! An app for a test: host.json, function folders, an account of its own, and the stub handler.

use std::{ops::Deref, time::Duration};

use functions_host_emulator::{
    FinishedInvocation, FunctionsHost, HostKey, KeyLevel, Options, Outcome,
};
use loopback::http_client_builder;
use reqwest::{Method, RequestBuilder, header::CONTENT_TYPE};
use serde_json::{Value, json};
use storage_emulator::{Account, Azurite, Queue, Table};
use tempfile::TempDir;

/// A deadline that no test reaches, even on a busy machine.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);
/// A visibility timeout that no test outlasts.
pub(crate) const HIDDEN: Duration = Duration::from_secs(600);

pub(crate) struct App {
    pub(crate) account: Account,
    pub(crate) root: TempDir,
    pub(crate) options: Options,
}

/// A running app.
pub(crate) struct Running {
    host: FunctionsHost,
    account: Account,
    _root: TempDir,
}

pub(crate) async fn account() -> Account {
    Azurite::shared_account().await.unwrap()
}

impl App {
    pub(crate) async fn new() -> Self {
        let account = account().await;
        let root = tempfile::tempdir().unwrap();
        let stub = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/functions_host/stub-handler.js");
        let queues = json!({ "maxPollingInterval": "00:00:00.1", "messageEncoding": "none" });
        let host_json = json!({
            "version": "2.0",
            "extensions": { "queues": queues },
            "customHandler": { "description": { "defaultExecutablePath": stub } },
        });
        std::fs::write(root.path().join("host.json"), host_json.to_string()).unwrap();
        let options = Options::new(root.path());
        Self { account, root, options }.with("AzureWebJobsStorage", None)
    }

    /// Sets a variable, by default to the connection string.
    pub(crate) fn with(mut self, name: &str, value: Option<&str>) -> Self {
        let value = value.map_or_else(|| self.account.connection_string(), str::to_owned);
        self.options.environment.push((name.to_owned(), value));
        self
    }

    /// Overrides a value of host.json.
    pub(crate) fn with_host_json(self, path: &str, value: &str) -> Self {
        self.with(&format!("AzureFunctionsJobHost__{path}"), Some(value))
    }

    pub(crate) fn with_bindings(self, function: &str, bindings: &Value) -> Self {
        let folder = self.root.path().join(function);
        std::fs::create_dir(&folder).unwrap();
        let json = json!({ "bindings": bindings });
        std::fs::write(folder.join("function.json"), json.to_string()).unwrap();
        self
    }

    /// Adds a function that is triggered by the queue of its name, in lower case, and can write to the
    /// queue `next`.
    pub(crate) async fn with_function(self, function: &str) -> Self {
        let queue = function.to_lowercase();
        self.account.queue(&queue).unwrap().create_if_missing().await.unwrap();
        self.with_bindings(function, &json!([trigger(&queue), output("next")]))
    }

    /// Adds a function that answers requests to `/api/<route>`, and can write to the queue `next`.
    pub(crate) fn with_http_function(self, function: &str, level: &str, route: &str) -> Self {
        let bindings = json!([request(level, route), response(), output("next")]);
        self.with_bindings(function, &bindings)
    }

    /// Adds a key.
    pub(crate) fn with_key(mut self, name: &str, value: &str, level: KeyLevel) -> Self {
        self.options.keys.push(HostKey { name: name.to_owned(), value: value.to_owned(), level });
        self
    }

    /// Starts the host without waiting for the handler.
    pub(crate) async fn start(self) -> Running {
        let host = FunctionsHost::start(self.options).await.unwrap();
        Running { host, account: self.account, _root: self.root }
    }

    /// Starts the host and waits for the handler.
    pub(crate) async fn run(self) -> Running {
        let running = self.start().await;
        running.ready().await.unwrap();
        running
    }
}

pub(crate) fn trigger(queue: &str) -> Value {
    json!({ "type": "queueTrigger", "direction": "in", "name": "msg", "queueName": queue,
            "dataType": "binary" })
}

pub(crate) fn request(level: &str, route: &str) -> Value {
    json!({ "type": "httpTrigger", "direction": "in", "name": "req", "authLevel": level,
            "route": route })
}

pub(crate) fn response() -> Value {
    json!({ "type": "http", "direction": "out", "name": "res" })
}

pub(crate) fn output(queue: &str) -> Value {
    json!({ "type": "queue", "direction": "out", "name": "next", "queueName": queue })
}

/// The status, media type and body of a response.
pub(crate) async fn answer(request: RequestBuilder) -> (u16, String, String) {
    let answer = request.send().await.unwrap();
    let content_type = answer.headers().get(CONTENT_TYPE);
    let content_type = content_type.map_or("", |value| value.to_str().unwrap()).to_owned();
    (answer.status().as_u16(), content_type, answer.text().await.unwrap())
}

impl Deref for Running {
    type Target = FunctionsHost;

    fn deref(&self) -> &FunctionsHost {
        &self.host
    }
}

impl Running {
    pub(crate) fn queue(&self, name: &str) -> Queue {
        self.account.queue(name).unwrap()
    }

    pub(crate) fn table(&self, name: &str) -> Table {
        self.account.table(name)
    }

    pub(crate) async fn send(&self, queue: &str, text: &str) {
        self.queue(queue).send(text).await.unwrap();
    }

    /// The stored texts of a queue's messages.
    pub(crate) async fn texts(&self, queue: &str) -> Vec<String> {
        let messages = self.queue(queue).peek().await.unwrap();
        messages.into_iter().map(|message| message.text).collect()
    }

    pub(crate) async fn finished(&self, count: usize) -> Vec<FinishedInvocation> {
        self.wait_for_invocations(count, DEADLINE).await.unwrap()
    }

    /// The reason why the first invocation failed.
    pub(crate) async fn failure(&self) -> String {
        match self.finished(1).await.remove(0).outcome {
            Outcome::Failed(reason) => reason,
            other => panic!("{other:?}"),
        }
    }

    /// The details of all events of this name that the handler has printed, at least one.
    pub(crate) async fn events(&self, name: &str) -> Vec<Value> {
        let prefix = format!("{name} ");
        self.wait_for_log(&prefix, DEADLINE).await.unwrap();
        let log = self.log().into_iter();
        let details =
            log.filter_map(|record| record.message.strip_prefix(&prefix).map(str::to_owned));
        details.map(|text| serde_json::from_str(&text).unwrap()).collect()
    }

    /// The invocations that the handler received, decoded.
    pub(crate) async fn received(&self) -> Vec<Value> {
        let events = self.events("received").await;
        let bodies = events.iter().map(|event| event.get("body").and_then(Value::as_str).unwrap());
        bodies.map(|body| serde_json::from_str(body).unwrap()).collect()
    }

    /// A request to the host.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let client = http_client_builder().build().unwrap();
        client.request(method, self.http_url().join(path).unwrap())
    }

    /// The status, media type and body of the response to a `POST`.
    pub(crate) async fn post(&self, path: &str, body: &str) -> (u16, String, String) {
        answer(self.request(Method::POST, path).body(body.to_owned())).await
    }

    pub(crate) async fn stop(self) {
        self.host.stop().await;
    }
}
