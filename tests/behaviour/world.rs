//! The world around one handler: a tenant, a storage account, and a host that starts and calls it.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use functions_host_emulator::{EasyAuth, FunctionsHost, HostKey, Options};
use loopback::{http_client_builder, until_found};
use reqwest::Url;
use serde_json::Value;
use storage_emulator::{Account, Azurite, Entity, Queue, StorageError, StorageProxy, TableProxy};
use tempfile::TempDir;
use tenant_emulator::{
    ServicePrincipal, Tenant,
    contoso::{ORDERS_API, ORDERS_IDENTITY, ORDERS_READ, contoso},
};

/// The root of the repository.
pub(crate) const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// How long a test waits before it fails: far longer than needed on a busy machine.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(120);

/// The visibility timeout of a received result: longer than a test, so that each is received once.
const VISIBILITY_TIMEOUT: Duration = Duration::from_secs(300);

/// A policy that lets the stock queue assign `Orders.Read` to identities in rg-orders-dev.
pub(crate) const POLICY: &str = r#"{ "version": 1, "allow": [ {
    "name": "orders workloads",
    "requesters": ["queue:app-role-requests"],
    "principals": ["/subscriptions/c0a70500-0000-4000-8000-000000000002/resourceGroups/rg-orders-dev"],
    "api": "c0a70500-0000-4000-8000-0000000000b1",
    "roles": ["Orders.Read"] } ] }"#;

/// A policy that lets the stock queue assign and revoke two roles anywhere in the subscription.
pub(crate) const WIDE_POLICY: &str = r#"{ "version": 1, "allow": [ {
    "name": "all workloads",
    "requesters": ["queue:app-role-requests"],
    "principals": ["/subscriptions/c0a70500-0000-4000-8000-000000000002"],
    "api": "c0a70500-0000-4000-8000-0000000000b1",
    "roles": ["Orders.Read", "Orders.Write"], "actions": ["assign", "revoke"] } ] }"#;

/// The parts of a world before it starts. The default is the app as it ships, with [`POLICY`].
pub(crate) struct Setup {
    pub(crate) app_root: PathBuf,
    pub(crate) policy: Option<String>,
    pub(crate) tenant: Tenant,
    pub(crate) environment: Vec<(String, String)>,
    /// Function keys and host keys.
    pub(crate) keys: Vec<HostKey>,
    /// App Service Authentication in front of the host, if it is on.
    pub(crate) easy_auth: Option<EasyAuth>,
    /// Whether the host reaches the queues through a proxy.
    pub(crate) with_proxy: bool,
    /// How long a message stays hidden after the host that received it has died.
    pub(crate) message_lease: Option<Duration>,
}

impl Setup {
    pub(crate) async fn new() -> Self {
        Self {
            app_root: ROOT.into(),
            policy: Some(POLICY.to_owned()),
            tenant: Tenant::start(contoso()).await.unwrap(),
            // Tests fire the timers themselves.
            environment: ["ReconcileRoles", "CheckHealth"]
                .map(|timer| (format!("AzureWebJobs.{timer}.Disabled"), "true".to_owned()))
                .to_vec(),
            keys: Vec::new(),
            easy_auth: None,
            with_proxy: false,
            message_lease: None,
        }
    }

    /// Uses [`WIDE_POLICY`].
    pub(crate) fn with_wide_policy(mut self) -> Self {
        self.policy = Some(WIDE_POLICY.to_owned());
        self
    }

    /// Sets an app setting.
    pub(crate) fn with_setting(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Lets the handler check queues with its identity, in the emulated tenant. The host still uses
    /// Azurite, with a key.
    pub(crate) fn with_identity_based_queues(self) -> Self {
        let queues = self.tenant.queue_service_uri();
        self.with_setting("AzureWebJobsStorage__queueServiceUri", &queues)
            .with_setting("RequestQueues__queueServiceUri", &queues)
    }

    /// Sets the number of deliveries of a message.
    pub(crate) fn with_deliveries(self, count: u32) -> Self {
        self.with_setting(
            "AzureFunctionsJobHost__extensions__queues__maxDequeueCount",
            &count.to_string(),
        )
    }

    /// Starts everything and waits until the handler listens.
    pub(crate) async fn start(self) -> World {
        let account = Azurite::shared_account().await.unwrap();
        let queue = |name| account.queue(name).unwrap();
        let [requests, results] = ["app-role-requests", "app-role-results"].map(queue);
        let [failed, poison] = ["app-role-failed", "app-role-requests-poison"].map(queue);
        requests.create_if_missing().await.unwrap();
        results.create_if_missing().await.unwrap();
        let (proxy, port) = proxy_of(account.queue_endpoint(), self.with_proxy).await;
        let tables = TableProxy::start(account.table_endpoint().port().unwrap()).await.unwrap();
        let reached = account.clone().with_table_port(tables.port()).unwrap();
        let reached = reached.with_queue_port(port).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let policy_file = folder.path().join("policy.json");
        if let Some(policy) = &self.policy {
            std::fs::write(&policy_file, policy).unwrap();
        }
        let options = self.host_options(&reached.connection_string(), &policy_file);
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
            tables,
            options,
            _folder: folder,
        }
    }

