//! The world around one handler: a tenant, a storage account, a host that starts and calls it.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use local::{
    functions_host::{FunctionsHost, Options},
    storage::{Account, Azurite, Queue, StorageProxy},
    tenant::{Tenant, contoso::contoso},
};
use serde_json::Value;
use tempfile::TempDir;

pub(crate) const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// How long anything may take before a test fails: far more than it needs on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// How long a received result stays hidden; tests take each one once.
const LEASE: Duration = Duration::from_secs(300);

/// A policy that lets the stock queue give `Orders.Read` to what lies in rg-orders-dev.
pub(crate) const POLICY: &str = r#"{ "version": 1, "allow": [ {
    "name": "orders workloads",
    "requesters": ["queue:app-role-requests"],
    "principals": ["/subscriptions/c0a70500-0000-4000-8000-000000000002/resourceGroups/rg-orders-dev"],
    "api": "c0a70500-0000-4000-8000-0000000000b1",
    "roles": ["Orders.Read"] } ] }"#;

/// A policy that lets the stock queue give and take two roles anywhere in the subscription.
pub(crate) const WIDE_POLICY: &str = r#"{ "version": 1, "allow": [ {
    "name": "all workloads",
    "requesters": ["queue:app-role-requests"],
    "principals": ["/subscriptions/c0a70500-0000-4000-8000-000000000002"],
    "api": "c0a70500-0000-4000-8000-0000000000b1",
    "roles": ["Orders.Read", "Orders.Write"], "actions": ["assign", "revoke"] } ] }"#;

/// What a world is made of; the default is the app as it ships, with [`POLICY`].
pub(crate) struct Plan {
    pub(crate) app_root: PathBuf,
    pub(crate) policy: Option<String>,
    pub(crate) tenant: Tenant,
    pub(crate) environment: Vec<(String, String)>,
    /// Reaches the queues through a proxy.
    pub(crate) with_proxy: bool,
    /// How long a message stays hidden from others after its host has died.
    pub(crate) message_lease: Option<Duration>,
}

impl Plan {
    pub(crate) async fn new() -> Self {
        Self {
            app_root: ROOT.into(),
            policy: Some(POLICY.to_owned()),
            tenant: Tenant::start(contoso()).await.unwrap(),
            environment: Vec::new(),
            with_proxy: false,
            message_lease: None,
        }
    }

    /// Lets [`WIDE_POLICY`] decide.
    pub(crate) fn wide(mut self) -> Self {
        self.policy = Some(WIDE_POLICY.to_owned());
        self
    }

    /// Sets an app setting.
    pub(crate) fn set(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The delivery after which the host gives a message up.
    pub(crate) fn deliveries(self, count: u32) -> Self {
        self.set("AzureFunctionsJobHost__extensions__queues__maxDequeueCount", &count.to_string())
    }

    /// Starts everything and waits until the handler listens.
    pub(crate) async fn start(self) -> World {
        let account = Azurite::shared().await.unwrap().account().unwrap();
        let [requests, results, failed, poison] = [
            "app-role-requests",
            "app-role-results",
            "app-role-failed",
            "app-role-requests-poison",
        ]
        .map(|name| account.queue(name).unwrap());
        requests.create_if_missing().await.unwrap();
        results.create_if_missing().await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let policy_file = folder.path().join("policy.json");
        if let Some(policy) = &self.policy {
            std::fs::write(&policy_file, policy).unwrap();
        }
        let azurite = account.queue_endpoint().port().unwrap();
        let proxy = StorageProxy::start(azurite, SEED).await.unwrap();
        let port = if self.with_proxy { proxy.port() } else { azurite };
        let connection = account.clone().with_queue_port(port).unwrap().connection_string();
        let queues = "AzureFunctionsJobHost__extensions__queues__";
        let mut options = Options::new(self.app_root);
        options.environment = self.tenant.environment();
        options.environment.extend(
            [
                ("RequestQueues", connection.as_str()),
                ("AzureWebJobsStorage", &connection),
                ("POLICY_FILE", policy_file.to_str().unwrap()),
                ("PACE_FACTOR", "0.05"),
                (&format!("{queues}visibilityTimeout"), "00:00:01"),
                (&format!("{queues}maxPollingInterval"), "00:00:00.2"),
                (
                    "AzureFunctionsJobHost__customHandler__description__defaultExecutablePath",
                    env!("CARGO_BIN_EXE_app-role-broker"),
                ),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned())),
        );
        options.environment.extend(self.environment);
        options.message_lease = self.message_lease.unwrap_or(options.message_lease);
        let host = FunctionsHost::start(options.clone()).await.unwrap();
        host.ready().await.unwrap();
        World {
            tenant: self.tenant,
            host,
            requests,
            results,
            failed,
            poison,
            account,
            proxy,
            options,
            _folder: folder,
        }
    }
}

