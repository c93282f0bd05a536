//! `replay` without anything to do, and one that is interrupted.

use app_role_cli::replay::FAILED_REQUESTS;
use serde_json::json;
use storage_emulator::Azurite;

use crate::replay::{REQUEST, World, failed, run, tally, texts};

#[tokio::test]
async fn nothing_to_replay_is_a_success_without_a_question() {
    let account = Azurite::shared_account().await.unwrap();
    let queue = |name| account.queue(name).unwrap();
    let world = World {
        failed: queue(FAILED_REQUESTS),
        requests: queue("app-role-requests"),
        account: account.clone(),
    };
    let nothing = json!({ "replayed": 0, "left": 0, "tooOld": 0, "failed": 0 });
    for exists in [false, true] {
        if exists {
            world.failed.create_if_missing().await.unwrap();
        }
        for more in [&[][..], &["--yes"], &["--dry-run"]] {
            world.command(more).await.assert_done(&["nothing to replay: app-role-failed is empty"]);
        }
        assert_eq!(world.command(&["--output", "json"]).await.json(), nothing);
        let previewed = world.command(&["--dry-run", "--output", "json"]).await;
        assert_eq!(previewed.json(), json!({ "messages": [] }));
    }
}

#[tokio::test]
async fn an_interrupted_replay_leaves_what_it_has_not_sent_and_says_so() {
    let messages = ["1", "2", "3"].map(|n| failed(n, "queue:app-role-requests"));
    let world = World::with_failed(&messages).await;
    let mut replay = world.replay();
    let batch = replay.receive().await.unwrap();
    let (sender, stop) = tokio::sync::oneshot::channel::<()>();
    let (mut sender, mut lines) = (Some(sender), Vec::new());
    let stopped = async { stop.await.unwrap_or_default() };
    let done = replay
        .send_until(batch, stopped, |entry| {
            lines.push(entry.to_string());
            drop(sender.take());
        })
        .await;
    assert_eq!(done, tally(1, 0, 2));
    assert!(lines[0].starts_with("replayed: ") && lines.len() == 3, "{lines:?}");
    assert!(lines[1..].iter().all(|line| line.ends_with("not sent: interrupted")), "{lines:?}");
    assert_eq!(texts(&world.requests).await, ["1"]);
    assert_eq!(texts(&world.failed).await.len(), 2, "they are visible at once");
}

#[tokio::test]
async fn a_request_that_was_on_its_way_when_the_replay_was_interrupted_is_uncertain() {
    let world = World::with_failed(&[failed(REQUEST, "queue:app-role-requests")]).await;
    let mut replay = world.replay();
    let batch = replay.receive().await.unwrap();
    // Ready when it is polled again, while the request is on its way.
    let stop = tokio::task::yield_now();
    let mut lines = Vec::new();
    replay.send_until(batch, stop, |entry| lines.push(entry.to_string())).await;
    let [line] = lines.as_slice() else { panic!("{lines:?}") };
    assert!(line.starts_with("UNCERTAIN: ") && line.contains("which is harmless"), "{line}");
    let (again, _) = run(&mut replay).await;
    assert!(again.replayed <= 1 && again.failed == 0, "{again:?}");
    assert!(!texts(&world.requests).await.is_empty(), "nothing is lost");
}
