//! `submit` when an answer is lost or does not come: nothing that was sent is told as not sent.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use tenant_emulator::contoso::ORDERS_API_URI;

use crate::{
    fake_approvals::{APPROVAL, approval, sealed},
    fake_broker::result,
    rude_server::{Reply, RudeServer},
    world::{Ended, World, end},
};

/// A file with one request for each of these roles.
fn file(roles: &[&str]) -> String {
    let request = |role: &&str| json!({ "api": "api://orders", "roles": [role] });
    let requests: Vec<_> = roles.iter().map(request).collect();
    json!({ "principal": "id-orders", "requests": requests }).to_string()
}

/// A broker that assigns each role, except that it treats one that is called `lost` like this.
async fn broker(lost: Reply) -> RudeServer {
    RudeServer::start(move |_, request| match request.body.contains("\"lost\"") {
        true => lost.clone(),
        false => Reply::Json(201, result("assigned", "")),
    })
    .await
}

async fn submit(world: &World, broker: &RudeServer, arguments: &[&str]) -> Ended {
    let mut command = world.command(&[&["submit"], arguments].concat());
    command.env("APP_ROLE_BROKER", &broker.address).env("APP_ROLE_BROKER_KEY", "key");
    end(command, "").await
}

fn outcomes(document: &Value) -> Vec<&str> {
    let requests = document["requests"].as_array().unwrap();
    requests.iter().map(|request| request["outcome"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_call_that_hangs_does_not_hide_what_came_of_the_others() {
    let world = World::new().await;
    world.write("app-roles.json", &file(&["Orders.Read", "lost"]));
    let broker = broker(Reply::Hang).await;
    let options = ["-f", "app-roles.json", "--timeout", "1s", "--summary", "summary.md"];
    let ended = submit(&world, &broker, &[&options[..], &["--output", "json"]].concat()).await;
    assert_eq!(ended.code, 7, "{ended:?}");
    assert_eq!(outcomes(&ended.json()), ["done", "noAnswer"]);
    ended.assert_failed(7, &["stopped waiting after 1 s", "sending a request again is safe"]);
    let summary = world.read("summary.md");
    assert!(summary.contains("✅ assigned") && summary.contains("❌ no answer"), "{summary}");
}

#[tokio::test]
async fn a_call_whose_answer_is_lost_is_not_told_as_failed() {
    let world = World::new().await;
    world.write("app-roles.json", &file(&["Orders.Read", "lost"]));
    for lost in [Reply::Drop, Reply::HalfBody, Reply::Json(504, Value::Null)] {
        let broker = broker(lost.clone()).await;
        let options = ["-f", "app-roles.json", "--timeout", "1s", "--output", "json"];
        let ended = submit(&world, &broker, &options).await;
        assert_eq!(ended.code, 7, "{lost:?}: {ended:?}");
        let document = ended.json();
        assert_eq!(outcomes(&document), ["done", "noAnswer"], "{lost:?}");
        assert!(document["requests"][1]["error"].is_string(), "{document}");
        let one = ["assign", "id-orders", "api://orders", "lost", "--timeout", "1s"];
        let ended = submit(&world, &broker, &one).await;
        ended.assert_failed(7, &["the request may have been sent over HTTP", "again is safe"]);
    }
}

#[tokio::test]
async fn a_broker_that_is_gone_after_an_answer_was_lost_does_not_make_it_unsent() {
    let world = World::new().await;
    let broker = RudeServer::start(|number, _| match number {
        0 => Reply::Drop,
        _ => Reply::Json(503, json!({ "detail": "Microsoft Graph is throttling" })),
    })
    .await;
    let one = ["assign", "id-orders", "api://orders", "Orders.Read", "--timeout", "1s"];
    submit(&world, &broker, &one).await.assert_failed(7, &["may have been sent"]);
    assert!(broker.received().len() > 1);
}

async fn by_queue(world: &World, account: &RudeServer, arguments: &[&str]) -> Ended {
    let mut command = world.command(&[&["submit"], arguments].concat());
    command.env("APP_ROLE_REQUESTS", account.account());
    end(command, "").await
}

#[tokio::test]
async fn a_message_whose_answer_is_lost_is_not_stored_again() {
    let world = World::new().await;
    world.write("app-roles.json", &file(&["Orders.Read"]));
    for lost in [Reply::Drop, Reply::HalfBody, Reply::Json(500, Value::Null)] {
        let account = RudeServer::start(move |_, _| lost.clone()).await;
        let one = ["assign", "id-orders", "api://orders", "Orders.Read"];
        let ended = by_queue(&world, &account, &one).await;
        ended.assert_failed(7, &["may have the request", "may have been sent to the queue"]);
        assert!(!ended.stderr.contains("Azure role"), "{ended:?}");
        let posts = account.received();
        assert_eq!(posts.len(), 1, "{posts:?}");
        assert!(posts[0].line.starts_with("POST "), "{posts:?}");
        let of_file = ["-f", "app-roles.json", "--output", "json"];
        let ended = by_queue(&world, &account, &of_file).await;
        assert_eq!((ended.code, outcomes(&ended.json())), (7, vec!["noAnswer"]));
    }
}

#[tokio::test]
async fn a_role_is_suggested_only_to_an_account_that_is_denied() {
    let world = World::new().await;
    let one = ["assign", "id-orders", "api://orders", "Orders.Read"];
    for (status, is_suggested) in [(401, true), (403, true), (400, false), (413, false)] {
        let account = RudeServer::start(move |_, _| Reply::Json(status, Value::Null)).await;
        let ended = by_queue(&world, &account, &one).await;
        ended.assert_failed(1, &["was not sent to the queue app-role-requests"]);
        assert_eq!(ended.stderr.contains("Data Message Sender"), is_suggested, "{ended:?}");
    }
}

#[tokio::test]
async fn a_results_queue_that_does_not_answer_ends_with_the_timeout_and_nothing_is_sent() {
    let world = World::new().await;
    let account = RudeServer::start(|_, _| Reply::Hang).await;
    let one = ["assign", "id-orders", "api://orders", "Orders.Read", "--wait", "--timeout", "1s"];
    let ended = by_queue(&world, &account, &one).await;
    ended.assert_failed(1, &["nothing was sent within 1 s"]);
    assert!(account.received().iter().all(|request| request.line.starts_with("GET ")));
}

/// The identity endpoint: a token that must be renewed at once, and then none.
async fn one_token_only() -> RudeServer {
    RudeServer::start(|number, _| {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let expires = now + Duration::from_secs(1);
        let token = json!({ "access_token": "a.e30.c", "token_type": "Bearer",
            "resource": "api://orders", "expires_on": expires.as_secs().to_string() });
        match number {
            0 => Reply::Json(200, token),
            _ => Reply::Json(400, json!({ "statusCode": 400, "message": "gone" })),
        }
    })
    .await
}

#[tokio::test]
async fn a_sign_in_that_ends_while_approvers_are_awaited_is_not_told_as_a_timeout() {
    let world = World::new().await;
    let identity = one_token_only().await;
    let mut pending = result("pendingApproval", "");
    pending["approvalId"] = json!("0f6c2a52-0000-4000-8000-0000000000aa");
    let broker = RudeServer::start(move |_, _| Reply::Json(202, pending.clone())).await;
    let one = ["submit", "assign", "id-orders", "api://orders", "Orders.Read", "--wait"];
    let mut command = world.command(&one);
    command.args(["--audience", "api://orders", "--timeout", "20s"]);
    command.env("APP_ROLE_BROKER", &broker.address);
    command.env("IDENTITY_ENDPOINT", format!("{}/msi/token", identity.address));
    let ended = end(command, "").await;
    ended.assert_failed(1, &["waits for approval, and what became of it cannot be read", "token"]);
}

#[tokio::test]
async fn a_vote_whose_answer_is_lost_is_told_as_uncertain() {
    let world = World::new().await;
    let waiting = sealed(approval(1));
    let broker = RudeServer::start(move |_, request| match request.body.is_empty() {
        true => Reply::Json(200, waiting.clone()),
        false => Reply::Drop,
    })
    .await;
    let mut command = world.command(&["approvals", "deny", APPROVAL, "--yes", "--wait", "1"]);
    command.env("APP_ROLE_BROKER", &broker.address);
    command.env("APP_ROLE_BROKER_AUDIENCE", ORDERS_API_URI);
    let ended = end(command, "").await;
    ended
        .assert_failed(5, &["the broker may have what was sent", "safe to send the request again"]);
}
