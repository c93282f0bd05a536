//! A handler whose host has ended: it starts no write, finishes those in progress, and ends.

use std::{
    path::Path,
    process::{Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use azure_core::http::Url;
use azure_rest::{client, timing::CallTiming};
use base64::{Engine, engine::general_purpose::STANDARD};
use loopback::{free_port, until, until_listening};
use serde_json::{Value, json};
use tempfile::TempDir;
use tenant_emulator::{
    Fault, Route, Tenant,
    contoso::{ORDERS_API, ORDERS_READ, ORDERS_WRITE, contoso, managed_identities},
};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout},
    sync::watch,
    task::{JoinHandle, JoinSet},
};

use crate::world::{ROOT, TIMEOUT, WIDE_POLICY, request_by_names, storage_setting};

const HANDLER: &str = env!("CARGO_BIN_EXE_app-role-broker");

/// How long a handler may outlive its host.
const LONGEST: Duration = Duration::from_secs(15);

/// The number of requests in flight.
const REQUESTS: usize = 200;

/// A handler with the process that started it, which is a shell that waits for it, as a host does.
struct Started {
    parent: Child,
    /// The process id of the handler.
    id: u32,
    /// The handler's log so far.
    log: watch::Receiver<String>,
    /// Reads the log until the end of the handler, which holds the other end of the pipe.
    reading: JoinHandle<()>,
    url: Url,
    calls: JoinSet<reqwest::Result<reqwest::Response>>,
    _folder: TempDir,
}

/// A tenant with this number of identities, each of which holds two roles.
async fn tenant(identities: usize) -> Tenant {
    let tenant = Tenant::start(contoso()).await.unwrap();
    for identity in managed_identities(identities) {
        let id = identity.id.clone();
        tenant.add_service_principal(identity);
        tenant.grant(&id, ORDERS_API, ORDERS_READ).unwrap();
        tenant.grant(&id, ORDERS_API, ORDERS_WRITE).unwrap();
    }
    tenant
}

/// The settings of a handler, without the program.
fn configure(
    command: &mut Command,
    tenant: &Tenant,
    folder: &Path,
    storage: (&str, String),
) -> Url {
    let policy = folder.join("policy.json");
    std::fs::write(&policy, WIDE_POLICY).unwrap();
    let port = free_port().unwrap();
    command
        .env_clear()
        .env("FUNCTIONS_APP_ROOT_PATH", ROOT)
        .env("FUNCTIONS_CUSTOMHANDLER_PORT", port.to_string())
        .env("POLICY_FILE", policy)
        .envs(tenant.environment())
        .envs([storage])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    Url::parse(&format!("http://127.0.0.1:{port}/AssignRole")).unwrap()
}

/// The envelope that the host posts for a message.
fn envelope(message: &str) -> Value {
    json!({
        "Data": { "request": STANDARD.encode(message) },
        "Metadata": {
            "DequeueCount": "1", "Id": "\"7d1b0f0e-3f0b-4f0a-8d56-1b2c3d4e5f60\"",
            "InsertionTime": OffsetDateTime::now_utc().format(&Rfc3339).unwrap(),
        },
    })
}

impl Started {
    async fn start(tenant: &Tenant, settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new("sh");
        let url = configure(&mut command, tenant, folder.path(), storage_setting().await);
        command.args(["-c", "\"$0\" 2>&1 & echo $!; wait", HANDLER]).envs(settings.iter().copied());
        let mut command = tokio::process::Command::from(command);
        let mut parent = command.kill_on_drop(true).spawn().unwrap();
        let mut log = BufReader::new(parent.stdout.take().unwrap()).lines();
        // The shell prints the process id, before or after the handler's first lines.
        let id = loop {
            if let Ok(id) = log.next_line().await.unwrap().unwrap().parse() {
                break id;
            }
        };
        let (read, log_so_far) = watch::channel(String::new());
        let reading = tokio::spawn(read_all(log, read));
        until_listening(TIMEOUT, url.port().unwrap()).await.unwrap();
        Self { parent, id, log: log_so_far, reading, url, calls: JoinSet::new(), _folder: folder }
    }

