//! `replay`: a failed request is never lost, and at worst sent twice.

use app_role_cli::{
    replay::{Done, FAILED_REQUESTS, Limits, MAX_AGE, Replay, Tally},
    storage::{self, Permissions},
};
use serde_json::{Value, json};
use storage_emulator::{Account, Azurite, Queue, StorageProxy, Trouble};
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use crate::world::{Ended, World as Tenant};

pub(crate) const REQUEST: &str =
    r#"{"requestId":"INC-1234","principal":"id-orders","reason":"secret"}"#;

/// Returns a failed request of an hour ago, as the broker writes it.
pub(crate) fn failed(request: &str, requester: &str) -> String {
    let sent = OffsetDateTime::now_utc() - Duration::HOUR;
    failed_since(request, requester, Some(sent))
}

/// Returns a failed request that was sent at this time.
fn failed_since(request: &str, requester: &str, sent: Option<OffsetDateTime>) -> String {
    let message = json!({
        "request": request,
        "reason": "graphRefused",
        "requester": requester,
        "firstSeen": sent.map(|sent| sent.format(&Rfc3339).unwrap()),
        "attempts": 30,
    });
    message.to_string()
}

/// An account with both queues.
pub(crate) struct World {
    pub(crate) account: Account,
    pub(crate) failed: Queue,
    pub(crate) requests: Queue,
}

impl World {
    async fn new() -> Self {
        let account = Azurite::shared_account().await.unwrap();
        let [failed, requests] =
            [FAILED_REQUESTS, "app-role-requests"].map(|name| account.queue(name).unwrap());
        failed.create_if_missing().await.unwrap();
        requests.create_if_missing().await.unwrap();
        Self { account, failed, requests }
    }

    pub(crate) async fn with_failed(messages: &[String]) -> Self {
        let world = Self::new().await;
        for message in messages {
            world.failed.send(message).await.unwrap();
        }
        world
    }

    pub(crate) fn replay(&self) -> Replay {
        replay(&self.account, &self.account)
    }

    /// Returns a proxy with which a test can cause faults, and the account behind it.
    async fn proxied(&self) -> (StorageProxy, Account) {
        let queues = self.account.queue_endpoint().port().unwrap();
        let proxy = StorageProxy::start(queues, 7).await.unwrap();
        let account = self.account.clone().with_queue_port(proxy.port()).unwrap();
        (proxy, account)
    }

    /// Runs the program with this account.
    pub(crate) async fn command(&self, more: &[&str]) -> Ended {
        let tenant = Tenant::new().await;
        for name in ["APP_ROLE_HOST_STORAGE", "APP_ROLE_REQUESTS"] {
            tenant.set(name, &self.account.connection_string());
        }
        let replay = [&["replay", "--queue", "app-role-requests"][..], more].concat();
        let ended = tenant.run(&replay).await;
        assert!(!format!("{ended:?}").contains(self.account.key()), "a key was printed");
        ended
    }
}

/// Opens the account as an operator does, but without retries.
fn opened(account: &Account, permissions: Permissions) -> storage::Account {
    let no_sign_in = || unreachable!("an account with a key needs no sign-in");
    let account = storage::Account::open(&account.connection_string(), permissions, no_sign_in);
    account.unwrap().without_retries()
}

/// A replay with the rights of an operator: to process failed requests, and to send requests.
fn replay(failed: &Account, requests: &Account) -> Replay {
    let queues = ["app-role-requests", "no-such-queue"].map(str::to_owned).into();
    limited(failed, requests, Limits { queues, allow_older: false })
}

fn limited(failed: &Account, requests: &Account, limits: Limits) -> Replay {
    let failed = opened(failed, Permissions::Process);
    Replay::new(&failed, opened(requests, Permissions::Send), limits).unwrap()
}

pub(crate) async fn texts(queue: &Queue) -> Vec<String> {
    queue.peek().await.unwrap().into_iter().map(|message| message.text).collect()
}

/// Runs a replay. Returns its reports, too.
pub(crate) async fn run(replay: &mut Replay) -> (Tally, Vec<String>) {
    let batch = replay.receive().await.unwrap();
    let mut lines: Vec<_> = batch.refused().map(|entry| entry.to_string()).collect();
    let tally = replay.send(batch, |entry| lines.push(entry.to_string())).await;
    (tally, lines)
}

pub(crate) fn tally(replayed: usize, left: usize, failed: usize) -> Tally {
    Tally { replayed, left, failed, ..Tally::default() }
}

