//! `submit`: requests to the broker.

use azure_rest::claims::Claims;
use serde_json::json;
use tenant_emulator::contoso::ORDERS_API_URI;

use crate::{
    fake_broker::{Answer, FakeBroker, health, result, result_with_end},
    world::{World, end},
};

/// Returns problem details (RFC 9457) with the fields of a result.
fn problem(status: u16, role: &str, detail: &str) -> Answer {
    let mut body = result(role, detail);
    let own =
        json!({ "type": "urn:app-role-broker:problem:x", "status": status, "detail": detail });
    body.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
    Answer(status, body)
}

#[tokio::test]
async fn a_refusal_has_its_reason_and_its_exit_status() {
    let world = World::new().await;
    for (status, role, code) in [
        (400, "invalid", 1),
        (401, "denied", 3),
        (403, "denied", 3),
        (404, "notFound", 4),
        (409, "ambiguous", 4),
        (413, "invalid", 1),
        (502, "failed", 1),
    ] {
        let broker = FakeBroker::start(&[problem(status, role, "it lacks a rule")]).await;
        let ended = broker.submit(&world, &[]).await;
        ended.assert_said(code, &["Orders.Read", role]);
        ended.assert_failed(code, &["error: the broker refused: it lacks a rule", "hint: "]);
    }
}

#[tokio::test]
async fn a_partial_success_is_reported() {
    let world = World::new().await;
    let Answer(status, mut body) = problem(502, "failed", "Microsoft Graph refused");
    let done = json!({ "status": "assigned", "value": "Orders.Write" });
    body["roles"].as_array_mut().unwrap().push(done);
    let broker = FakeBroker::start(&[Answer(status, body)]).await;
    broker.submit(&world, &[]).await.assert_said(5, &["failed", "assigned"]);
}

#[tokio::test]
async fn an_answer_that_is_not_the_brokers_is_a_failure() {
    let world = World::new().await;
    for body in [json!("<html>"), json!({}), json!({ "roles": [] })] {
        let broker = FakeBroker::start(&[Answer(200, body)]).await;
        broker
            .submit(&world, &[])
            .await
            .assert_failed(1, &["the answer did not come from the broker"]);
    }
}

#[tokio::test]
async fn suggestions_and_candidates_of_the_broker_are_printed() {
    let world = World::new().await;
    let Answer(status, mut body) = problem(404, "notFound", "there is no such role");
    body["roles"][0]["suggestions"] = json!(["Orders.Read", "Orders.Write"]);
    body["candidates"] = json!([{ "objectId": "c0a70500-0000-4000-8000-000000000150" }]);
    let broker = FakeBroker::start(&[Answer(status, body)]).await;
    let ended = broker.submit(&world, &[]).await;
    ended.assert_said(4, &["did you mean Orders.Read, Orders.Write?", "candidate: ", "000000150"]);
}

#[tokio::test]
async fn the_url_and_a_way_to_authenticate_are_required() {
    let world = World::new().await;
    let broker = FakeBroker::start(&[]).await;
    end(broker.command(&world, &[]), "")
        .await
        .assert_failed(2, &["APP_ROLE_BROKER_KEY", "--audience"]);
    let submit = ["submit", "assign", "id-orders", "api://orders", "Orders.Read"];
    let neither = ["the URL of the broker is missing: pass --broker", "hint: ", "--requests"];
    world.run(&submit).await.assert_failed(2, &neither);
    for address in ["http://contoso.example", "contoso", "ftp://127.0.0.1"] {
        let ended = world.run(&[&submit[..], &["--broker", address]].concat()).await;
        ended.assert_failed(2, &["https://"]);
    }
    assert!(broker.received().is_empty());
}

#[tokio::test]
async fn an_invalid_request_is_not_sent() {
    let world = World::new().await;
    let broker = FakeBroker::start(&[]).await;
    for (option, value) in
        [("--not-after", "tomorrow"), ("--request-id", "INC 1234"), ("--reason", "a\u{202e}b")]
    {
        let named = format!("error: {option}: ");
        broker.submit(&world, &[option, value]).await.assert_failed(2, &[&named]);
    }
    for (request, named) in [
        (["", "api://orders", "Orders.Read"], "error: PRINCIPAL: "),
        (["id-orders", "", "Orders.Read"], "error: API: "),
        (["id-orders", "api://orders", "Orders Read"], "error: ROLE: "),
    ] {
        let arguments = [&["submit", "assign"], &request[..]].concat();
        world.run(&arguments).await.assert_failed(2, &[named]);
    }
    assert!(broker.received().is_empty());
}

