//! The delivery and settlement of messages.

use std::time::Duration;

use functions_host_emulator::{LogLevel, Outcome};

use crate::app::{App, DEADLINE, HIDDEN};

#[tokio::test]
async fn a_handler_that_is_killed_in_flight_loses_no_message() {
    let app = App::new().await.with_function("HoldFirst").await;
    let host = app.with_host_json("extensions__queues__maxDequeueCount", "100").run().await;
    host.send("holdfirst", "text").await;
    host.events("holding").await;
    host.kill_worker().await;
    let mut finished = host.finished(2).await;
    while finished.last().unwrap().outcome != Outcome::Succeeded {
        finished = host.finished(finished.len() + 1).await;
    }
    assert!(matches!(finished[0].outcome, Outcome::Failed(_)), "{finished:?}");
    assert_eq!(host.queue("holdfirst").approximate_count().await.unwrap(), 0);
}

#[tokio::test]
async fn a_message_that_fails_too_often_is_moved_to_the_poison_queue_unchanged() {
    let app = App::new().await.with_function("Fail").await;
    let host = app.with_host_json("extensions__queues__maxDequeueCount", "3").run().await;
    host.send("fail", "text").await;
    let finished = host.finished(3).await;
    let counts: Vec<_> = finished.iter().map(|one| one.dequeue_count).collect();
    assert_eq!(counts, [1, 2, 3]);
    let message =
        "Message has reached MaxDequeueCount of 3. Moving message to queue 'fail-poison'.";
    assert_eq!(host.wait_for_log(message, DEADLINE).await.unwrap().level, LogLevel::Warning);
    assert_eq!(host.texts("fail-poison").await, ["text"]);
    assert_eq!(host.queue("fail").approximate_count().await.unwrap(), 0);
}

#[tokio::test]
async fn a_message_that_was_received_too_often_is_moved_to_the_poison_queue_without_a_call() {
    let app = App::new().await.with_function("Succeed").await;
    let queue = app.account.queue("succeed").unwrap();
    queue.send("text").await.unwrap();
    for _ in 0..2 {
        let message = queue.receive(1, HIDDEN).await.unwrap().remove(0);
        queue.update_visibility(&message.id, &message.pop_receipt, Duration::ZERO).await.unwrap();
    }
    let host = app.with_host_json("extensions__queues__maxDequeueCount", "2").run().await;
    host.send("succeed", "good").await;
    host.finished(1).await;
    host.wait_for_log("Moving message to queue 'succeed-poison'", DEADLINE).await.unwrap();
    assert_eq!(host.events("received").await.len(), 1);
}

#[tokio::test]
async fn the_host_does_not_create_the_triggers_queue_but_finds_it_later() {
    let app = App::new().await;
    let host = app
        .with_bindings("Succeed", &serde_json::json!([crate::app::trigger("later")]))
        .run()
        .await;
    assert!(!host.queue("later").exists().await.unwrap());
    host.queue("later").create_if_missing().await.unwrap();
    host.send("later", "text").await;
    assert_eq!(host.finished(1).await[0].outcome, Outcome::Succeeded);
}

#[tokio::test]
async fn a_message_is_renewed_while_its_function_runs() {
    let mut app = App::new().await.with_function("Slow").await;
    app.options.message_lease = Duration::from_secs(2);
    let host = app.run().await;
    host.send("slow", "text").await;
    let finished = host.finished(1).await;
    assert_eq!((&finished[0].outcome, finished[0].dequeue_count), (&Outcome::Succeeded, 1));
    assert_eq!(host.events("received").await.len(), 1);
    assert_eq!(host.queue("slow").approximate_count().await.unwrap(), 0);
}

#[tokio::test]
async fn no_more_messages_are_in_flight_than_batch_and_threshold_allow() {
    let app = App::new().await.with_function("Crowd").await;
    let app = app.with_host_json("extensions__queues__batchSize", "2");
    let app = app.with_host_json("extensions__queues__newBatchThreshold", "1");
    for _ in 0..9 {
        let queue = app.account.queue("crowd").unwrap();
        queue.send("text").await.unwrap();
    }
    let host = app.run().await;
    host.finished(9).await;
    let most = host.events("concurrent").await.iter().filter_map(serde_json::Value::as_u64).max();
    assert!(matches!(most, Some(2..=3)), "{most:?}");
}

#[tokio::test]
async fn a_function_receives_the_messages_that_another_one_writes() {
    let app = App::new().await.with_function("Reply").await;
    let host =
        app.with_bindings("Succeed", &serde_json::json!([crate::app::trigger("next")])).run().await;
    host.send("reply", r#"{"Outputs":{"next":["text"]}}"#).await;
    let finished = host.finished(2).await;
    let names: Vec<_> = finished.iter().map(|one| one.function.as_str()).collect();
    assert!(names.contains(&"Reply") && names.contains(&"Succeed"), "{names:?}");
    assert_eq!(host.queue("next").approximate_count().await.unwrap(), 0);
}
