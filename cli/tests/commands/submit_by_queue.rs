//! `submit` by queue: a result is found by the message that it answers, and other readers lose nothing.

use std::{process::Stdio, time::Duration};

use serde_json::{Value, json};

use crate::{
    fake_broker::{Answer, FakeBroker, result},
    fake_queue_broker::Queues,
    world::{Ended, World, end},
};

const APPROVAL: &str = "0f6c2a52-0000-4000-8000-0000000000aa";

/// Returns the result of a request, about its first role.
fn answer(request: &Value, status: &str) -> Value {
    let mut answer = result(status, "");
    answer["requester"] = json!("queue:app-role-requests");
    answer["roles"][0]["requested"] = request["roles"][0].clone();
    answer["roles"][0]["value"] = request["roles"][0].clone();
    answer
}

/// Puts results of other senders into the queue.
async fn results_of_others(queues: &Queues, number: usize) -> Vec<String> {
    let mut texts = Vec::new();
    for index in 0..number {
        let mut other = result("assigned", "");
        other["messageId"] = json!(format!("of another sender {index}"));
        texts.push(other.to_string());
        queues.results.send(&texts[index]).await.unwrap();
    }
    texts
}

async fn submit(queues: &Queues, world: &World) -> Ended {
    queues.submit(world, &["--wait", "--timeout", "60s"]).await
}

#[tokio::test]
async fn an_account_and_a_results_queue_must_be_named() {
    let world = World::new().await;
    let assign = ["submit", "assign", "id-orders", "api://orders", "Orders.Read"];
    let by_queue =
        |more: &[&str]| world.command(&[&assign[..], &["--via", "queue"], more].concat());
    end(by_queue(&[]), "").await.assert_failed(2, &["--requests", "APP_ROLE_REQUESTS"]);
    let queues = Queues::without_broker().await;
    let ended = queues.submit(&world, &["--queue", "orders", "--wait"]).await;
    ended.assert_failed(2, &["the results queue of orders is not known", "--results"]);
    queues.submit(&world, &["--queue", "Orders"]).await.assert_failed(2, &["--queue"]);
    assert_eq!(queues.requests.approximate_count().await.unwrap(), 0);
}

#[tokio::test]
async fn a_queue_that_does_not_exist_is_named_and_nothing_is_sent() {
    let world = World::new().await;
    let queues = Queues::without_broker().await;
    let ended = queues.submit(&world, &["--queue", "no-such-requests"]).await;
    ended.assert_failed(4, &["not sent", "no-such-requests", "it does not exist", "--requests"]);
    let ended = queues.submit(&world, &["--results", "no-such-results", "--wait"]).await;
    ended.assert_failed(4, &["the results queue no-such-results cannot be read", "not exist"]);
    assert_eq!(queues.requests.approximate_count().await.unwrap(), 0);
}

#[tokio::test]
async fn without_a_result_in_time_the_exit_status_is_7_and_the_message_is_named() {
    let world = World::new().await;
    let queues = Queues::without_broker().await;
    let ended = queues.submit(&world, &["--wait", "--timeout", "1s"]).await;
    let [sent] = &queues.requests.peek().await.unwrap()[..] else { panic!("one request") };
    ended.assert_failed(
        7,
        &["no answer within 1 s", &sent.id, "app-role-requests", "again is safe"],
    );
}

#[tokio::test]
async fn a_refusal_has_the_exit_status_that_it_has_over_http() {
    let world = World::new().await;
    for (status, code) in [("denied", 3), ("notFound", 4), ("failed", 1), ("invalid", 1)] {
        let queues = Queues::answering(move |request| vec![answer(request, status)]).await;
        submit(&queues, &world).await.assert_said(code, &[status, "Orders.Read"]);
    }
}

#[tokio::test]
async fn a_request_is_sent_without_any_right_to_the_results() {
    let world = World::new().await;
    let queues = Queues::without_broker().await;
    let results = ["--results", "no-such-results"];
    let ended = queues.submit(&world, &results).await;
    let [sent] = &queues.requests.peek().await.unwrap()[..] else { panic!("one request") };
    ended.assert_done(&["sent to the queue app-role-requests as message", &sent.id]);
    let request: Value = serde_json::from_str(&sent.text).unwrap();
    let expected = json!({ "action": "assign", "principal": "id-orders", "api": "api://orders",
                           "roles": ["Orders.Read"], "dryRun": false });
    assert_eq!(request, expected);
    let shown = queues.submit(&world, &[&results[..], &["--output", "json"]].concat()).await.json();
    assert_eq!(shown["queue"], "app-role-requests");
    assert!(shown["messageId"].is_string(), "{shown}");
}

#[tokio::test]
async fn the_result_is_found_among_many_of_others_and_theirs_stay_visible() {
    let world = World::new().await;
    for number in [0, 3, 31, 70] {
        let queues = Queues::answering(|request| vec![answer(request, "assigned")]).await;
        let mut others = results_of_others(&queues, number).await;
        submit(&queues, &world).await.assert_done(&["assigned", "Orders.Read"]);
        assert_eq!(queues.results.approximate_count().await.unwrap(), number as i64);
        let mut left = Vec::new();
        while let Some(message) =
            queues.results.receive(1, Duration::from_secs(60)).await.unwrap().pop()
        {
            left.push(message.text);
        }
        left.sort();
        others.sort();
        assert_eq!(left, others);
    }
}

