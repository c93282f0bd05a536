//! The request to the handler, its reply and its outputs.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use functions_host_emulator::{EmptyAnswer, LogLevel, Outcome};
use serde_json::{Value, json};

use crate::app::{App, DEADLINE, output, trigger};

#[tokio::test]
async fn success_without_content_hangs_until_the_timeout_kills_the_handler() {
    let app = App::new().await.with_function("EmptyFirst").await;
    let host = app.with_host_json("functionTimeout", "00:00:01").run().await;
    host.send("emptyfirst", "text").await;
    let finished = host.finished(2).await;
    assert_eq!(finished[0].outcome, Outcome::TimedOut);
    assert_eq!(finished[1].outcome, Outcome::Succeeded);
    assert_eq!((finished[0].dequeue_count, finished[1].dequeue_count), (1, 2));
    let message = "Timeout value of 00:00:01 exceeded by function 'Functions.EmptyFirst'";
    assert_eq!(host.wait_for_log(message, DEADLINE).await.unwrap().level, LogLevel::Error);
    assert_eq!(host.events("started").await.len(), 2);
}

#[tokio::test]
async fn a_test_can_fail_at_once_on_success_without_content() {
    let mut app = App::new().await.with_function("Empty").await;
    app.options.empty_answer = EmptyAnswer::Fail;
    let host = app.run().await;
    host.send("empty", "text").await;
    let failure = host.failure().await;
    assert!(failure.contains("the real host would wait"), "{failure}");
}

#[tokio::test]
async fn a_wrong_content_type_fails_the_invocation() {
    let host = App::new().await.with_function("PlainText").await.run().await;
    host.send("plaintext", "text").await;
    let failure = host.failure().await;
    assert!(failure.starts_with("Invalid HttpResponseMessage: "), "{failure}");
}

#[tokio::test]
async fn an_error_status_fails_and_its_logs_are_lost() {
    let host = App::new().await.with_function("Fail").await.run().await;
    host.send("fail", "text").await;
    let failure = host.failure().await;
    assert!(
        failure.starts_with("Response status code does not indicate success: 500"),
        "{failure}"
    );
    assert!(host.log().iter().all(|record| record.category != "Function.Fail.User"));
}

#[tokio::test]
async fn an_output_that_cannot_be_written_fails_the_invocation() {
    let bindings = json!([trigger("replies"), output("no_such_name")]);
    let app = App::new().await.with_bindings("Reply", &bindings);
    app.account.queue("replies").unwrap().create_if_missing().await.unwrap();
    let host = app.run().await;
    host.send("replies", r#"{"Outputs":{"next":["text"]}}"#).await;
    let failure = host.failure().await;
    assert!(failure.starts_with("Error while handling parameter next"), "{failure}");
}

#[tokio::test]
async fn an_output_in_base64_is_garbled_unless_it_is_in_an_array() {
    let host = App::new().await.with_function("Reply").await.run().await;
    host.send("reply", r#"{"Outputs":{"next":"test"}}"#).await;
    host.finished(1).await;
    host.send("reply", r#"{"Outputs":{"next":["test"],"unknown":1}}"#).await;
    let finished = host.finished(2).await;
    assert!(finished.iter().all(|one| one.outcome == Outcome::Succeeded), "{finished:?}");
    // "test" was decoded to three bytes and is now their encoding.
    assert_eq!(host.texts("next").await, ["test".to_owned(), STANDARD.encode("test")]);
}

#[tokio::test]
async fn without_an_encoding_texts_are_stored_unchanged() {
    let app = App::new().await.with_function("Reply").await;
    let host = app.with_host_json("extensions__queues__messageEncoding", "none").run().await;
    host.queue("reply").send(r#"{"Outputs":{"next":["à"]}}"#).await.unwrap();
    host.finished(1).await;
    assert_eq!(host.texts("next").await, ["à"]);
}

#[tokio::test]
async fn the_return_value_goes_to_its_binding_or_by_the_names_of_its_properties() {
    let mut returning = output("returned");
    returning["name"] = "$return".into();
    let app = App::new().await.with_function("Reply").await;
    let by_name = app.run().await;
    by_name.send("reply", r#"{"ReturnValue":{"next":["named"]}}"#).await;
    by_name.finished(1).await;
    assert_eq!(by_name.texts("next").await, [STANDARD.encode("named")]);

    let app = App::new().await.with_bindings("Reply", &json!([trigger("reply"), returning]));
    app.account.queue("reply").unwrap().create_if_missing().await.unwrap();
    let bound = app.run().await;
    bound.send("reply", r#"{"ReturnValue":["bound"]}"#).await;
    bound.finished(1).await;
    assert_eq!(bound.texts("returned").await, [STANDARD.encode("bound")]);
}

#[tokio::test]
async fn the_request_has_the_hosts_headers_and_a_body_of_unknown_length() {
    let host = App::new().await.with_function("Succeed").await.run().await;
    host.send("succeed", r#"{"id":"forged"}"#).await;
    let finished = host.finished(1).await;
    let request = host.events("received").await.remove(0);
    assert_eq!((&request["method"], &request["url"]), (&"POST".into(), &"/Succeed".into()));
    let headers = &request["headers"];
    let id = finished[0].invocation_id.to_string();
    assert_eq!(headers["x-azure-functions-invocationid"], id);
    assert_eq!(headers["x-azure-functions-hostversion"], "4.1037.0.0");
    assert_eq!(headers["user-agent"], "Azure-Functions-Host/4.1037.0.0");
    assert_eq!(headers["content-type"], "application/json; charset=utf-8");
    assert_eq!(headers["transfer-encoding"], "chunked");
    assert_eq!(headers["content-length"], Value::Null);
    let body: Value = serde_json::from_str(request["body"].as_str().unwrap()).unwrap();
    assert_eq!(body["Data"]["msg"], STANDARD.encode(r#"{"id":"forged"}"#));
    let message_id = finished[0].message_id.clone().unwrap();
    assert_eq!(body["Metadata"]["Id"], format!("\"{message_id}\""));
    let logs = host.wait_for_log("done", DEADLINE).await.unwrap();
    assert_eq!(logs.category, "Function.Succeed.User");
}

#[tokio::test]
async fn a_text_binding_receives_the_text_encoded_twice_and_its_metadata_can_be_forged() {
    let mut text = trigger("succeed");
    text["dataType"] = "string".into();
    let app = App::new().await.with_bindings("Succeed", &json!([text]));
    app.account.queue("succeed").unwrap().create_if_missing().await.unwrap();
    let host = app.run().await;
    host.send("succeed", r#"{"id":"forged"}"#).await;
    host.finished(1).await;
    let request = host.events("received").await.remove(0);
    let body: Value = serde_json::from_str(request["body"].as_str().unwrap()).unwrap();
    assert_eq!(body["Data"]["msg"], r#""{\"id\":\"forged\"}""#);
    assert_eq!(body["Metadata"]["Id"], r#""forged""#);
}