    fn host_options(&self, connection: &str, policy_file: &Path) -> Options {
        let settings = [
            ("RequestQueues", connection),
            ("AzureWebJobsStorage", connection),
            ("POLICY_FILE", policy_file.to_str().unwrap()),
            ("PACE_FACTOR", "0.05"),
            ("AzureFunctionsJobHost__extensions__queues__visibilityTimeout", "00:00:01"),
            ("AzureFunctionsJobHost__extensions__queues__maxPollingInterval", "00:00:00.2"),
            (
                "AzureFunctionsJobHost__customHandler__description__defaultExecutablePath",
                env!("CARGO_BIN_EXE_app-role-broker"),
            ),
        ];
        let mut options = Options::new(self.app_root.clone());
        options.environment = self.tenant.environment();
        let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned()));
        options.environment.extend(settings);
        options.environment.extend(self.environment.clone());
        // Tests fire these timers, too. A disabled function cannot be started by hand in this host.
        options.schedules = ["EndAssignments", "SettleIntents", "FinishApprovals"]
            .map(|timer| (timer.to_owned(), "0 0 0 1 1 *".to_owned()))
            .into();
        options.keys = self.keys.clone();
        options.easy_auth = self.easy_auth.clone();
        options.message_lease = self.message_lease.unwrap_or(options.message_lease);
        options
    }
}

/// Starts a proxy for a service of Azurite. Returns it with the port that the host must use.
async fn proxy_of(service: &Url, is_used: bool) -> (StorageProxy, u16) {
    let azurite = service.port().unwrap();
    let proxy = StorageProxy::start(azurite, SEED).await.unwrap();
    let port = if is_used { proxy.port() } else { azurite };
    (proxy, port)
}

/// The seed that selects the connections that the proxies break.
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
    /// The way to the tables, where rules make requests fail.
    pub(crate) tables: TableProxy,
    options: Options,
    _folder: TempDir,
}

impl World {
    pub(crate) async fn start() -> Self {
        Setup::new().await.start().await
    }

    /// Starts a new host after the first one has stopped, as Azure does.
    pub(crate) async fn restart_host(&mut self) {
        self.host = FunctionsHost::start(self.options.clone()).await.unwrap();
        self.host.ready().await.unwrap();
    }

    /// Stops the host and starts a new one with another setting, as a change of an app setting does.
    pub(crate) async fn restart_with_setting(&mut self, name: &str, value: &str) {
        self.options.environment.push((name.to_owned(), value.to_owned()));
        self.replace_host().await;
    }

    /// Stops the host and starts a new one with another policy, as a deployment does.
    pub(crate) async fn restart_with_policy(&mut self, policy: &str) {
        std::fs::write(self._folder.path().join("policy.json"), policy).unwrap();
        self.replace_host().await;
    }

    /// How the host was started.
    pub(crate) fn options(&self) -> &Options {
        &self.options
    }

    async fn replace_host(&mut self) {
        self.host.stop_and_keep_log().await;
        self.restart_host().await;
    }

    /// Sends a message and waits for its result, over any number of deliveries.
    pub(crate) async fn result_of(&self, message: &str) -> Value {
        self.requests.send(message).await.unwrap();
        self.next_results(1).await.remove(0)
    }

    /// Waits for `count` more results and receives them.
    pub(crate) async fn next_results(&self, count: usize) -> Vec<Value> {
        let mut results = Vec::new();
        let mut finished = 0;
        while results.len() < count {
            let invocations = self.host.wait_for_invocations(finished + 1, TIMEOUT).await.unwrap();
            finished = invocations.len();
            // More invocations may have finished than a queue gives messages at once.
            loop {
                let messages = self.results.receive(32, VISIBILITY_TIMEOUT).await.unwrap();
                if messages.is_empty() {
                    break;
                }
                for message in messages {
                    results.push(serde_json::from_str(&message.text).unwrap());
                }
            }
        }
        results
    }

