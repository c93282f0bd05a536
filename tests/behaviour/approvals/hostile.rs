//! Malformed and hostile calls about approvals.

use functions_host_emulator::Outcome;
use reqwest::{Method, header::CONTENT_TYPE};
use serde_json::{Value, json};
use storage_emulator::{TableFault, TableRule};

use crate::{
    approvals::{
        approval_world::{ANNA, APPROVALS, FINISH, token_of},
        approver::{decision, id_of, setup_with_approvers, world},
    },
    http::caller::{TEAM_KEY, exchange, send},
    world::{ROOT, World, copy_of_app_files},
};

/// The function.
const FUNCTION: &str = "AppRoleApprovals";

/// Asserts that nothing was decided, and that a good decision still counts.
async fn assert_still_waits(world: &World, waits: &Value) {
    assert!(world.tenant_is_unchanged());
    assert_eq!(world.shown_to(ANNA, id_of(waits)).await.success(200), *waits);
    let counted = world.decide_as(ANNA, id_of(waits), &decision("approve", waits)).await;
    assert_eq!(counted.success(200)["state"], "done");
}

#[tokio::test]
async fn a_body_that_is_no_decision_is_answered_with_the_path_of_the_fault() {
    let world = world().await;
    let waits = world.waiting().await;
    let path = format!("/{}", id_of(&waits));
    let good = decision("approve", &waits).to_string();
    let digest = waits["digest"].as_str().unwrap();
    let with = |members: &str| good.replacen('{', &format!("{{{members},"), 1);
    for (body, text) in [
        ("approve".to_owned(), "body: is not JSON"),
        ("null".to_owned(), "body: must be a JSON object, but is null"),
        (json!(["approve", digest]).to_string(), "body: must be a JSON object, but is an array"),
        ("{}".to_owned(), "body: the field `decision` is missing"),
        (json!({ "decision": "approve" }).to_string(), "body: the field `digest` is missing"),
        (good.replace("approve", "approved"), "decision: must be one of the words"),
        (good.replace(digest, &digest.to_uppercase()), "digest: expected the digest"),
        (good.replace(digest, &digest[1..]), "digest: expected the digest"),
        (with("\"approver\":\"http:1\""), "body: unknown field"),
        (with("\"decision\":\"deny\""), "body: the field `decision` occurs twice"),
        (with("\"reason\":7"), "reason: must be a string, but is a number"),
        (with("\"reason\":\"\\u202e\""), "reason: contains the unprintable character"),
        (format!("{good}{good}"), "body: is not JSON"),
    ] {
        let call = world.anonymous_call(Method::POST, &path).bearer_auth(token_of(ANNA));
        let call = call.header(CONTENT_TYPE, "application/json").body(body.clone());
        let problem = send(call).await.problem(400, "invalid");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(text), "{body:.80}: {detail}");
    }
    assert_still_waits(&world, &waits).await;
}

#[tokio::test]
async fn a_body_that_is_too_large_or_not_declared_as_json_or_sent_in_chunks_decides_nothing() {
    let world = world().await;
    let waits = world.waiting().await;
    let path = format!("/{}", id_of(&waits));
    let good = decision("approve", &waits).to_string();
    let call = || world.anonymous_call(Method::POST, &path).bearer_auth(token_of(ANNA));
    for size in [32 * 1024, 3 * 1024 * 1024] {
        let body = format!("{good}{}", " ".repeat(size));
        let call = call().header(CONTENT_TYPE, "application/json").body(body);
        send(call).await.problem(413, "too-large");
    }
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"] {
        let call = call().header(CONTENT_TYPE, kind).body(good.clone());
        send(call).await.problem(415, "unsupported-media-type");
    }
    let answer = exchange(
        world.host.http_url().port().unwrap(),
        &format!(
            "POST /api/app-role-approvals{path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
             Authorization: Bearer {}\r\nContent-Type: application/json\r\n\
             Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{good}\r\n0\r\n\r\n",
            token_of(ANNA),
            good.len()
        ),
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 411"), "{answer}");
    assert!(answer.contains("problem:length-required"), "{answer}");
    send(call().header("Content-Length", "0")).await.problem(400, "invalid");
    assert_still_waits(&world, &waits).await;
}

