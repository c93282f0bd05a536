//! Malformed and hostile calls, and secrets that no answer may contain.

use reqwest::{Method, header::CONTENT_TYPE};
use serde_json::{Value, json};
use tenant_emulator::{Route, contoso::ORDERS_IDENTITY};

use crate::{
    http::caller::{Answer, FUNCTION, TEAM_KEY, ask, exchange, send, setup},
    world::{ROOT, World, copy_of_app_files},
};

async fn world() -> World {
    setup().await.start().await
}

/// Posts bytes with the content type of JSON.
async fn post(world: &World, body: impl Into<reqwest::Body>) -> Answer {
    let call = world.call(Method::POST, "").header("x-functions-key", TEAM_KEY);
    send(call.header(CONTENT_TYPE, "application/json").body(body)).await
}

fn valid_request() -> String {
    ask(&["Orders.Read"]).to_string()
}

#[tokio::test]
async fn a_body_that_is_not_a_request_is_answered_with_the_path_of_the_error() {
    let world = world().await;
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    for (body, text) in [
        ("hello".to_owned(), "request: is not JSON; see line 1, column 1"),
        ("[]".to_owned(), "request: must be a JSON object, but is an array"),
        ("null".to_owned(), "request: must be a JSON object, but is null"),
        // The host removes one mark, and the handler another one.
        (format!("{}{}", "\u{feff}".repeat(3), valid_request()), "request: is not JSON"),
        (format!("{}{}", valid_request(), valid_request()), "request: is not JSON; see line 1"),
        (
            valid_request().replace("\"roles\"", "\"role\""),
            "request: unknown field (did you mean `roles`?)",
        ),
        (valid_request().replace("\"principal\"", "\"requester\""), "request: unknown field"),
        (
            valid_request().replace(&format!("\"{ORDERS_IDENTITY}\""), &deep),
            "request: has too many levels",
        ),
        (
            valid_request().replace("Orders.Read", "\\uffff"),
            "roles[0]: contains the unprintable character U+FFFF",
        ),
    ] {
        let problem = post(&world, body.clone()).await.problem(400, "invalid");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(text), "{body:.60}: {detail}");
        assert_eq!(problem["roles"][0]["status"], "invalid");
    }
    let mut latin = valid_request().into_bytes();
    latin[20] = 0xE4;
    let problem = post(&world, latin).await.problem(400, "invalid");
    assert!(problem["detail"].as_str().unwrap().contains("not UTF-8"), "{problem}");
    assert!(world.tenant_is_unchanged());
}

#[tokio::test]
async fn a_byte_order_mark_before_the_body_is_accepted() {
    let world = world().await;
    post(&world, format!("\u{feff}{}", valid_request())).await.success(201);
}

#[tokio::test]
async fn a_body_that_is_too_large_is_413() {
    let world = world().await;
    for size in [32 * 1024 + 1, 1024 * 1024, 3 * 1024 * 1024] {
        let answer = post(&world, valid_request().replace("api://orders", &"x".repeat(size))).await;
        answer.problem(413, "too-large");
    }
    assert!(world.tenant_is_unchanged());
    post(&world, valid_request()).await.success(201);
}

#[tokio::test]
async fn a_header_of_sixteen_kib_is_accepted() {
    let world = world().await;
    let call = world.call(Method::POST, "").header("x-functions-key", TEAM_KEY);
    let call = call.header("x-padding", "x".repeat(16 * 1024));
    send(call.header(CONTENT_TYPE, "application/json").body(valid_request())).await.success(201);
}

#[tokio::test]
async fn a_body_that_is_not_declared_as_json_is_415() {
    let world = world().await;
    for types in [
        &[][..],
        &["text/plain"],
        &["application/x-www-form-urlencoded"],
        &["application/octet-stream"],
        &["multipart/form-data; boundary=x"],
        &["application/json-patch+json"],
        &["text/plain; application/json"],
    ] {
        let call =
            world.call(Method::POST, "").header("x-functions-key", TEAM_KEY).body(valid_request());
        let call = types.iter().fold(call, |call, one| call.header(CONTENT_TYPE, *one));
        send(call).await.problem(415, "unsupported-media-type");
    }
    assert!(world.tenant_is_unchanged());
    for declared in ["application/json; charset=utf-8", "Application/JSON"] {
        let call =
            world.call(Method::POST, "").header("x-functions-key", TEAM_KEY).body(valid_request());
        assert!(send(call.header(CONTENT_TYPE, declared)).await.status < 300);
    }
}