    /// Waits for `count` rows of the record. Returns them in the order of their keys.
    pub(crate) async fn audit_rows(&self, count: usize) -> Vec<Entity> {
        let table = self.account.table("AppRoleAudit");
        let rows = until_found(TIMEOUT, async || match table.entities().await {
            Ok(rows) => (rows.len() >= count).then_some(rows),
            Err(StorageError::NotFound { .. }) => None,
            Err(error) => panic!("{error}"),
        });
        let rows = rows.await.unwrap();
        assert_eq!(rows.len(), count, "{rows:#?}");
        rows
    }

    /// The status and the body of the answer of `Health`.
    pub(crate) async fn health(&self) -> (u16, Value) {
        let url = self.host.http_url().join("api/health").unwrap();
        let answer = http_client().get(url).send().await.unwrap();
        assert_eq!(answer.headers()["content-type"], "application/json");
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    /// Calls `Health` until it answers with this status.
    pub(crate) async fn health_with_status(&self, status: u16) -> Value {
        let answered = until_found(TIMEOUT, async || {
            let (answer, health) = self.health().await;
            (answer == status).then_some(health)
        });
        answered.await.unwrap()
    }

    /// The messages of a queue; none if the queue does not exist.
    pub(crate) async fn messages(&self, queue: &Queue) -> Vec<Value> {
        if !queue.exists().await.unwrap() {
            return Vec::new();
        }
        let messages = queue.peek().await.unwrap();
        messages.iter().map(|message| serde_json::from_str(&message.text).unwrap()).collect()
    }

    /// Waits until a queue has messages. Returns them.
    pub(crate) async fn wait_for_messages(&self, queue: &Queue) -> Vec<Value> {
        let found = until_found(TIMEOUT, async || {
            let messages = self.messages(queue).await;
            (!messages.is_empty()).then_some(messages)
        });
        found.await.unwrap()
    }

    /// Waits for a log line with this text. Returns the line.
    pub(crate) async fn log_line(&self, text: &str) -> String {
        self.host.wait_for_log(text, TIMEOUT).await.unwrap().message
    }

    /// Whether no assignment was written since the start.
    pub(crate) fn tenant_is_unchanged(&self) -> bool {
        self.tenant.count(tenant_emulator::Route::CreateAssignment) == 0
    }
}

/// The setting of a new storage account, for a handler without a host.
pub(crate) async fn storage_setting() -> (&'static str, String) {
    let account = Azurite::shared_account().await.unwrap();
    ("AzureWebJobsStorage", account.connection_string())
}

/// The HTTP client of an outside caller.
pub(crate) fn http_client() -> reqwest::Client {
    http_client_builder().build().unwrap()
}

/// An identity in the resource group of `id-orders`, for a tenant that does not know it yet.
pub(crate) fn new_identity(object_id: &str) -> ServicePrincipal {
    let mut identity = contoso().service_principal(ORDERS_IDENTITY).unwrap().clone();
    identity.id = object_id.to_owned();
    for name in &mut identity.alternative_names {
        *name = name.replace("id-orders", "id-new");
    }
    identity
}

/// A request in the form of Graph's own body.
pub(crate) fn request(principal: &str, api: &str, role: &str) -> String {
    format!(r#"{{"principalId":"{principal}","resourceId":"{api}","appRoleId":"{role}"}}"#)
}

/// A request that every test policy allows: `id-orders` gets `Orders.Read`.
pub(crate) fn valid_request() -> String {
    request(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ)
}

/// A request in the broker's own form, for the Orders API.
pub(crate) fn request_by_names(action: &str, principal: &str, roles: &[&str]) -> String {
    serde_json::json!({
        "action": action, "principal": principal, "api": "api://orders", "roles": roles,
    })
    .to_string()
}

/// The only role of a result.
pub(crate) fn role(result: &Value) -> &Value {
    let roles = result["roles"].as_array().unwrap();
    assert_eq!(roles.len(), 1, "{result}");
    &roles[0]
}

/// A copy of the app's files that a test may change.
pub(crate) fn copy_of_app_files() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let functions = [
        "AssignRole",
        "BaselineChecks",
        "CheckHealth",
        "Health",
        "ReconcileRoles",
        "ResourceEvent",
        "ResourceEventQueue",
        "EndAssignments",
        "SettleIntents",
        "FinishApprovals",
    ];
    for function in functions {
        std::fs::create_dir(folder.path().join(function)).unwrap();
    }
    let files = functions.map(|function| format!("{function}/function.json"));
    let files = files.iter().map(String::as_str).chain(["host.json", "policy.json"]);
    for file in files {
        std::fs::copy(Path::new(ROOT).join(file), folder.path().join(file)).unwrap();
    }
    folder
}

/// The status of each role of a result.
pub(crate) fn statuses(result: &Value) -> Vec<&str> {
    let roles = result["roles"].as_array().unwrap();
    roles.iter().map(|role| role["status"].as_str().unwrap()).collect()
}