#[tokio::test]
async fn a_query_or_the_body_of_a_get_is_refused_and_a_key_in_the_query_is_not_repeated() {
    let world = world().await;
    let waits = world.waiting().await;
    let one = format!("/{}", id_of(&waits));
    let good = decision("approve", &waits);
    for query in ["decision=approve", "approval=1", "x", "api-version=1"] {
        for path in ["", one.as_str()] {
            let call = world.anonymous_call(Method::GET, &format!("{path}?{query}"));
            send(call.bearer_auth(token_of(ANNA))).await.problem(400, "invalid");
        }
        let call = world.anonymous_call(Method::POST, &format!("{one}?{query}"));
        send(call.bearer_auth(token_of(ANNA)).json(&good)).await.problem(400, "invalid");
    }
    for path in ["", one.as_str()] {
        let call = world.anonymous_call(Method::GET, path).bearer_auth(token_of(ANNA));
        send(call.json(&good)).await.problem(400, "invalid");
        let call = world.anonymous_call(Method::GET, &format!("{path}?code={TEAM_KEY}&x=1"));
        let answer = send(call.bearer_auth(token_of(ANNA))).await;
        answer.problem(400, "invalid");
        assert!(!answer.text.contains(TEAM_KEY), "{answer:?}");
        let call = world.anonymous_call(Method::GET, &format!("{path}?code={TEAM_KEY}"));
        send(call.bearer_auth(token_of(ANNA))).await.success(200);
    }
    assert_still_waits(&world, &waits).await;
}

#[tokio::test]
async fn a_query_about_a_waiting_request_has_nothing_else() {
    let world = world().await;
    let waits = world.waiting().await;
    let id = id_of(&waits);
    for query in [
        format!("approval={id}&principal=id-orders&api=api://orders"),
        format!("approval={id}&principal=id-orders"),
        format!("approval={id}&approval={id}"),
        format!("approval={id},{id}"),
        format!("approval={id}&x=1"),
        "approval=".to_owned(),
        "approval=7".to_owned(),
    ] {
        let call = world.call(Method::GET, &query).header("x-functions-key", TEAM_KEY);
        send(call).await.problem(400, "invalid");
    }
    let call = world.call(Method::GET, &format!("APPROVAL={id}&code={TEAM_KEY}"));
    send(call).await.success(202);
}

#[tokio::test]
async fn a_text_that_is_no_id_is_404() {
    let world = world().await;
    let waits = world.waiting().await;
    let id = id_of(&waits);
    for text in ["7", "approval", &id[1..], &format!("{id}0"), "%00", "..%2Fhealth", "%F0%9F%94%92"]
    {
        world.shown_to(ANNA, text).await.problem(404, "not-found");
        let answer = world.decide_as(ANNA, text, &decision("approve", &waits)).await;
        answer.problem(404, "not-found");
    }
    assert_still_waits(&world, &waits).await;
}

#[tokio::test]
async fn other_methods_do_nothing() {
    let root = copy_with_methods_removed();
    let mut setup = setup_with_approvers(1).await;
    setup.app_root = root.path().to_owned();
    let world = setup.start().await;
    for (method, path, allowed) in [
        (Method::POST, "", "GET"),
        (Method::DELETE, "", "GET"),
        (Method::PUT, "/7", "GET, POST"),
        (Method::PATCH, "/7", "GET, POST"),
        (Method::DELETE, "/7", "GET, POST"),
    ] {
        let call = world.anonymous_call(method.clone(), path).bearer_auth(token_of(ANNA));
        let answer = send(call.json(&json!({}))).await;
        answer.problem(405, "method-not-allowed");
        assert_eq!(answer.header("allow"), allowed, "{method}");
    }
}

/// A copy of the app whose function for approvals accepts every method.
fn copy_with_methods_removed() -> tempfile::TempDir {
    let root = copy_of_app_files();
    let file = format!("{FUNCTION}/function.json");
    let json = std::fs::read_to_string(format!("{ROOT}/{file}")).unwrap();
    let changed = json.replace("\"methods\": [\"get\", \"post\"],", "");
    assert_ne!(json, changed);
    std::fs::create_dir_all(root.path().join(FUNCTION)).unwrap();
    std::fs::write(root.path().join(file), changed).unwrap();
    root
}

#[tokio::test]
async fn without_the_table_of_approvals_every_call_is_answered_503_and_nothing_is_decided() {
    let setup = setup_with_approvers(1).await.with_setting("PACE_FACTOR", "0.03");
    let world = setup.start().await;
    let waits = world.waiting().await;
    let id = id_of(&waits);
    let away = world.tables.add(TableRule::new(TableFault::ConnectionClosed).table(APPROVALS));
    let list = send(world.anonymous_call(Method::GET, "").bearer_auth(token_of(ANNA))).await;
    let decided = world.decide_as(ANNA, id, &decision("approve", &waits)).await;
    for answer in [list, world.shown_to(ANNA, id).await, decided, world.became_of(id).await] {
        answer.problem(503, "record-unavailable");
        assert!(answer.header("retry-after").parse::<u32>().unwrap() > 0, "{answer:?}");
    }
    let run = world.run_timer(FINISH).await;
    assert!(matches!(run, Outcome::Failed(_)), "{run:?}");
    world.log_line("approvals.failed").await;
    away.discard();
    assert!(matches!(world.run_timer(FINISH).await, Outcome::Succeeded));
    assert_still_waits(&world, &waits).await;
}