    /// Asks for the revocation of roles of many identities at once.
    fn revoke(&mut self, roles: &[&str]) {
        let client = client::build(&self.url, &CallTiming::default()).unwrap();
        for identity in managed_identities(REQUESTS) {
            let body = envelope(&request_by_names("revoke", &identity.id, roles));
            self.calls.spawn(client.post(self.url.clone()).json(&body).send());
        }
    }

    /// Kills the parent, whose connections then break, and waits until the handler has noticed.
    async fn kill_parent(mut self) -> Orphan {
        self.parent.start_kill().unwrap();
        let killed = Instant::now();
        self.parent.wait().await.unwrap();
        self.calls.abort_all();
        let noticed = self.log.wait_for(|log| log.contains("\"event\":\"host.gone\""));
        let line = tokio::time::timeout(TIMEOUT, noticed).await.unwrap().unwrap().clone();
        assert!(line.contains("\"level\":\"WARN\""), "{line}");
        Orphan { log: self.log, reading: self.reading, killed, _folder: self._folder }
    }
}

/// A handler that has noticed the end of its host.
struct Orphan {
    log: watch::Receiver<String>,
    reading: JoinHandle<()>,
    killed: Instant,
    _folder: TempDir,
}

impl Orphan {
    /// Waits for the end of the handler. Returns its log.
    async fn ended(self) -> String {
        tokio::time::timeout(TIMEOUT, self.reading).await.unwrap().unwrap();
        assert!(self.killed.elapsed() < LONGEST, "{:?}", self.killed.elapsed());
        self.log.borrow().clone()
    }
}

async fn read_all(mut lines: Lines<BufReader<ChildStdout>>, log: watch::Sender<String>) {
    while let Some(line) = lines.next_line().await.unwrap() {
        log.send_modify(|log| {
            log.push_str(&line);
            log.push('\n');
        });
    }
}

/// Waits for this number of requests of a route.
async fn until_arrived(tenant: &Tenant, route: Route, count: usize) {
    until(TIMEOUT, async || tenant.count(route) >= count).await.unwrap();
}

/// The number of assignments that were removed.
fn removed(tenant: &Tenant, granted: usize) -> usize {
    let assignments = tenant.assignments();
    let others = contoso().assignments().len();
    granted + others - assignments.len()
}

#[tokio::test]
async fn writes_in_progress_are_finished_and_roles_that_follow_them_are_not_written() {
    let tenant = tenant(REQUESTS).await;
    tenant.hold_writes(true);
    let mut handler = Started::start(&tenant, &[]).await;
    handler.revoke(&["Orders.Read", "Orders.Write"]);
    until_arrived(&tenant, Route::DeleteAssignment, REQUESTS).await;
    let orphan = handler.kill_parent().await;
    tenant.hold_writes(false);
    let log = orphan.ended().await;
    assert_eq!(tenant.count(Route::DeleteAssignment), REQUESTS, "a write was started");
    assert_eq!(removed(&tenant, 2 * REQUESTS), REQUESTS);
    assert_eq!(log.matches("\"status\":\"revoked\"").count(), REQUESTS);
    assert!(log.contains("\"drained\":true"), "{log}");
}

#[tokio::test]
async fn requests_that_wait_for_the_quota_write_nothing_without_a_host() {
    const QUOTA: usize = 20;
    let tenant = tenant(REQUESTS).await;
    let mut handler = Started::start(&tenant, &[("GRAPH_WRITE_QUOTA", "20/3600")]).await;
    handler.revoke(&["Orders.Read"]);
    until_arrived(&tenant, Route::DeleteAssignment, QUOTA).await;
    let log = handler.kill_parent().await.ended().await;
    assert_eq!(tenant.count(Route::DeleteAssignment), QUOTA);
    assert_eq!(removed(&tenant, 2 * REQUESTS), QUOTA);
    assert!(log.contains("\"drained\":true"), "{log}");
}

#[tokio::test]
async fn writes_that_failed_are_not_repeated_without_a_host() {
    let tenant = tenant(REQUESTS).await;
    let busy = Fault::error(503, "serviceNotAvailable", "busy").retry_after("8");
    tenant.answer_every(Route::DeleteAssignment, busy);
    let mut handler = Started::start(&tenant, &[]).await;
    handler.revoke(&["Orders.Read"]);
    until_arrived(&tenant, Route::DeleteAssignment, REQUESTS).await;
    let orphan = handler.kill_parent().await;
    // From now on, a repeated write would succeed.
    tenant.clear_faults(Route::DeleteAssignment);
    orphan.ended().await;
    assert_eq!(removed(&tenant, 2 * REQUESTS), 0);
}