#[tokio::test]
async fn an_unavailable_broker_is_retried_until_the_wait_is_over() {
    let world = World::new().await;
    let busy = || problem(503, "failed", "Microsoft Graph is throttling");
    let mut busy_for_an_hour = busy();
    busy_for_an_hour.1["retryAfter"] = json!("3600");
    let broker = FakeBroker::start(&[busy_for_an_hour]).await;
    let ended = broker.submit(&world, &["--timeout", "60s"]).await;
    ended.assert_failed(
        1,
        &[
            "the broker is unavailable: Microsoft Graph is throttling",
            "safe to send the request again",
        ],
    );
    assert_eq!(broker.received().len(), 1);
    let broker = FakeBroker::start(&[busy(), busy(), Answer(201, result("assigned", ""))]).await;
    broker.submit(&world, &[]).await.assert_done(&["assigned", "orders workloads"]);
    let asked = broker.received();
    assert_eq!(asked.len(), 3);
    assert!(asked.iter().all(|(_, body)| *body == asked[0].1), "{asked:?}");
}

#[tokio::test]
async fn an_unreachable_broker_is_reported_with_its_url() {
    let world = World::new().await;
    let broker = FakeBroker::start(&[]).await;
    let mut command = broker.command(&world, &["--timeout", "1s"]);
    command.env("APP_ROLE_BROKER_KEY", "key").args(["--broker", "http://127.0.0.1:1"]);
    let ended = end(command, "").await;
    // The option stands twice, and that is said first.
    ended.assert_failed(2, &["--broker"]);
    let mut command = world.command(&["submit", "assign", "a", "api://b", "c", "--timeout", "1s"]);
    command.env("APP_ROLE_BROKER_KEY", "key").env("APP_ROLE_BROKER", "http://127.0.0.1:1");
    end(command, "")
        .await
        .assert_failed(1, &["http://127.0.0.1:1/api/app-role-assignments does not answer"]);
}

#[tokio::test]
async fn the_request_is_sent_to_the_broker_and_not_to_graph() {
    let world = World::new().await;
    let broker = FakeBroker::start(&[Answer(201, result("assigned", ""))]).await;
    let options =
        ["--reason", "reads", "--request-id", "INC-1", "--not-after", "2099-01-01T00:00:00Z"];
    broker.submit(&world, &options).await.assert_done(&["assigned", "expire by 2026-08-21"]);
    let (headers, body) = broker.received().remove(0);
    assert_eq!(headers["x-functions-key"], "secret-key");
    let expected = json!({
        "action": "assign", "principal": "id-orders", "api": "api://orders",
        "roles": ["Orders.Read"], "reason": "reads", "requestId": "INC-1",
        "notAfter": "2099-01-01T00:00:00Z", "dryRun": false,
    });
    assert_eq!(body, expected);
    assert!(world.is_untouched(), "the tenant is the broker's business");
}

#[tokio::test]
async fn the_end_of_an_assignment_is_sent_and_printed() {
    let world = World::new().await;
    for (option, value, field) in
        [("--duration", "PT8H", "duration"), ("--end", "2026-08-20T18:11:12Z", "endDateTime")]
    {
        let broker = FakeBroker::start(&[Answer(201, result_with_end())]).await;
        let ended = broker.submit(&world, &[option, value]).await;
        ended.assert_done(&["Orders.Read ends at 2026-08-20T18:11:12Z", "2026-08-21T18:11:12Z"]);
        assert_eq!(broker.received()[0].1[field], value);
    }
}

#[tokio::test]
async fn an_end_that_the_broker_would_reject_is_not_sent() {
    let world = World::new().await;
    let broker = FakeBroker::start(&[]).await;
    for (options, reason) in [
        (
            &["--duration", "pt8h"][..],
            "error: --duration: the letters of a duration are in upper case",
        ),
        (&["--duration", "P1M"], "error: --duration: years and months differ in length"),
        (&["--end", "tomorrow"], "error: --end: expected a time in RFC 3339"),
        (&["--duration", "PT8H", "--end", "2099-01-01T00:00:00Z"], "cannot be used with"),
    ] {
        broker.submit(&world, options).await.assert_failed(2, &[reason]);
    }
    let mut revoke =
        world.command(&["submit", "revoke", "a", "api://b", "c", "--duration", "PT8H"]);
    revoke.env("APP_ROLE_BROKER_KEY", "key");
    end(revoke, "").await.assert_failed(2, &["--duration"]);
    assert!(broker.received().is_empty());
}