#[tokio::test]
async fn texts_that_are_no_result_of_the_request_are_ignored() {
    let world = World::new().await;
    let answers = |request: &Value| {
        let without_roles = json!({ "roles": [] });
        vec![without_roles, json!({ "roles": "none" }), answer(request, "assigned")]
    };
    let queues = Queues::answering(answers).await;
    for text in ["", "no JSON", "[]", "7", "{\"messageId\":null,\"roles\":[{}]}", "e30="] {
        queues.results.send(text).await.unwrap();
    }
    submit(&queues, &world).await.assert_done(&["assigned"]);
    assert_eq!(queues.left().await.len(), 8, "only the result was taken");
}

#[tokio::test]
async fn several_waiters_share_a_queue() {
    let world = World::new().await;
    let queues = Queues::answering(|request| vec![answer(request, "assigned")]).await;
    results_of_others(&queues, 2).await;
    let roles = ["Orders.Read", "Orders.Write", "Orders.Admin"];
    let waiters = roles.map(async |role| {
        let arguments = ["submit", "assign", "id-orders", "api://orders", role, "--wait"];
        let ended = end(queues.command(&world, &arguments), "").await;
        ended.assert_done(&[role]);
    });
    let [one, two, three] = waiters;
    tokio::join!(one, two, three);
    assert_eq!(queues.results.approximate_count().await.unwrap(), 2);
}

#[tokio::test]
async fn a_request_that_waits_for_approval_is_waited_for() {
    let pending = |request: &Value| {
        let mut pending = answer(request, "pendingApproval");
        pending["approvalId"] = json!(APPROVAL);
        pending
    };
    let world = World::new().await;
    let queues = Queues::answering(move |request| {
        let mut last = answer(request, "assigned");
        last["approvalId"] = json!(APPROVAL);
        vec![pending(request), last]
    })
    .await;
    submit(&queues, &world).await.assert_done(&["assigned"]);
    assert!(queues.left().await.is_empty());
}

#[cfg(unix)]
#[tokio::test]
async fn an_interruption_while_approvers_are_awaited_shows_the_approval() {
    let world = World::new().await;
    let queues = Queues::answering(|request| {
        let mut pending = answer(request, "pendingApproval");
        pending["approvalId"] = json!(APPROVAL);
        vec![pending]
    })
    .await;
    let ended = interrupted(&world, &queues, async || {
        !queues.received().is_empty() && queues.results.approximate_count().await.unwrap() == 0
    })
    .await;
    ended.assert_said(130, &["pendingApproval", APPROVAL]);
}

#[tokio::test]
async fn a_known_broker_is_called_unless_the_queue_is_asked_for() {
    let world = World::new().await;
    let queues = Queues::without_broker().await;
    let broker = FakeBroker::start(&[Answer(200, result("alreadyAssigned", ""))]).await;
    let base = format!("http://{}", broker.address);
    let assign = ["submit", "assign", "id-orders", "api://orders", "Orders.Read"];
    let command = |more: &[&str]| {
        let mut command = queues.command(&world, &[&assign[..], more].concat());
        command.env("APP_ROLE_BROKER", &base).env("APP_ROLE_BROKER_KEY", "key");
        command
    };
    end(command(&[]), "").await.assert_done(&["alreadyAssigned"]);
    end(command(&["--via", "queue"]), "").await.assert_done(&["sent to the queue"]);
    assert_eq!(broker.received().len(), 1);
    assert_eq!(queues.requests.approximate_count().await.unwrap(), 1);
}

/// Runs `submit assign --wait` by queue, and interrupts it when a condition holds.
#[cfg(unix)]
async fn interrupted(world: &World, queues: &Queues, condition: impl AsyncFn() -> bool) -> Ended {
    ended_by("-INT", (world, queues), condition).await
}

/// Runs `submit assign --wait` by queue, and sends it a signal when a condition holds.
#[cfg(unix)]
async fn ended_by(
    signal: &str,
    (world, queues): (&World, &Queues),
    condition: impl AsyncFn() -> bool,
) -> Ended {
    let assign = ["submit", "assign", "id-orders", "api://orders", "Orders.Read", "--wait"];
    let mut command = queues.command(world, &assign);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    let mut looks = tokio::time::interval(Duration::from_millis(20));
    while !condition().await {
        looks.tick().await;
    }
    crate::record::send_signal(&child, signal).await;
    let output = child.wait_with_output().await.unwrap();
    let [stdout, stderr] =
        [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    Ended { code: output.status.code().unwrap(), stdout, stderr }
}

#[cfg(unix)]
#[tokio::test]
async fn an_interruption_says_that_the_request_was_sent() {
    let world = World::new().await;
    let queues = Queues::without_broker().await;
    let ended = interrupted(&world, &queues, async || {
        queues.requests.approximate_count().await.unwrap() > 0
    })
    .await;
    let [sent] = &queues.requests.peek().await.unwrap()[..] else { panic!("one request") };
    let texts = ["stopped waiting", &sent.id, "app-role-requests", "again is safe"];
    ended.assert_failed(130, &texts);
}

#[cfg(unix)]
#[tokio::test]
async fn the_end_of_a_job_is_an_interruption() {
    let world = World::new().await;
    let queues = Queues::without_broker().await;
    let is_sent = async || queues.requests.approximate_count().await.unwrap() > 0;
    let ended = ended_by("-TERM", (&world, &queues), is_sent).await;
    let [sent] = &queues.requests.peek().await.unwrap()[..] else { panic!("one request") };
    ended.assert_failed(130, &["stopped waiting", &sent.id]);
}
