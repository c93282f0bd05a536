//! `replay`: a failed request is never lost, and at worst sent twice.

use app_role_cli::{
    replay::{Done, FAILED_REQUESTS, Replay, Tally},
    storage,
};
use serde_json::{Value, json};
use storage_emulator::{Account, Azurite, Queue, StorageProxy, Trouble};

use crate::world::{Ended, World as Tenant};

const REQUEST: &str = r#"{"requestId":"INC-1234","principal":"id-orders","reason":"secret"}"#;

/// Returns a failed request, as the broker writes it.
fn failed(request: &str, requester: &str) -> String {
    let message = json!({
        "request": request,
        "reason": "graphRefused",
        "requester": requester,
        "firstSeen": "2026-11-22T10:00:00Z",
        "attempts": 30,
    });
    message.to_string()
}

struct World {
    account: Account,
    failed: Queue,
    requests: Queue,
}

impl World {
    async fn new() -> Self {
        let account = Azurite::shared().await.unwrap().account().unwrap();
        let [failed, requests] =
            [FAILED_REQUESTS, "app-role-requests"].map(|name| account.queue(name).unwrap());
        failed.create_if_missing().await.unwrap();
        requests.create_if_missing().await.unwrap();
        Self { account, failed, requests }
    }

    async fn with_failed(messages: &[String]) -> Self {
        let world = Self::new().await;
        for message in messages {
            world.failed.send(message).await.unwrap();
        }
        world
    }

    fn replay(&self) -> Replay {
        replay(&self.account, &self.account)
    }

    /// Returns a proxy with which a test can cause faults, and the account behind it.
    async fn proxied(&self) -> (StorageProxy, Account) {
        let [_, port, _] = Azurite::shared().await.unwrap().ports();
        let proxy = StorageProxy::start(port, 7).await.unwrap();
        let account = self.account.clone().with_queue_port(proxy.port()).unwrap();
        (proxy, account)
    }

    /// Runs the program with this account.
    async fn command(&self, more: &[&str]) -> Ended {
        let connection = self.account.connection_string();
        let replay = ["replay", "--failed", &connection, "--requests", &connection];
        let ended = Tenant::new().await.run(&[&replay, more].concat()).await;
        assert!(!format!("{ended:?}").contains(self.account.key()), "a key was printed");
        ended
    }
}

/// Opens the account as an operator does, but without retries.
fn opened(account: &Account) -> storage::Account {
    let nobody = || unreachable!("an account with a key needs no sign-in");
    storage::Account::open(&account.connection_string(), nobody).unwrap().without_retries()
}

fn replay(failed: &Account, requests: &Account) -> Replay {
    Replay::new(&opened(failed), opened(requests)).unwrap()
}

async fn texts(queue: &Queue) -> Vec<String> {
    queue.peek().await.unwrap().into_iter().map(|message| message.text).collect()
}

/// Runs a replay. Returns its reports, too.
async fn run(replay: &mut Replay) -> (Tally, Vec<String>) {
    let mut lines = Vec::new();
    let tally = replay.run(|entry| lines.push(entry.to_string())).await.unwrap();
    (tally, lines)
}

#[tokio::test]
async fn the_error_names_a_missing_queue() {
    let account = Azurite::shared().await.unwrap().account().unwrap();
    let error = replay(&account, &account).run(|_| ()).await.unwrap_err();
    assert!(error.to_string().contains("queue 'app-role-failed': not found"), "{error}");
}

#[tokio::test]
async fn a_request_goes_back_to_its_requesters_queue_byte_for_byte() {
    for request in [REQUEST, "eyJh", "not <even> \"JSON\" & é"] {
        let world = World::with_failed(&[failed(request, "queue:app-role-requests")]).await;
        let (tally, _) = run(&mut world.replay()).await;
        assert_eq!(tally, Tally { replayed: 1, left: 0, failed: 0 });
        assert_eq!(texts(&world.requests).await, [request]);
        assert_eq!(world.failed.approximate_count().await.unwrap(), 0);
    }
}

#[tokio::test]
async fn a_message_that_cannot_be_replayed_is_reported_and_does_not_block_the_others() {
    let messages = [
        "no JSON at all".to_owned(),
        failed(REQUEST, "admin"),
        failed(REQUEST, "http:c0a70500-0000-4000-8000-0000000000c0"),
        failed(REQUEST, "queue:no-such-queue"),
        failed(REQUEST, "queue:app-role-requests"),
    ];
    let world = World::with_failed(&messages).await;
    let (tally, lines) = run(&mut world.replay()).await;
    assert_eq!(tally, Tally { replayed: 1, left: 3, failed: 1 });
    let mut left = texts(&world.failed).await;
    left.sort();
    let mut expected = messages[..4].to_vec();
    expected.sort();
    assert_eq!(left, expected);
    for expected in ["(line 1, column", "\"admin\"", "\"http:c0", "queue 'no-such-queue'"] {
        assert!(lines.iter().any(|line| line.contains(expected)), "{expected}: {lines:?}");
    }
}