#[tokio::test]
async fn the_error_names_a_missing_queue() {
    let account = Azurite::shared_account().await.unwrap();
    let error = replay(&account, &account).receive().await.unwrap_err();
    assert!(error.to_string().contains("queue 'app-role-failed': not found"), "{error}");
}

#[tokio::test]
async fn a_request_goes_back_to_its_requesters_queue_byte_for_byte() {
    for request in [REQUEST, "eyJh", "not <even> \"JSON\" & é"] {
        let world = World::with_failed(&[failed(request, "queue:app-role-requests")]).await;
        assert_eq!(run(&mut world.replay()).await.0, tally(1, 0, 0));
        assert_eq!(texts(&world.requests).await, [request]);
        assert_eq!(world.failed.approximate_count().await.unwrap(), 0);
    }
}

#[tokio::test]
async fn the_beginning_of_a_request_is_never_sent_as_if_it_were_whole() {
    let mut cut: Value = serde_json::from_str(&failed(REQUEST, "queue:app-role-requests")).unwrap();
    let fields = cut.as_object_mut().unwrap();
    let beginning = fields.remove("request").unwrap();
    fields.insert("requestBeginning".to_owned(), beginning);
    fields.insert("requestBytes".to_owned(), json!(70_000));
    fields.insert("requestSha256".to_owned(), json!("0".repeat(64)));
    let world = World::with_failed(&[cut.to_string()]).await;
    let (done, lines) = run(&mut world.replay()).await;
    assert_eq!((done, lines.len()), (tally(0, 1, 0), 1));
    assert!(lines[0].contains("only the beginning of its 70000 bytes was kept"), "{lines:?}");
    assert!(!lines[0].contains("secret"), "{lines:?}");
    assert_eq!(texts(&world.failed).await, [cut.to_string()]);
    assert!(texts(&world.requests).await.is_empty());
}

#[tokio::test]
async fn a_message_that_cannot_be_replayed_is_reported_and_does_not_block_the_others() {
    let messages = [
        "no JSON at all".to_owned(),
        failed(REQUEST, "admin"),
        failed(REQUEST, "http:c0a70500-0000-4000-8000-0000000000c0"),
        failed(REQUEST, "eventgrid:ResourceEvent"),
        failed(REQUEST, "queue:another-queue"),
        failed(REQUEST, "queue:no-such-queue"),
        failed(REQUEST, "queue:app-role-requests"),
    ];
    let world = World::with_failed(&messages).await;
    let (done, lines) = run(&mut world.replay()).await;
    assert_eq!(done, tally(1, 5, 1));
    let mut left = texts(&world.failed).await;
    left.sort();
    let mut expected = messages[..6].to_vec();
    expected.sort();
    assert_eq!(left, expected);
    for expected in [
        "(line 1, column",
        "\"admin\"",
        "\"http:c0",
        "\"eventgrid:",
        "queue:another-queue",
        "queue 'no-such-queue'",
    ] {
        assert!(lines.iter().any(|line| line.contains(expected)), "{expected}: {lines:?}");
    }
}

#[tokio::test]
async fn only_the_request_id_of_a_requests_text_is_printed() {
    let messages = [failed(REQUEST, "queue:app-role-requests"), failed(REQUEST, "admin")];
    let world = World::with_failed(&messages).await;
    let previewed = world.replay().preview().await.unwrap();
    let mut lines: Vec<_> = previewed.iter().map(ToString::to_string).collect();
    lines.extend(run(&mut world.replay()).await.1);
    assert_eq!(lines.len(), 4);
    assert!(lines.iter().any(|line| line.contains("INC-1234, first seen 20")));
    assert!(!lines.iter().any(|line| line.contains("secret") || line.contains("id-orders")));
}

#[tokio::test]
async fn a_preview_changes_nothing() {
    let world = World::with_failed(&[failed(REQUEST, "queue:app-role-requests")]).await;
    let before = world.failed.peek().await.unwrap();
    let entries = world.replay().preview().await.unwrap();
    assert!(matches!(entries[..], [ref one] if matches!(one.done, Done::Pending(_))));
    assert_eq!(world.failed.peek().await.unwrap(), before);
    assert!(texts(&world.requests).await.is_empty());
}

