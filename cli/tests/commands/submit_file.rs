//! `submit --file`: the requests of a file, over HTTP and by queue.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::{
    fake_broker::{Answer, FakeBroker, health, result},
    fake_queue_broker::Queues,
    world::{Ended, World, end},
};

/// A file with one request for each of these roles.
fn file(roles: &[&str]) -> String {
    let request = |role: &&str| json!({ "api": "api://orders", "roles": [role] });
    let requests: Vec<_> = roles.iter().map(request).collect();
    json!({ "principal": "id-orders", "requests": requests }).to_string()
}

/// The broker's answer to a request, whose role is the status of the outcome.
fn answer(request: &Value) -> Answer {
    let role = request["roles"][0].as_str().unwrap();
    let status = match role {
        "pendingApproval" => 202,
        "denied" => 403,
        "notFound" => 404,
        "failed" => 502,
        _ => 200,
    };
    let mut body = result(role, "");
    body["policySha256"] = json!("9f".repeat(32));
    if status == 202 {
        body["approvalId"] = json!("0f6c2a52-0000-4000-8000-0000000000aa");
    }
    for name in ["requested", "value"] {
        body["roles"][0][name] = json!(role);
    }
    Answer(status, body)
}

/// Runs `submit --file app-roles.json` against a broker.
async fn submit(world: &World, broker: &FakeBroker, more: &[&str]) -> Ended {
    let base = format!("http://{}", broker.address);
    let submit = ["submit", "--file", "app-roles.json", "--broker", &base];
    let mut command = world.command(&[&submit[..], more].concat());
    command.env("APP_ROLE_BROKER_KEY", "secret-key");
    let ended = end(command, "").await;
    assert!(!format!("{ended:?}").contains("secret-key"), "{ended:?}");
    ended
}

async fn broker() -> FakeBroker {
    FakeBroker::answering(answer, health("ok")).await
}

#[tokio::test]
async fn a_file_with_faults_is_refused_with_all_of_them_and_nothing_is_sent() {
    let world = World::new().await;
    let broker = broker().await;
    world.write(
        "app-roles.json",
        "{ \"requests\": [\n  { \"principal\": \"id-orders\", \"api\": \"api://orders\" },\n  { \"api\": 7 }, \
         { \"rolls\": [] } ] }",
    );
    let ended = submit(&world, &broker, &[]).await;
    ended.assert_failed(
        1,
        &[
            "app-roles.json:2:3: requests[0]: the field `roles` is missing",
            "app-roles.json:3:3: requests[1]: the principal is missing",
            "unknown field `rolls` (did you mean `roles`?)",
            "4 faults in app-roles.json, so nothing was sent",
        ],
    );
    std::fs::remove_file(world.path("app-roles.json")).unwrap();
    submit(&world, &broker, &[]).await.assert_failed(1, &["app-roles.json cannot be read"]);
    world.write("app-roles.json", &file(&["assigned"]));
    let wrong = ["--principal", "/subscriptions/x"];
    submit(&world, &broker, &wrong).await.assert_failed(2, &["--principal: "]);
    assert!(broker.received().is_empty());
}

#[tokio::test]
async fn a_command_without_a_file_or_with_two_sources_of_requests_is_refused() {
    let world = World::new().await;
    world.write("app-roles.json", &file(&["assigned"]));
    world.run(&["submit", "--wait"]).await.assert_failed(2, &["there is nothing to submit"]);
    world.run(&["submit", "--plan"]).await.assert_failed(2, &["--file"]);
    let both = ["submit", "--file", "app-roles.json", "revoke", "a", "api://b", "c"];
    world.run(&both).await.assert_failed(2, &["--file has requests of its own"]);
}

