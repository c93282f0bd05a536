//! The request to the handler, its reply and its outputs.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use functions_host_emulator::Outcome;
use serde_json::{Value, json};

use crate::app::{App, DEADLINE, output, trigger};

#[tokio::test]
async fn an_output_that_cannot_be_written_fails_the_invocation() {
    let bindings = json!([trigger("reply"), output("no_such_name")]);
    let app = App::new().await.with_bindings("Reply", &bindings);
    app.account.queue("reply").unwrap().create_if_missing().await.unwrap();
    let host = app.run().await;
    host.send("reply", r#"{"Outputs":{"next":["text"]}}"#).await;
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
    let texts = host.texts("next").await;
    assert_ne!(texts[0], "test", "it was decoded to three bytes");
    assert_eq!(texts[1], "test");
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
async fn an_observer_sees_each_message_that_an_output_has_written() {
    let (sender, mut seen) = tokio::sync::mpsc::unbounded_channel();
    let mut app = App::new().await.with_function("Reply").await;
    app.options.written = Some(Arc::new(move |queue: &str, text: &str| {
        sender.send((queue.to_owned(), text.to_owned())).unwrap();
    }));
    let host = app.run().await;
    host.send("reply", r#"{"Outputs":{"next":["one","two"],"unknown":["three"]}}"#).await;
    host.finished(1).await;
    for text in ["one", "two"] {
        assert_eq!(seen.recv().await.unwrap(), ("next".to_owned(), text.to_owned()));
    }
    assert!(seen.is_empty());
}