/// Decides which connections suffer when the proxy is told to make trouble.
const SEED: u64 = 7;

/// A running world.
pub(crate) struct World {
    pub(crate) tenant: Tenant,
    pub(crate) host: FunctionsHost,
    pub(crate) requests: Queue,
    pub(crate) results: Queue,
    pub(crate) failed: Queue,
    pub(crate) poison: Queue,
    pub(crate) account: Account,
    pub(crate) proxy: StorageProxy,
    options: Options,
    _folder: TempDir,
}

impl World {
    pub(crate) async fn start() -> Self {
        Plan::new().await.start().await
    }

    /// Starts a host in place of the one that has stopped, as Azure does.
    pub(crate) async fn start_host_again(&mut self) {
        self.host = FunctionsHost::start(self.options.clone()).await.unwrap();
        self.host.ready().await.unwrap();
    }

    /// Sends a message and waits for its result, however many deliveries it takes.
    pub(crate) async fn ask(&self, message: &str) -> Value {
        self.requests.send(message).await.unwrap();
        self.results(1).await.remove(0)
    }

    /// Waits until so many invocations more have succeeded, and takes their results.
    pub(crate) async fn results(&self, count: usize) -> Vec<Value> {
        let mut results = Vec::new();
        let mut finished = 0;
        while results.len() < count {
            let invocations = self.host.wait_for_invocations(finished + 1, PATIENCE).await.unwrap();
            finished = invocations.len();
            for message in self.results.receive(32, LEASE).await.unwrap() {
                results.push(serde_json::from_str(&message.text).unwrap());
            }
        }
        results
    }

    /// The messages of a queue, which may not exist.
    pub(crate) async fn messages(&self, queue: &Queue) -> Vec<Value> {
        if !queue.exists().await.unwrap() {
            return Vec::new();
        }
        let messages = queue.peek().await.unwrap();
        messages.iter().map(|message| serde_json::from_str(&message.text).unwrap()).collect()
    }

    /// The same, once there are any.
    pub(crate) async fn first_messages(&self, queue: &Queue) -> Vec<Value> {
        loop {
            let messages = self.messages(queue).await;
            if !messages.is_empty() {
                return messages;
            }
        }
    }

    /// Waits until the log has a line with this text.
    pub(crate) async fn logs(&self, text: &str) -> String {
        self.host.wait_for_log(text, PATIENCE).await.unwrap().message
    }

    /// Whether nothing was written to the tenant beyond what it held at the start.
    pub(crate) fn is_untouched(&self) -> bool {
        self.tenant.count(local::tenant::Route::CreateAssignment) == 0
    }
}

/// Graph's own body of an assignment.
pub(crate) fn request(principal: &str, api: &str, role: &str) -> String {
    format!(r#"{{"principalId":"{principal}","resourceId":"{api}","appRoleId":"{role}"}}"#)
}

/// A request by names.
pub(crate) fn named(action: &str, principal: &str, roles: &[&str]) -> String {
    serde_json::json!({
        "action": action, "principal": principal, "api": "api://orders", "roles": roles,
    })
    .to_string()
}

/// What a result says of its one role.
pub(crate) fn role(result: &Value) -> &Value {
    let roles = result["roles"].as_array().unwrap();
    assert_eq!(roles.len(), 1, "{result}");
    &roles[0]
}

/// A copy of the app's files, to change.
pub(crate) fn app_root() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("AssignRole")).unwrap();
    for file in ["host.json", "policy.json", "AssignRole/function.json"] {
        std::fs::copy(Path::new(ROOT).join(file), folder.path().join(file)).unwrap();
    }
    folder
}

/// The status of each role of a result.
pub(crate) fn statuses(result: &Value) -> Vec<&str> {
    let roles = result["roles"].as_array().unwrap();
    roles.iter().map(|role| role["status"].as_str().unwrap()).collect()
}