#[tokio::test]
async fn an_audience_sends_the_operators_token_and_needs_no_permissions_in_the_tenant() {
    let world = World::with_roles(&[]).await;
    let broker = FakeBroker::start(&[Answer(200, result("alreadyAssigned", ""))]).await;
    let command = broker.command(&world, &["--audience", ORDERS_API_URI, "--output", "json"]);
    let ended = end(command, "").await;
    assert_eq!(ended.json()["roles"][0]["status"], "alreadyAssigned", "{ended:?}");
    let (headers, _) = broker.received().remove(0);
    let token = headers["authorization"].to_str().unwrap().strip_prefix("Bearer ").unwrap();
    let claims = Claims::decode(token);
    assert_eq!(claims.audience.as_deref(), Some(ORDERS_API_URI));
    assert_eq!(claims.object_id.unwrap().to_string(), crate::world::OPERATOR);
    assert!(!headers.contains_key("x-functions-key"));
    assert!(!format!("{ended:?}").contains(token), "a token was printed");
}

#[tokio::test]
async fn a_route_selects_another_function_with_key_and_token_together() {
    let world = World::new().await;
    let broker = FakeBroker::start(&[Answer(201, result("assigned", ""))]).await;
    let options = ["--route", "/api/people", "--audience", ORDERS_API_URI];
    broker.submit(&world, &options).await.assert_done(&["assigned"]);
    let (headers, _) = broker.received().remove(0);
    assert!(headers.contains_key("x-functions-key") && headers.contains_key("authorization"));
    for elsewhere in ["https://contoso.example/api", "../../x/../..//contoso.example/"] {
        let ended = broker.submit(&world, &["--route", elsewhere]).await;
        assert!(ended.code == 2 || broker.received().len() == 1, "{ended:?}");
    }
}

#[tokio::test]
async fn submit_revoke_sends_the_action() {
    let world = World::new().await;
    let broker = FakeBroker::start(&[Answer(200, result("revoked", ""))]).await;
    let base = format!("http://{}", broker.address);
    let mut command =
        world.command(&["submit", "revoke", "id-orders", "api://orders", "Orders.Read"]);
    command.env("APP_ROLE_BROKER_KEY", "key").env("APP_ROLE_BROKER", base);
    end(command, "").await.assert_done(&["revoked"]);
    assert_eq!(broker.received()[0].1["action"], "revoke");
}

/// The answers of a request that waits for approval, and then has these outcomes.
fn pending_then(last: &[(u16, &str)]) -> Vec<Answer> {
    let mut first = result("pendingApproval", "2 of the approvers of the rule must approve it");
    first["approvalId"] = json!(APPROVAL);
    let last = last.iter().map(|(status, role)| {
        let mut body = result(role, "");
        body["approvalId"] = json!(APPROVAL);
        Answer(*status, body)
    });
    [Answer(202, first)].into_iter().chain(last).collect()
}

const APPROVAL: &str = "0f6c2a52-0000-4000-8000-0000000000aa";

#[tokio::test]
async fn a_request_that_waits_for_approval_has_an_exit_status_of_its_own() {
    let world = World::new().await;
    let broker = FakeBroker::start(&pending_then(&[])).await;
    let ended = broker.submit(&world, &[]).await;
    ended.assert_said(7, &["pendingApproval", "must approve it", APPROVAL]);
    assert_eq!(ended.stderr, "");
    let broker = FakeBroker::start(&pending_then(&[])).await;
    let shown = broker.submit(&world, &["--output", "json"]).await;
    assert_eq!((shown.code, &shown.json()["approvalId"]), (7, &json!(APPROVAL)));
}

#[tokio::test]
async fn a_request_that_waits_for_approval_is_asked_about_until_it_is_final() {
    let world = World::new().await;
    for (role, code) in [("assigned", 0), ("denied", 3), ("expired", 1)] {
        let answers = pending_then(&[(202, "pendingApproval"), (202, "assigned"), (200, role)]);
        let broker = FakeBroker::start(&answers).await;
        let ended = broker.submit(&world, &["--wait"]).await;
        ended.assert_said(code, &[role]);
        ended.assert_failed(code, &["waits for approval", "approvals approve", APPROVAL]);
        let received = broker.received();
        assert_eq!(received.len(), 4, "the status 202 says that it waits still");
        for (headers, asked) in &received[1..] {
            assert_eq!(asked["query"], format!("approval={APPROVAL}"));
            assert_eq!(headers["x-functions-key"], "secret-key");
        }
    }
}

