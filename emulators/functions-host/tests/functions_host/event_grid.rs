//! Event Grid's webhook.

use functions_host_emulator::Outcome;
use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{App, Running, answer};

const WEBHOOK: &str = "runtime/webhooks/EventGrid?functionName=";

fn bindings() -> Value {
    json!([{ "type": "eventGridTrigger", "direction": "in", "name": "event" }])
}

/// A request by Event Grid. `about` is its `aeg-event-type`.
async fn deliver(host: &Running, function: &str, about: &str, body: &Value) -> (u16, String) {
    let request = host.request(Method::POST, &format!("{WEBHOOK}{function}"));
    let (status, _, text) = answer(request.header("aeg-event-type", about).json(body)).await;
    (status, text)
}

#[tokio::test]
async fn an_unknown_function_is_not_found_whatever_the_event_type() {
    let app = App::new().await.with_bindings("Succeed", &bindings());
    let host = app.with_http_function("Reply", "anonymous", "reply").run().await;
    for function in ["Absent", "succeed", "Reply", ""] {
        let expected = (404, format!("cannot find function: '{function}'"));
        assert_eq!(deliver(&host, function, "Notification", &json!({})).await, expected);
    }
    assert_eq!(answer(host.request(Method::POST, "runtime/webhooks/eventgrid")).await.0, 404);
}

#[tokio::test]
async fn a_request_without_a_known_event_type_is_refused() {
    let host = App::new().await.with_bindings("Succeed", &bindings()).run().await;
    let request = host.request(Method::POST, &format!("{WEBHOOK}Succeed"));
    assert_eq!(answer(request.json(&json!([{}]))).await.0, 400);
    assert_eq!(deliver(&host, "Succeed", "Gossip", &json!([{}])).await.0, 400);
    assert!(host.invocations().is_empty());
}

#[tokio::test]
async fn one_failed_event_fails_the_delivery_although_the_others_ran() {
    let host = App::new().await.with_bindings("FailOdd", &bindings()).run().await;
    let events: Vec<_> =
        (0..3).map(|n| json!({ "id": n.to_string(), "data": { "n": n } })).collect();
    let (status, text) = deliver(&host, "FailOdd", "Notification", &json!(events)).await;
    let message = "Exception while executing function: Functions.FailOdd";
    assert_eq!((status, text.as_str()), (500, message));
    let finished = host.invocations();
    let succeeded = finished.iter().filter(|one| one.outcome == Outcome::Succeeded).count();
    assert_eq!((finished.len(), succeeded), (3, 2));
    assert_eq!(deliver(&host, "FailOdd", "Notification", &json!([events[2]])).await.0, 202);
}

#[tokio::test]
async fn a_body_that_is_not_an_event_fails_the_delivery() {
    let host = App::new().await.with_bindings("Succeed", &bindings()).run().await;
    for body in [json!("text"), json!(1), json!([{}, 1])] {
        assert_eq!(deliver(&host, "Succeed", "notification", &body).await.0, 500, "{body}");
    }
}

#[tokio::test]
async fn the_function_receives_the_event_as_an_object() {
    let host = App::new().await.with_bindings("Succeed", &bindings()).run().await;
    let event = json!({ "id": "1", "eventTime": "2026-01-09T03:04:05.1200000Z",
                        "data": { "resourceUri": "/subscriptions/s" } });
    assert_eq!(deliver(&host, "Succeed", "Notification", &event).await, (202, String::new()));
    let call = host.received().await.remove(0);
    assert_eq!(call["Data"]["event"]["id"], "1");
    assert_eq!(call["Data"]["event"]["eventTime"], "2026-01-09T03:04:05.12Z");
    assert_eq!(call["Metadata"]["data"], event["data"]);
    assert_eq!(host.invocations()[0].message_id, None);
}

#[tokio::test]
async fn an_event_can_be_sent_by_hand() {
    let host = App::new().await.with_bindings("Succeed", &bindings()).run().await;
    for input in ["no json", r#"{"id":"by hand"}"#] {
        let body = json!({ "input": input }).to_string();
        assert_eq!(host.post("admin/functions/Succeed", &body).await.0, 202);
    }
    let finished = host.finished(2).await;
    let failed = finished.iter().filter(|one| one.outcome != Outcome::Succeeded).count();
    assert_eq!(failed, 1, "{finished:?}");
    assert_eq!(host.received().await[0]["Data"]["event"]["id"], "by hand");
}