#[tokio::test]
async fn a_body_that_the_host_dropped_is_refused_with_411() {
    let world = world().await;
    let body = valid_request();
    let answer = exchange(
        world.host.http_url().port().unwrap(),
        &format!(
            "POST /api/app-role-assignments HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
             X-Functions-Key: {TEAM_KEY}\r\nContent-Type: application/json\r\n\
             Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n",
            body.len()
        ),
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 411"), "{answer}");
    let told = ["problem:length-required", "send a Content-Length header"];
    assert!(told.iter().all(|text| answer.contains(text)), "{answer}");
    let call = world.call(Method::POST, "").header("x-functions-key", TEAM_KEY);
    let problem = send(call.header("Content-Length", "0")).await.problem(400, "invalid");
    assert!(problem["detail"].as_str().unwrap().contains("the body is empty"), "{problem}");
    assert!(world.tenant_is_unchanged());
}

#[tokio::test]
async fn a_query_string_of_a_post_is_refused() {
    let world = world().await;
    for query in ["dryRun=true", "principal=id-orders", "x", "api-version=1"] {
        let call = world.call(Method::POST, query).header("x-functions-key", TEAM_KEY);
        send(call.json(&ask(&["Orders.Read"]))).await.problem(400, "invalid");
    }
    assert!(world.tenant_is_unchanged());
}

#[tokio::test]
async fn other_methods_are_not_routed_and_do_nothing_if_they_are() {
    let other = [Method::PUT, Method::PATCH, Method::DELETE, Method::HEAD, Method::OPTIONS];
    let world = world().await;
    for method in other.clone() {
        let call = world.call(method, "").header("x-functions-key", TEAM_KEY);
        assert_eq!(send(call.json(&ask(&["Orders.Read"]))).await.status, 404);
    }
    assert!(world.host.invocations().is_empty());
    let root = copy_with_methods_removed();
    let mut setup = setup().await;
    setup.app_root = root.path().to_owned();
    let world = setup.start().await;
    for method in other {
        let call = world.call(method.clone(), "").header("x-functions-key", TEAM_KEY);
        let answer = send(call.json(&ask(&["Orders.Read"]))).await;
        assert_eq!((answer.status, answer.header("allow")), (405, "GET, POST"));
        if method != Method::HEAD {
            answer.problem(405, "method-not-allowed");
        }
    }
    assert!(world.tenant_is_unchanged());
    assert_eq!(world.tenant.count(Route::ListServicePrincipals), 0);
}

/// A copy of the app whose HTTP function accepts every method.
fn copy_with_methods_removed() -> tempfile::TempDir {
    let root = copy_of_app_files();
    let file = format!("{FUNCTION}/function.json");
    let json = std::fs::read_to_string(format!("{ROOT}/{file}")).unwrap();
    let changed = json.replace("\"methods\": [\"get\", \"post\"],", "");
    assert_ne!(json, changed);
    std::fs::create_dir(root.path().join(FUNCTION)).unwrap();
    std::fs::write(root.path().join(file), changed).unwrap();
    root
}

#[tokio::test]
async fn a_key_is_never_repeated_in_an_answer() {
    let world = setup().await.with_setting("RUST_LOG", "trace").start().await;
    let with_key = |query: &str| format!("code={TEAM_KEY}{query}");
    let mut answers = vec![
        world.post(&ask(&["Orders.Admin"])).await,
        send(world.call(Method::POST, &with_key("")).json(&ask(&["Orders.Read"]))).await,
        send(world.call(Method::POST, &with_key("&x=1")).json(&ask(&["Orders.Read"]))).await,
        send(world.call(Method::POST, &with_key(&format!("&code={TEAM_KEY}"))).json(&json!({})))
            .await,
    ];
    for query in [
        "&principal=id-orders&api=api://orders".to_owned(),
        "&principal=id-nobody&api=api://orders".to_owned(),
        format!("&{TEAM_KEY}=1"),
        format!("&principal={TEAM_KEY}&api={TEAM_KEY}"),
        format!("&principal=id-orders&api={TEAM_KEY},{TEAM_KEY}"),
    ] {
        answers.push(send(world.call(Method::GET, &with_key(&query))).await);
    }
    assert!(answers.iter().any(|answer| answer.status == 201));
    for answer in answers {
        let headers = format!("{:?}", answer.headers);
        assert!(!answer.text.contains(TEAM_KEY) && !headers.contains(TEAM_KEY), "{answer:?}");
    }
    world.log_line("\"audit\"").await;
    for record in world.host.log() {
        assert!(!record.message.contains(TEAM_KEY), "{}", record.message);
    }
}

/// Posts an envelope directly to the handler, as only the host can.
async fn post_envelope(port: u16, envelope: &Value) -> String {
    let body = envelope.to_string();
    let length = body.len();
    let head = format!(
        "POST /{FUNCTION} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n"
    );
    exchange(port, &format!("{head}{body}")).await
}

#[tokio::test]
async fn an_invalid_envelope_is_a_failed_invocation() {
    let world = world().await;
    let started: Value = serde_json::from_str(&world.log_line("handler.started").await).unwrap();
    let port = started["port"].as_u64().unwrap().try_into().unwrap();
    for request in [
        json!(null),
        json!("text"),
        json!({}),
        json!({ "Method": "POST", "Query": "a=b", "Headers": {} }),
        json!({ "Method": "POST", "Query": {}, "Headers": { "Accept": "*/*" } }),
        json!({ "Method": "POST", "Query": {}, "Headers": {}, "Body": {} }),
        json!({ "Method": "POST", "Query": {}, "Headers": {}, "Identities": [7] }),
    ] {
        let envelope = json!({ "Data": { "request": request }, "Metadata": {} });
        let answer = post_envelope(port, &envelope).await;
        assert!(answer.starts_with("HTTP/1.1 500"), "{envelope}: {answer}");
    }
    let answer = post_envelope(port, &json!({ "Data": {}, "Metadata": {} })).await;
    assert!(answer.starts_with("HTTP/1.1 500"), "{answer}");
    assert!(world.tenant_is_unchanged());
}