#[tokio::test]
async fn waiting_for_approvers_ends_with_the_timeout() {
    let world = World::new().await;
    let answer = |asked: &serde_json::Value| {
        let waits = pending_then(&[(202, "pendingApproval")]);
        waits[usize::from(asked.get("query").is_some())].clone()
    };
    let broker = FakeBroker::answering(answer, health("ok")).await;
    let ended = broker.submit(&world, &["--wait", "--timeout", "2s"]).await;
    assert_eq!(ended.code, 7, "{ended:?}");
}

#[tokio::test]
async fn an_approval_that_cannot_be_read_any_more_is_a_failure() {
    let world = World::new().await;
    let [first] = &pending_then(&[])[..] else { panic!("one answer") };
    let gone =
        Answer(404, json!({ "type": "urn:app-role-broker:problem:not-found", "detail": "gone" }));
    let broker = FakeBroker::start(&[first.clone(), gone]).await;
    let ended = broker.submit(&world, &["--wait"]).await;
    ended.assert_failed(4, &[APPROVAL, "what became of it cannot be read", "gone"]);
}

#[tokio::test]
async fn a_timeout_is_a_time_with_a_unit() {
    let world = World::new().await;
    let broker = FakeBroker::start(&[]).await;
    for text in ["0", "soon", "-5s", "10min", "25h"] {
        let ended = broker.submit(&world, &[&format!("--timeout={text}")]).await;
        ended.assert_failed(2, &["--timeout"]);
    }
    assert!(broker.received().is_empty());
}

#[tokio::test]
async fn options_of_sending_may_stand_before_the_subcommand() {
    let world = World::new().await;
    let broker = FakeBroker::start(&[Answer(201, result("assigned", ""))]).await;
    let base = format!("http://{}", broker.address);
    let request = ["assign", "id-orders", "api://orders", "Orders.Read"];
    let before = ["submit", "--broker", &base, "--wait", "--output", "json"];
    let mut command = world.command(&[&before[..], &request].concat());
    command.env("APP_ROLE_BROKER_KEY", "key");
    assert_eq!(end(command, "").await.json()["roles"][0]["status"], "assigned");
}

#[tokio::test]
async fn an_address_of_the_broker_with_a_password_is_refused_and_not_repeated() {
    let world = World::new().await;
    world.write("request.json", r#"{"principal":"a","api":"graph","roles":["Mail.Read"]}"#);
    let commands = [
        &["submit", "assign", "id-orders", "api://orders", "Orders.Read"][..],
        &["approvals", "list"],
        &["list", "id-orders", "--through-broker", "--api", "api://orders"],
        &["plan", "request.json", "--requester", "queue:team"],
        &["drift"],
        &["doctor"],
        &["version"],
        &["assign", "id-orders", "api://orders", "Orders.Read", "--dry-run"],
    ];
    for address in [
        "https://anna:hunter2@contoso.example",
        "http://hunter2@127.0.0.1:1",
        "https://contoso.example/?code=hunter2",
        "https://contoso.example/#hunter2",
    ] {
        for command in commands {
            let by_option = world.command(&[command, &["--broker", address, "--debug"]].concat());
            let mut by_variable = world.command(command);
            by_variable.env("APP_ROLE_BROKER", address);
            for mut command in [by_option, by_variable] {
                command.env("APP_ROLE_BROKER_KEY", "key");
                let ended = end(command, "").await;
                ended.assert_failed(2, &["error: --broker must be a URL", "without a user name"]);
                assert!(!format!("{ended:?}").contains("hunter2"), "{ended:?}");
            }
        }
    }
    assert!(world.is_untouched());
}

#[tokio::test]
async fn a_query_that_fails_after_a_change_does_not_say_that_nothing_was_changed() {
    let world = World::new().await;
    let query = ["--query", "length(`5`)"];
    for (role, dry_run, code) in [("assigned", false, 5), ("wouldAssign", true, 1)] {
        let broker = FakeBroker::start(&[Answer(201, result(role, ""))]).await;
        let dry_run = if dry_run { &["--dry-run"][..] } else { &[] };
        let ended = broker.submit(&world, &[&query[..], dry_run].concat()).await;
        ended.assert_failed(code, &["queryFailed"]);
    }
    let assign = ["assign", "id-orders", "api://orders", "Orders.Read", "--yes"];
    world.run(&[&assign[..], &query].concat()).await.assert_failed(5, &["queryFailed"]);
    world.run(&[&assign[..], &query].concat()).await.assert_failed(1, &["queryFailed"]);
}