#[tokio::test]
async fn a_handler_that_microsoft_graph_keeps_waiting_ends_without_its_host() {
    let tenant = tenant(REQUESTS).await;
    let mut handler = Started::start(&tenant, &[]).await;
    // Beyond every limit.
    tenant.set_latency(Duration::from_secs(3600));
    handler.revoke(&["Orders.Read"]);
    until_arrived(&tenant, Route::ReadServicePrincipal, 1).await;
    let log = handler.kill_parent().await.ended().await;
    assert_eq!(tenant.count(Route::DeleteAssignment), 0);
    assert!(log.contains("\"drained\":false"), "{log}");
}

#[tokio::test]
async fn a_handler_that_is_being_stopped_notices_the_end_of_its_host() {
    let tenant = tenant(REQUESTS).await;
    let mut handler = Started::start(&tenant, &[("GRAPH_WRITE_QUOTA", "20/3600")]).await;
    handler.revoke(&["Orders.Read"]);
    until_arrived(&tenant, Route::DeleteAssignment, 20).await;
    send_signal("TERM", handler.id);
    let log = handler.kill_parent().await.ended().await;
    assert_eq!(tenant.count(Route::DeleteAssignment), 20);
    assert!(log.contains("\"drained\":true"), "{log}");
}

fn send_signal(name: &str, process: u32) {
    let status = Command::new("kill").arg(format!("-{name}")).arg(process.to_string()).status();
    assert!(status.unwrap().success());
}

/// Starts a handler from a thread of its own, which ends when the handler listens.
async fn start_from_a_thread(tenant: &Tenant, folder: &Path) -> (std::process::Child, Url) {
    let mut command = Command::new(HANDLER);
    let url = configure(&mut command, tenant, folder, storage_setting().await);
    let port = url.port().unwrap();
    let (listens, end) = mpsc::channel::<()>();
    let thread = thread::spawn(move || {
        let child = command.spawn().unwrap();
        // It waits until the sender is dropped.
        end.recv().unwrap_err();
        child
    });
    until_listening(TIMEOUT, port).await.unwrap();
    drop(listens);
    (thread.join().unwrap(), url)
}

/// Revokes a role of each of some identities, one after the other.
async fn revoke_in_turn(url: &Url, count: usize) {
    let client = client::build(url, &CallTiming::default()).unwrap();
    for identity in managed_identities(count) {
        let body = envelope(&request_by_names("revoke", &identity.id, &["Orders.Read"]));
        let response = client.post(url.clone()).json(&body).send().await.unwrap();
        let answer: Value = response.json().await.unwrap();
        let result = answer["Outputs"]["result"][0].as_str().unwrap();
        assert!(result.contains("\"status\":\"revoked\""), "{result}");
    }
}

#[tokio::test]
async fn the_end_of_the_thread_that_started_the_handler_is_not_the_end_of_its_host() {
    const COUNT: usize = 30;
    let tenant = tenant(COUNT).await;
    let folder = tempfile::tempdir().unwrap();
    let (mut child, url) = start_from_a_thread(&tenant, folder.path()).await;
    revoke_in_turn(&url, COUNT).await;
    assert_eq!(removed(&tenant, 2 * COUNT), COUNT);
    assert!(child.try_wait().unwrap().is_none(), "the handler has ended");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[tokio::test]
async fn the_signal_of_an_ended_parent_means_nothing_while_the_parent_runs() {
    const COUNT: usize = 30;
    let tenant = tenant(COUNT).await;
    let folder = tempfile::tempdir().unwrap();
    let (mut child, url) = start_from_a_thread(&tenant, folder.path()).await;
    for _ in 0..5 {
        send_signal("USR1", child.id());
    }
    revoke_in_turn(&url, COUNT).await;
    assert!(child.try_wait().unwrap().is_none(), "the handler has ended");
    child.kill().unwrap();
    child.wait().unwrap();
}