#[tokio::test]
async fn more_than_32_requests_are_replayed() {
    let messages: Vec<_> =
        (0..40).map(|n| failed(&n.to_string(), "queue:app-role-requests")).collect();
    let world = World::with_failed(&messages).await;
    assert_eq!(run(&mut world.replay()).await.0, tally(40, 0, 0));
    assert_eq!(world.requests.approximate_count().await.unwrap(), 40);
}

#[tokio::test]
async fn a_request_that_cannot_be_sent_is_not_deleted() {
    let world = World::with_failed(&[failed(REQUEST, "queue:app-role-requests")]).await;
    let (proxy, unreachable) = world.proxied().await;
    proxy.set_trouble(Some(Trouble { refuse: 1.0, reset: 0.0 }));
    let (done, lines) = run(&mut replay(&world.account, &unreachable)).await;
    assert_eq!(done, Tally { uncertain: 1, ..tally(0, 0, 1) }, "{lines:?}");
    assert!(lines.iter().any(|line| line.contains("it may have been sent")), "{lines:?}");
    assert!(texts(&world.requests).await.is_empty());
    assert_eq!(texts(&world.failed).await.len(), 1);
}

#[tokio::test]
async fn an_outage_between_sending_and_deleting_loses_no_request() {
    let messages = ["1", "2"].map(|n| failed(n, "queue:app-role-requests"));
    let world = World::with_failed(&messages).await;
    let (proxy, troubled) = world.proxied().await;
    let mut first = replay(&troubled, &world.account);
    let outage = Some(Trouble { refuse: 1.0, reset: 0.0 });
    let batch = first.receive().await.unwrap();
    // The second message has been received when trouble begins, and cannot be deleted.
    let done = first.send(batch, |_| proxy.set_trouble(outage)).await;
    assert_eq!(done, Tally { uncertain: 1, ..tally(1, 0, 1) });
    assert_eq!(texts(&world.requests).await, ["1", "2"]);
    assert_eq!(world.failed.approximate_count().await.unwrap(), 1);
}

#[tokio::test]
async fn an_invalid_account_is_a_usage_error_and_not_repeated() {
    const REPLAY: [&str; 3] = ["replay", "--queue", "app-role-requests"];
    let world = Tenant::new().await;
    world.run(&REPLAY).await.assert_failed(2, &["no failed requests", "APP_ROLE_HOST_STORAGE"]);
    let endpoint = "https://stbroker.blob.core.windows.net/?sig=secret";
    for account in [endpoint, "AccountKey=secret"] {
        world.set("APP_ROLE_HOST_STORAGE", account);
        let ended = world.run(&REPLAY).await;
        ended.assert_failed(2, &["error: --failed (APP_ROLE_HOST_STORAGE): "]);
        assert!(!ended.stderr.contains("secret"), "{ended:?}");
    }
    let ended = world.run(&[&REPLAY[..], &["--failed", endpoint]].concat()).await;
    ended.assert_failed(2, &["error: --failed (APP_ROLE_HOST_STORAGE): not a queue endpoint"]);
    assert!(!ended.stderr.contains("secret"), "{ended:?}");
}

#[tokio::test]
async fn requests_that_were_not_replayed_make_the_command_fail() {
    let world = World::with_failed(&[failed(REQUEST, "queue:no-such-queue")]).await;
    let both = ["--yes", "--queue", "no-such-queue"];
    world.command(&both).await.assert_failed(1, &["1 messages are still in app-role-failed"]);
    world.failed.send(&failed(REQUEST, "queue:app-role-requests")).await.unwrap();
    let ended = world.command(&both).await;
    ended.assert_said(5, &["NOT replayed", "1 replayed, 0 skipped, 1 failed"]);
}

#[tokio::test]
async fn replay_sends_requests_and_its_dry_run_does_not() {
    let world = World::with_failed(&[failed(REQUEST, "queue:app-role-requests")]).await;
    let ended = world.command(&["--dry-run"]).await;
    ended.assert_done(&["would be replayed", "INC-1234", "the first 1 messages"]);
    assert!(texts(&world.requests).await.is_empty());
    let ended = world.command(&["--yes", "--output", "json"]).await;
    assert_eq!(ended.json(), json!({ "replayed": 1, "left": 0, "tooOld": 0, "failed": 0 }));
    assert_eq!(texts(&world.requests).await, [REQUEST]);
    let message: Value = serde_json::from_str(&texts(&world.requests).await[0]).unwrap();
    assert_eq!(message["requestId"], "INC-1234");
}