#[tokio::test]
async fn the_exit_status_says_what_came_of_all_requests() {
    let world = World::new().await;
    let broker = broker().await;
    for (roles, code) in [
        (&["assigned", "alreadyAssigned"][..], 0),
        (&["assigned", "pendingApproval"], 7),
        (&["denied", "denied"], 3),
        (&["notFound"], 4),
        (&["failed", "denied"], 1),
        (&["assigned", "denied"], 5),
        (&["alreadyAssigned", "notFound", "pendingApproval"], 5),
    ] {
        world.write("app-roles.json", &file(roles));
        let ended = submit(&world, &broker, &[]).await;
        ended.assert_said(code, roles);
        ended.assert_said(code, &["id-orders", "api://orders"]);
        let number = roles.len();
        ended.assert_failed(code, &[&format!("{number} of {number}: assign ")]);
    }
}

#[tokio::test]
async fn the_document_has_each_request_with_its_result() {
    let world = World::new().await;
    world.write("app-roles.json", &file(&["assigned", "denied"]));
    let ended = submit(&world, &broker().await, &["--output", "json"]).await;
    let document = ended.json();
    assert_eq!((ended.code, &document["exitStatus"]), (5, &json!(5)));
    let [done, denied] = &document["requests"].as_array().unwrap()[..] else { panic!("two") };
    assert_eq!((&done["outcome"], &done["exitStatus"]), (&json!("done"), &json!(0)));
    assert_eq!(done["request"]["principal"], "id-orders");
    assert_eq!(done["result"]["roles"][0]["status"], "assigned");
    assert_eq!((&denied["outcome"], &denied["exitStatus"]), (&json!("denied"), &json!(3)));
}

#[tokio::test]
async fn a_broker_that_does_not_answer_fails_each_request() {
    let world = World::new().await;
    world.write("app-roles.json", &file(&["assigned", "denied"]));
    let submit = ["submit", "-f", "app-roles.json", "--timeout", "1s", "--output", "json"];
    let mut command = world.command(&submit);
    command.env("APP_ROLE_BROKER", "http://127.0.0.1:1").env("APP_ROLE_BROKER_KEY", "key");
    let ended = end(command, "").await;
    ended.assert_failed(1, &["hint: check --broker"]);
    for request in ended.json()["requests"].as_array().unwrap() {
        assert_eq!(request["outcome"], "failed");
        assert!(request["error"].as_str().unwrap().contains("does not answer"), "{request}");
    }
}

#[tokio::test]
async fn no_request_waits_for_the_approvers_of_another_one() {
    let world = World::new().await;
    let roles = [vec!["pendingApproval"; 6], vec!["assigned"]].concat();
    world.write("app-roles.json", &file(&roles));
    let (sent, all) = (AtomicUsize::new(0), roles.len());
    let broker = FakeBroker::answering(
        move |asked| {
            if asked.get("query").is_none() {
                sent.fetch_add(1, Ordering::Relaxed);
                return answer(asked);
            }
            // Once all requests were sent, each is approved.
            let is_approved = sent.load(Ordering::Relaxed) == all;
            Answer(if is_approved { 200 } else { 202 }, result("assigned", ""))
        },
        health("ok"),
    )
    .await;
    let ended = submit(&world, &broker, &["--wait", "--timeout", "60s"]).await;
    ended.assert_said(0, &["7 requests: 7 done"]);
    ended.assert_failed(0, &["waits for approval", "7 of 7: assign"]);
}

#[tokio::test]
async fn a_plan_changes_nothing_and_is_markdown() {
    let world = World::new().await;
    let hostile = "a`|<b>@contoso\u{202e}";
    world.write("app-roles.json", &file(&["wouldAssign", "denied"]));
    let broker = FakeBroker::answering(
        move |request| {
            let Answer(status, mut body) = answer(request);
            body["roles"][0]["rule"] = json!(hostile);
            body["roles"][0]["message"] = json!("[link](https://contoso.example) # 1");
            Answer(status, body)
        },
        health("ok"),
    )
    .await;
    let ended = submit(&world, &broker, &["--plan"]).await;
    ended.assert_said(
        5,
        &[
            "### What would come of the app roles in `app-roles.json`\n\n- assign `wouldAssign` of \
             `api://orders` for `id-orders`: ✅ would be assigned, by the rule ``a`|<b>@contoso\u{fffd}``: \
             `[link](https://contoso.example) # 1`\n- assign `denied` of",
            "❌ denied",
            "2 requests: 1 would be done, 1 denied.",
            "\n\nRequester: `key:orders-team`.\n\nSHA-256 of the policy: `9f9f",
        ],
    );
    assert!(broker.received().iter().all(|(_, request)| request["dryRun"] == true));
}

