//! The response to the caller of an HTTP function.

use functions_host_emulator::{LogLevel, Outcome};
use serde_json::json;

use crate::app::{App, DEADLINE, Running, output, request, response};

async fn replying() -> Running {
    App::new().await.with_http_function("Reply", "anonymous", "reply").run().await
}

fn bare(status: u16) -> (u16, String, String) {
    (status, String::new(), String::new())
}

#[tokio::test]
async fn a_failed_handler_is_a_500_without_content() {
    let app = App::new().await.with_http_function("Fail", "anonymous", "fail");
    let app = app.with_http_function("Empty", "anonymous", "empty");
    let host = app.with_http_function("PlainText", "anonymous", "plain").run().await;
    for (path, expected) in [
        ("api/fail", "Response status code does not indicate success: 500"),
        ("api/empty", "the handler answered success without a JSON object"),
        ("api/plain", "Invalid HttpResponseMessage: "),
    ] {
        assert_eq!(host.post(path, "").await, bare(500));
        let finished = host.invocations().pop().unwrap();
        let Outcome::Failed(reason) = &finished.outcome else { panic!("{finished:?}") };
        assert!(reason.starts_with(expected), "{reason}");
        assert_eq!((&finished.message_id, finished.dequeue_count), (&None, 0));
    }
}

#[tokio::test]
async fn a_response_that_is_not_an_object_fails_before_outputs_are_written() {
    let host = replying().await;
    let reply = r#"{"Outputs":{"next":["text"],"res":"done"}}"#;
    assert_eq!(host.post("api/reply", reply).await, bare(500));
    assert!(host.failure().await.ends_with("Output is not in expected format"));
    assert!(!host.queue("next").exists().await.unwrap());
}

#[tokio::test]
async fn an_output_that_cannot_be_written_is_a_500() {
    let bindings = json!([request("anonymous", "reply"), response(), output("no_such_name")]);
    let host = App::new().await.with_bindings("Reply", &bindings).run().await;
    let reply = r#"{"Outputs":{"next":["text"],"res":{"statusCode":201}}}"#;
    assert_eq!(host.post("api/reply", reply).await, bare(500));
    assert!(host.failure().await.starts_with("Error while handling parameter next"));
}

#[tokio::test]
async fn a_response_that_cannot_be_sent_is_a_500_after_an_invocation_that_succeeded() {
    let host = replying().await;
    let reply = r#"{"Outputs":{"res":{"headers":{"X-Absent":null}}}}"#;
    assert_eq!(host.post("api/reply", reply).await, bare(500));
    assert_eq!(host.finished(1).await[0].outcome, Outcome::Succeeded);
    let line = host.wait_for_log("the header X-Absent is null", DEADLINE).await.unwrap();
    assert_eq!(line.level, LogLevel::Error);
}

#[tokio::test]
async fn without_outputs_the_body_is_empty_and_without_a_response_it_is_an_empty_object() {
    let host = replying().await;
    assert_eq!(host.post("api/reply", r#"{"Outputs":null}"#).await, bare(200));
    assert_eq!(host.post("api/reply", "{}").await, bare(200));
    let plain = "text/plain; charset=utf-8".to_owned();
    let answer = host.post("api/reply", r#"{"Outputs":{}}"#).await;
    assert_eq!(answer, (200, plain, "{}".to_owned()));
}

#[tokio::test]
async fn the_caller_gets_the_response_after_all_outputs_are_written() {
    let host = replying().await;
    let reply = json!({ "Outputs": {
        "next": ["text"],
        "res": { "statusCode": "201", "headers": { "Content-Type": "application/json", "X-Count": 1 },
                 "body": r#"{"a":"test"}"# } } });
    let request = host.request(reqwest::Method::POST, "api/reply").body(reply.to_string());
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 201);
    assert_eq!(answer.headers()["content-type"], "application/json");
    assert_eq!(answer.headers()["x-count"], "1");
    assert_eq!(answer.text().await.unwrap(), r#"{"a":"test"}"#);
    assert_eq!(host.texts("next").await, ["text"]);
}

#[tokio::test]
async fn a_body_in_base64_is_not_decoded_and_an_object_is_indented() {
    let host = replying().await;
    assert_eq!(host.post("api/reply", r#"{"Outputs":{"res":{"body":"test"}}}"#).await.2, "test");
    let answer = host.post("api/reply", r#"{"Outputs":{"res":{"body":{"a":1}}}}"#).await;
    assert_eq!(answer.2, "{\n  \"a\": 1\n}");
}