#[tokio::test]
async fn a_request_goes_to_the_queue_of_its_requester_or_nowhere() {
    let world = World::new().await;
    let other = world.account.queue("orders-requests").unwrap();
    other.create_if_missing().await.unwrap();
    // No spelling of a requester reaches a queue that the operator did not name.
    for requester in [
        "queue:orders-requests",
        "queue:app-role-failed",
        "queue:app-role-requests/messages",
        "queue:app-role-requests?comp=metadata",
        "queue:../orders-requests",
        "queue:%61pp-role-requests",
        "queue:App-Role-Requests",
        "queue: app-role-requests",
        "queue:app-role-requests ",
        "Queue:app-role-requests",
        "app-role-requests",
        "eventgrid:app-role-requests",
        "eventgrid:ResourceEvent",
        "http:c0a70500-0000-4000-8000-0000000000c0",
        "key:app-role-requests",
        "cli:c0a70500-0000-4000-8000-0000000000c0",
        "admin",
        "",
    ] {
        world.failed.clear().await.unwrap();
        let message = failed(REQUEST, requester);
        world.failed.send(&message).await.unwrap();
        let ended = world.command(&["--yes"]).await;
        ended.assert_said(0, &["skipped: message", "0 replayed, 1 skipped, 0 failed"]);
        assert_eq!(texts(&world.failed).await, [message], "{requester:?}");
        assert!(texts(&other).await.is_empty(), "{requester:?}");
        assert!(texts(&world.requests).await.is_empty(), "{requester:?}");
    }
}

#[tokio::test]
async fn a_request_older_than_a_day_is_replayed_only_if_the_operator_says_so() {
    let sent = OffsetDateTime::now_utc() - MAX_AGE;
    let queue = "queue:app-role-requests";
    let messages = [
        failed_since("old", queue, Some(sent - Duration::MINUTE)),
        failed_since("young", queue, Some(sent + Duration::MINUTE)),
        // The service's own time counts where the message has none, or one that cannot be true.
        failed_since("unknown", queue, None),
        failed_since("future", queue, Some(sent + Duration::days(9))),
    ];
    let world = World::with_failed(&messages).await;
    let ended = world.command(&["--dry-run"]).await;
    ended.assert_done(&["older than 24 hours"]);
    let ended = world.command(&["--yes"]).await;
    ended.assert_said(5, &["older than 24 hours", "3 replayed, 0 skipped, 1 too old, 0 failed"]);
    ended.assert_failed(5, &["--allow-older"]);
    assert_eq!(texts(&world.failed).await, messages[..1]);
    let ended = world.command(&["--yes"]).await;
    ended.assert_said(1, &["0 replayed, 0 skipped, 1 too old, 0 failed"]);
    let ended = world.command(&["--yes", "--allow-older"]).await;
    ended.assert_done(&["1 replayed, 0 skipped, 0 failed"]);
    assert_eq!(texts(&world.requests).await, ["young", "unknown", "future", "old"]);
}

#[tokio::test]
async fn without_a_terminal_nothing_is_replayed_unless_the_operator_passes_yes() {
    let world = World::with_failed(&[failed(REQUEST, "queue:app-role-requests")]).await;
    let before = world.failed.peek().await.unwrap();
    world.command(&[]).await.assert_failed(2, &["without a terminal", "--yes"]);
    assert_eq!(world.failed.peek().await.unwrap(), before);
    world.command(&["--queue", "App"]).await.assert_failed(2, &["--queue"]);
}

#[tokio::test]
async fn messages_are_visible_again_after_a_replay_that_was_not_confirmed() {
    let messages = [failed("1", "queue:app-role-requests"), failed("2", "admin")];
    let world = World::with_failed(&messages).await;
    let replay = world.replay();
    let batch = replay.receive().await.unwrap();
    assert_eq!(batch.targets(), [("app-role-requests", 1)].into());
    assert!(texts(&world.failed).await.is_empty(), "no other operator replays them meanwhile");
    replay.release(batch).await;
    assert_eq!(texts(&world.failed).await.len(), 2);
}

#[tokio::test]
async fn a_request_queue_is_opened_with_the_right_to_send_and_no_other() {
    let world = World::new().await;
    let account = opened(&world.account, Permissions::Send);
    let queue = account.queue("app-role-requests").unwrap();
    queue.send("sent").await.unwrap();
    assert!(queue.peek().await.is_err());
    assert!(queue.receive(std::time::Duration::from_secs(1)).await.is_err());
    assert!(queue.approximate_count().await.is_err());
}