#[tokio::test]
async fn the_summary_is_appended_to_its_file() {
    let world = World::new().await;
    let broker = broker().await;
    world.write("app-roles.json", &file(&["assigned"]));
    world.write("summary.md", "# The job\n");
    let ended = submit(&world, &broker, &["--summary", "summary.md"]).await;
    ended.assert_done(&["assigned"]);
    let summary = world.read("summary.md");
    assert!(summary.starts_with("# The job\n### App roles of `app-roles.json`\n"), "{summary}");
    assert!(summary.contains("for `id-orders`: ✅ assigned, by the rule `orders workloads`"));
    let ended = submit(&world, &broker, &["--summary", "missing/summary.md"]).await;
    ended.assert_failed(1, &["missing/summary.md cannot be written"]);
    assert_eq!(broker.received().len(), 1, "the file is opened before anything is sent");
}

#[tokio::test]
async fn the_principal_and_the_file_may_come_from_the_pipeline() {
    let world = World::new().await;
    let broker = broker().await;
    let base = format!("http://{}", broker.address);
    let id = "c0a70500-0000-4000-8000-0000000000d0";
    let submit = ["submit", "--file", "-", "--broker", &base, "--principal", id];
    let mut command = world.command(&submit);
    command.env("APP_ROLE_BROKER_KEY", "key");
    let ended = end(command, &file(&["assigned"])).await;
    ended.assert_failed(0, &["1 request of standard input over HTTP"]);
    assert_eq!(broker.received()[0].1["principal"], id);
}

#[tokio::test]
async fn a_file_by_queue_waits_for_all_results_and_its_plan_asks_for_the_same() {
    let world = World::new().await;
    world.write("app-roles.json", &file(&["assigned", "alreadyAssigned", "denied"]));
    let queues = Queues::answering(|request| vec![answer(request).1]).await;
    let submit = ["submit", "-f", "app-roles.json", "--wait", "--timeout", "60s"];
    let ended = end(queues.command(&world, &submit), "").await;
    ended.assert_said(5, &["assigned", "denied", "3 requests: 2 done, 1 denied"]);
    ended.assert_failed(5, &["with results in app-role-results", "3 of 3: assign"]);
    assert!(queues.left().await.is_empty());
    let first = queues.received();
    let plan = ["submit", "-f", "app-roles.json", "--plan", "--output", "json"];
    let shown = end(queues.command(&world, &plan), "").await;
    assert_eq!(shown.json()["requests"][2]["outcome"], "denied");
    for (request, planned) in first.iter().zip(&queues.received()[3..]) {
        let mut dry = request.clone();
        dry["dryRun"] = json!(true);
        assert_eq!(&dry, planned);
    }
}

#[tokio::test]
async fn requests_that_were_not_waited_for_are_listed_with_their_messages() {
    let world = World::new().await;
    world.write("app-roles.json", &file(&["assigned", "denied"]));
    let queues = Queues::without_broker().await;
    let ended = end(queues.command(&world, &["submit", "-f", "app-roles.json"]), "").await;
    let sent = queues.requests.peek().await.unwrap();
    assert_eq!(sent.len(), 2);
    for message in sent {
        ended.assert_done(&["sent", &format!("message {}", message.id), "2 requests: 2 sent"]);
    }
}

#[tokio::test]
async fn a_query_that_fails_does_not_cost_the_summary() {
    let world = World::new().await;
    let broker = broker().await;
    world.write("app-roles.json", &file(&["assigned"]));
    let query = ["--query", "length(`5`)"];
    let ended = submit(&world, &broker, &[&["--summary", "a.md"], &query[..]].concat()).await;
    ended.assert_failed(5, &["queryFailed"]);
    assert!(world.read("a.md").contains("✅ assigned"));
    world.write("app-roles.json", &file(&["denied"]));
    submit(&world, &broker, &query).await.assert_failed(1, &["queryFailed"]);
}