#[tokio::test]
async fn only_the_request_id_of_a_requests_text_is_printed() {
    let messages = [failed(REQUEST, "queue:app-role-requests"), failed(REQUEST, "admin")];
    let world = World::with_failed(&messages).await;
    let (previewed, _) = world.replay().preview().await.unwrap();
    let mut lines: Vec<_> = previewed.iter().map(ToString::to_string).collect();
    lines.extend(run(&mut world.replay()).await.1);
    assert_eq!(lines.len(), 4);
    assert!(lines.iter().any(|line| line.contains("INC-1234, first seen 2026-11-22T10:00:00Z")));
    assert!(!lines.iter().any(|line| line.contains("secret") || line.contains("id-orders")));
}

#[tokio::test]
async fn a_preview_changes_nothing() {
    let world = World::with_failed(&[failed(REQUEST, "queue:app-role-requests")]).await;
    let before = world.failed.peek().await.unwrap();
    let (entries, count) = world.replay().preview().await.unwrap();
    assert!(matches!(entries[0].done, Done::Previewed(_)));
    assert_eq!(count, 1);
    assert_eq!(world.failed.peek().await.unwrap(), before);
    assert!(texts(&world.requests).await.is_empty());
}

#[tokio::test]
async fn more_than_32_requests_are_replayed() {
    let messages: Vec<_> =
        (0..40).map(|n| failed(&n.to_string(), "queue:app-role-requests")).collect();
    let world = World::with_failed(&messages).await;
    let (tally, _) = run(&mut world.replay()).await;
    assert_eq!(tally, Tally { replayed: 40, left: 0, failed: 0 });
    assert_eq!(world.requests.approximate_count().await.unwrap(), 40);
}

#[tokio::test]
async fn a_request_that_cannot_be_sent_is_not_deleted() {
    let world = World::with_failed(&[failed(REQUEST, "queue:app-role-requests")]).await;
    let (proxy, unreachable) = world.proxied().await;
    proxy.set_trouble(Some(Trouble { refuse: 1.0, reset: 0.0 }));
    let (tally, lines) = run(&mut replay(&world.account, &unreachable)).await;
    assert_eq!(tally, Tally { replayed: 0, left: 0, failed: 1 }, "{lines:?}");
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
    // The second message has been received when trouble begins, and cannot be deleted.
    let ended = first.run(|_| proxy.set_trouble(outage)).await;
    assert!(ended.is_err(), "the next messages cannot be received either: {ended:?}");
    assert_eq!(texts(&world.requests).await, ["1", "2"]);
    assert_eq!(world.failed.approximate_count().await.unwrap(), 1);
}

#[tokio::test]
async fn an_invalid_account_is_a_usage_error_and_not_repeated() {
    let world = Tenant::new().await;
    for account in ["https://stbroker.blob.core.windows.net/?sig=secret", "AccountKey=secret"] {
        let ended = world.run(&["replay", "--failed", account, "--requests", account]).await;
        ended.assert_failed(2, &["error: --failed: "]);
        assert!(!ended.stderr.contains("secret"), "{ended:?}");
    }
}

#[tokio::test]
async fn requests_that_were_not_replayed_make_the_command_fail() {
    let world = World::with_failed(&[failed(REQUEST, "queue:no-such-queue")]).await;
    world.command(&[]).await.assert_failed(1, &["1 messages are still in app-role-failed"]);
    world.failed.send(&failed(REQUEST, "queue:app-role-requests")).await.unwrap();
    let ended = world.command(&[]).await;
    ended.assert_said(5, &["NOT replayed", "1 replayed, 0 skipped, 1 failed"]);
}

#[tokio::test]
async fn replay_sends_requests_and_its_dry_run_does_not() {
    let world = World::with_failed(&[failed(REQUEST, "queue:app-role-requests")]).await;
    let ended = world.command(&["--dry-run"]).await;
    ended.assert_done(&["would be replayed", "INC-1234", "1 of about 1 messages"]);
    assert!(texts(&world.requests).await.is_empty());
    let ended = world.command(&["--output", "json"]).await;
    assert_eq!(ended.json(), json!({ "replayed": 1, "left": 0, "failed": 0 }));
    assert_eq!(texts(&world.requests).await, [REQUEST]);
    let message: Value = serde_json::from_str(&texts(&world.requests).await[0]).unwrap();
    assert_eq!(message["requestId"], "INC-1234");
}
