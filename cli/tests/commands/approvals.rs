//! `approvals`: decisions of approvers.

use azure_rest::claims::Claims;
use serde_json::{Value, json};
use tenant_emulator::contoso::{ORDERS_API_URI, ORDERS_WRITE, REPORTS_IDENTITY};

use crate::{
    fake_approvals::{APPROVAL, FakeApprovals, approval, conflict, problem, sealed},
    fake_broker::{Answer, FakeBroker, result},
    world::{World, end},
};

/// Returns the approval with another value at a JSON pointer.
fn with(pointer: &str, value: Value) -> Value {
    let mut changed = approval(1);
    *changed.pointer_mut(pointer).unwrap() = value;
    changed
}

fn digest(approval: &Value) -> String {
    approval["digest"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_function_key_alone_is_refused_before_any_call() {
    let world = World::new().await;
    let broker = FakeApprovals::start(approval(1)).await;
    for arguments in [&["list"][..], &["show", APPROVAL], &["deny", APPROVAL, "--yes"]] {
        let mut command = broker.command(&world, arguments);
        command.env_remove("APP_ROLE_BROKER_AUDIENCE").env("APP_ROLE_BROKER_KEY", "secret-key");
        let ended = end(command, "").await;
        ended.assert_failed(2, &["a function key proves no person", "hint: pass --audience"]);
    }
    let mut command = broker.command(&world, &["list"]);
    command.env("APP_ROLE_BROKER_AUDIENCE", "");
    end(command, "").await.assert_failed(2, &["no audience", "hint: pass --audience"]);
    assert!(broker.calls().is_empty());
}

#[tokio::test]
async fn an_approval_that_contradicts_itself_is_neither_shown_nor_decided_on() {
    let world = World::new().await;
    let role = approval(1)["roles"][0].clone();
    for (told, wrong) in [
        ("its digest", with("/digest", json!("0".repeat(64)))),
        ("its digest", with("/subject/requester", json!("http:another"))),
        ("its digest", with("/subject/policySha256", json!("0".repeat(64)))),
        ("its digest", with("/subject/action", json!("revoke"))),
        ("its principal", with("/principal/objectId", json!(REPORTS_IDENTITY))),
        ("its API", with("/api/objectId", json!(REPORTS_IDENTITY))),
        ("its roles", with("/roles/0/id", json!(ORDERS_WRITE))),
        ("its roles", with("/roles/0/rule", json!("another rule"))),
        ("its roles", with("/roles/0/end", json!("PT1H"))),
        ("its roles", with("/roles", json!([]))),
        ("its roles", with("/roles", json!([role, role]))),
    ] {
        let looked_at = digest(&wrong);
        let broker = FakeApprovals::start(wrong).await;
        for arguments in [
            &["list"][..],
            &["show", APPROVAL],
            &["show", APPROVAL, "--output", "json"],
            &["approve", APPROVAL, "--yes", "--digest", &looked_at],
            &["deny", APPROVAL, "--yes"],
        ] {
            let ended = broker.run(&world, arguments).await;
            ended.assert_failed(1, &["contradicts itself", told, "do not decide on it"]);
            assert_eq!(ended.stdout, "", "{ended:?}");
        }
        assert!(broker.is_undecided());
    }
}

#[tokio::test]
async fn an_answer_that_is_not_the_approval_that_was_asked_for_is_refused() {
    let world = World::new().await;
    let broker = FakeApprovals::start(approval(1)).await;
    broker.answer(Answer(200, with("/approvalId", json!(REPORTS_IDENTITY))));
    broker.run(&world, &["show", APPROVAL]).await.assert_failed(1, &["answers ", REPORTS_IDENTITY]);
    let mut future = approval(1);
    future["subject"]["limit"] = json!("a part of the subject that this version does not know");
    for body in [json!("<html>"), json!({}), json!({ "approvals": 5 }), future] {
        for arguments in [&["show", APPROVAL][..], &["list"], &["deny", APPROVAL, "--yes"]] {
            broker.answer(Answer(200, body.clone()));
            let ended = broker.run(&world, arguments).await;
            ended.assert_failed(1, &["error: ", "hint: check the URL of --broker"]);
        }
    }
    assert!(broker.is_undecided());
}

#[tokio::test]
async fn without_a_terminal_nothing_is_decided_unless_it_is_confirmed() {
    let world = World::new().await;
    let broker = FakeApprovals::start(approval(1)).await;
    for (arguments, told) in [
        (&["approve", APPROVAL][..], "pass --yes and the --digest that `app-role approvals show"),
        (&["approve", APPROVAL, "--yes"], "--digest <HEX>"),
        (&["approve", APPROVAL, "--yes", "--digest", "9f86d081"], "64 hexadecimal digits"),
        (&["deny", APPROVAL], "nothing was decided; pass --yes to confirm"),
        (&["deny", APPROVAL, "--yes", "--reason", "a\u{202e}b"], "unprintable"),
        (&["deny", "INC-1234", "--yes"], "expected a GUID"),
    ] {
        broker.run(&world, arguments).await.assert_failed(2, &[told]);
    }
    assert!(broker.calls().is_empty());
}

#[tokio::test]
async fn a_script_approves_only_the_digest_that_a_person_has_looked_at() {
    let world = World::new().await;
    let broker = FakeApprovals::start(approval(1)).await;
    let looked_at = digest(&sealed(with("/subject/policySha256", json!("0".repeat(64)))));
    let arguments = ["approve", APPROVAL, "--yes", "--digest", &looked_at];
    let ended = broker.run(&world, &arguments).await;
    ended.assert_failed(
        1,
        &[
            "--digest is not the digest of this approval",
            "hint: look at it again with `app-role approvals show",
        ],
    );
    assert!(broker.is_undecided());
}

#[tokio::test]
async fn a_request_that_changes_while_it_is_looked_at_is_not_approved() {
    let world = World::new().await;
    let broker = FakeApprovals::start(approval(1)).await;
    let mut changed = with("/subject/roles/0/end", json!("P30D"));
    changed["roles"][0]["end"] = json!("P30D");
    changed["subject"]["policySha256"] = json!("0".repeat(64));
    broker.change_after_it_was_read(sealed(changed));
    let looked_at = digest(&approval(1));
    let ended = broker.run(&world, &["approve", APPROVAL, "--yes", "--digest", &looked_at]).await;
    ended.assert_failed(
        1,
        &[
            "the policy changed from 7d867d86",
            "the roles changed from \"Orders.Read\"",
            "end P30D",
            "the decision does not count",
            "hint: look at it again with `app-role approvals show",
        ],
    );
    assert_eq!(broker.approval()["decisions"], json!([]));
}

#[tokio::test]
async fn every_problem_is_explained_with_its_exit_status() {
    let world = World::new().await;
    let broker = FakeApprovals::start(approval(1)).await;
    for (answer, code, texts) in [
        (problem(400, "invalid", "no such field"), 1, ["the broker refused: no such field", ""]),
        (
            problem(401, "unauthenticated", "no"),
            3,
            ["your sign-in as that of a person", "--audience"],
        ),
        (Answer(401, Value::Null), 3, ["your sign-in as that of a person", "az login"]),
        (
            problem(403, "not-an-approver", "you are the requester"),
            3,
            ["you may not decide: you are the requester", "ask another approver"],
        ),
        (Answer(403, Value::Null), 3, ["HTTP status 403", "ask the operators"]),
        (
            problem(404, "not-found", "no"),
            4,
            ["no rule names you as its approver", "approvals list"],
        ),
        (Answer(404, Value::Null), 4, ["no function for approvals", "AppRoleApprovals"]),
        (
            problem(409, "already-decided", "the approval is final"),
            1,
            ["it is decided already", "approvals show 5f0a7d0e"],
        ),
        (
            conflict("already-decided", &with("/state", json!("done"))),
            1,
            ["it is decided already: the request was approved and carried out", "approvals show"],
        ),
        (
            conflict("already-decided", &approval(1)),
            1,
            ["you have decided before, and the request waits for 1 more approval", ""],
        ),
        (problem(409, "approval-changed", "no"), 1, ["does not count", "look at it again"]),
        (problem(413, "too-large", "too large"), 1, ["the broker refused: too large", ""]),
    ] {
        broker.answer(Answer(200, approval(1)));
        broker.answer(answer);
        let ended = broker.run(&world, &["deny", APPROVAL, "--yes"]).await;
        ended.assert_failed(code, &texts);
    }
    let unknown = broker.run(&world, &["show", REPORTS_IDENTITY]).await;
    unknown.assert_failed(4, &["no approval has this ID"]);
    assert_eq!(broker.approval(), approval(1));
}

#[tokio::test]
async fn an_unavailable_broker_is_retried_until_the_wait_is_over() {
    let world = World::new().await;
    let broker = FakeApprovals::start(approval(1)).await;
    let busy = || problem(503, "record-unavailable", "the table does not answer");
    broker.answer(busy());
    let ended = broker.run(&world, &["list", "--wait", "0"]).await;
    ended.assert_failed(1, &["the broker is unavailable: the table does not answer", "try again"]);
    broker.answer(Answer(200, approval(1)));
    broker.answer(busy());
    let ended = broker.run(&world, &["deny", APPROVAL, "--yes"]).await;
    ended.assert_done(&["your denial is on record: the request was denied by an approver"]);
    assert_eq!(broker.approval()["state"], "denied");
}

#[cfg(unix)]
#[tokio::test]
async fn only_an_explicit_yes_decides() {
    use crate::terminal::{Input, seen};

    let world = World::new().await;
    let broker = FakeApprovals::start(approval(1)).await;
    for answer in ["n\n", "\n", "approve\n"] {
        for (command, question) in [("approve", "Approve? [y/N]"), ("deny", "Deny? [y/N]")] {
            let command = broker.command(&world, &[command, APPROVAL]);
            let shown = seen(command, Input::Typed(answer)).await;
            assert!(shown.contains(question), "{shown:?}");
            assert!(shown.contains("not confirmed, nothing was changed"), "{shown:?}");
        }
    }
    assert!(broker.is_undecided());
    let approve = broker.command(&world, &["approve", APPROVAL, "--reason", "planned"]);
    let shown = seen(approve, Input::Typed("y\n")).await;
    let looked_at = digest(&approval(1));
    assert!(
        shown.contains(&looked_at) && shown.contains("the request was approved and carried out"),
        "{shown:?}"
    );
    let ballot = broker.calls().pop().unwrap().body;
    let expected = json!({ "decision": "approve", "digest": looked_at, "reason": "planned" });
    assert_eq!(ballot, expected);
    assert_eq!(broker.approval()["state"], "done");
}

#[cfg(unix)]
#[tokio::test]
async fn a_decided_request_is_shown_without_a_question() {
    use crate::terminal::{Input, seen};

    let world = World::new().await;
    for state in ["done", "denied", "expired", "refused"] {
        let broker = FakeApprovals::start(with("/state", json!(state))).await;
        let command = broker.command(&world, &["approve", APPROVAL]);
        let shown = seen(command, Input::Typed("y\n")).await;
        assert!(shown.contains("nothing is left to decide"), "{shown:?}");
        assert!(!shown.contains("[y/N]"), "{shown:?}");
        assert!(broker.is_undecided());
    }
}

#[tokio::test]
async fn the_operator_signs_in_and_sends_no_key() {
    let world = World::with_roles(&[]).await;
    let broker = FakeApprovals::start(approval(1)).await;
    for arguments in [&["list"][..], &["show", APPROVAL], &["deny", APPROVAL, "--yes"]] {
        let mut command = broker.command(&world, arguments);
        command.env("APP_ROLE_BROKER_KEY", "secret-key");
        assert_eq!(end(command, "").await.code, 0);
    }
    for call in broker.calls() {
        let token = call.headers["authorization"].to_str().unwrap().strip_prefix("Bearer ");
        let claims = Claims::decode(token.unwrap());
        assert_eq!(claims.audience.as_deref(), Some(ORDERS_API_URI));
        assert_eq!(claims.object_id.unwrap().to_string(), crate::world::OPERATOR);
        assert!(!call.headers.contains_key("x-functions-key"), "{}", call.path);
    }
}

#[tokio::test]
async fn a_first_approval_of_two_says_what_is_missing() {
    let world = World::new().await;
    let broker = FakeApprovals::start(approval(2)).await;
    let looked_at = digest(&approval(2));
    let ended = broker.run(&world, &["approve", APPROVAL, "--yes", "--digest", &looked_at]).await;
    ended.assert_done(&["your approval is on record: the request waits for 1 more approval"]);
    let shown = broker.run(&world, &["show", APPROVAL]).await;
    shown.assert_done(&["approved by  http:c0a70500-0000-4000-8000-000000000200"]);
}

#[tokio::test]
async fn the_exit_status_tells_what_became_of_the_request() {
    let world = World::new().await;
    for (state, statuses, code) in [
        ("approved", &[][..], 0),
        ("done", &["assigned", "alreadyAssigned"], 0),
        ("done", &["assigned", "failed"], 5),
        ("done", &["failed"], 1),
        ("refused", &["denied"], 3),
    ] {
        let broker = FakeApprovals::start(approval(1)).await;
        let mut after = with("/state", json!(state));
        let mut done = result("assigned", "");
        let roles = statuses.iter().map(|status| json!({ "status": status, "value": "A.B" }));
        done["roles"] = roles.collect();
        after["result"] = done;
        broker.answer(Answer(200, approval(1)));
        broker.answer(Answer(200, after));
        let looked_at = digest(&approval(1));
        let arguments = ["approve", APPROVAL, "--yes", "--digest", &looked_at];
        broker.run(&world, &arguments).await.assert_said(code, statuses);
    }
}

#[tokio::test]
async fn programs_get_the_document_of_the_broker() {
    let world = World::new().await;
    let mut extended = approval(1);
    extended["future"] = json!("a field that this version does not know");
    let broker = FakeApprovals::start(extended.clone()).await;
    let json = ["--output", "json"];
    let list = broker.run(&world, &[&["list"][..], &json].concat()).await;
    assert_eq!(list.json(), json!({ "approvals": [extended] }));
    let show = broker.run(&world, &[&["show", APPROVAL][..], &json].concat()).await;
    assert_eq!(show.json(), extended);
    let deny = broker.run(&world, &[&["deny", APPROVAL, "--yes"][..], &json].concat()).await;
    assert_eq!(deny.json(), broker.approval());
    assert!(deny.stderr.contains(r#"{"note":"principal    \"id-orders\""}"#), "{deny:?}");
}

#[tokio::test]
async fn a_list_without_approvals_says_so() {
    let world = World::new().await;
    let broker = FakeApprovals::start(Value::Null).await;
    let ended = broker.run(&world, &["list"]).await;
    assert_eq!((ended.code, ended.stdout.as_str()), (0, ""), "{ended:?}");
    assert!(ended.stderr.contains("nothing waits for your approval"), "{ended:?}");
}

#[tokio::test]
async fn a_requester_whose_request_waits_is_told_how_it_is_approved() {
    let world = World::new().await;
    let mut waits = result("pendingApproval", "an approver must approve it");
    waits["approvalId"] = json!(APPROVAL);
    let broker = FakeBroker::start(&[Answer(202, waits.clone())]).await;
    let way = format!("an approver decides with: app-role approvals approve {APPROVAL}");
    broker.submit(&world, &[]).await.assert_said(7, &["pendingApproval", &way]);
    waits["approvalId"] = json!("5f0a; rm -rf /");
    let broker = FakeBroker::start(&[Answer(200, waits)]).await;
    let ended = broker.submit(&world, &[]).await;
    ended.assert_said(7, &["its approvers find it with: app-role approvals list"]);
    assert!(!ended.stdout.contains("rm -rf"), "{ended:?}");
}

#[cfg(unix)]
#[tokio::test]
async fn an_approval_fits_a_terminal_of_80_columns() {
    use crate::terminal::{Input, seen_in};

    let world = World::new().await;
    let mut long = approval(1);
    long["reason"] = json!("reads its own API ".repeat(20));
    long["principal"]["displayName"] = json!("id-orders      digest       forged");
    let broker = FakeApprovals::start(long).await;
    for arguments in [&["show", APPROVAL, "--no-color"][..], &["list", "--no-color"]] {
        let shown = seen_in(80, broker.command(&world, arguments), Input::Pipe("")).await;
        let shown = shown.replace("\r\u{1b}[K", "\n");
        for text in ["Orders.Read", "key:orders-team", "2026-08-21T10:11:12Z", APPROVAL] {
            assert!(shown.contains(text), "{text} is broken: {shown}");
        }
        for line in shown.lines().map(str::trim_end) {
            let is_path = line.contains("/subscriptions/");
            assert!(line.chars().count() <= 80 || is_path, "{shown}");
            assert!(!line.starts_with("digest") || !line.contains("forged"), "{shown}");
        }
    }
}
