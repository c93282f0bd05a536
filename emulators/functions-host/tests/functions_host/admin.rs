//! Running a function by hand.

use functions_host_emulator::Outcome;
use loopback::http_client_builder;
use serde_json::{Value, json};

use crate::app::{App, Running};

async fn post(host: &Running, function: &str, body: &str) -> u16 {
    let url = host.admin_url().join(&format!("admin/functions/{function}")).unwrap();
    let client = http_client_builder().build().unwrap();
    client.post(url).body(body.to_owned()).send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn an_unknown_function_is_not_found_and_a_body_without_json_is_refused() {
    let host = App::new().await.with_function("Succeed").await.run().await;
    assert_eq!(post(&host, "Absent", r#"{"input":"text"}"#).await, 404);
    assert_eq!(post(&host, "Succeed", "text").await, 400);
    assert_eq!(post(&host, "Succeed", r#"{"input":{}}"#).await, 400);
    assert!(host.invocations().is_empty());
}

#[tokio::test]
async fn a_function_that_is_run_by_hand_sees_no_id_and_dequeue_count_0() {
    let host = App::new().await.with_function("Succeed").await.run().await;
    let body = json!({ "input": "text" }).to_string();
    assert_eq!(post(&host, "succeed", &body).await, 202);
    let finished = host.finished(1).await.remove(0);
    assert_eq!((finished.outcome, finished.message_id), (Outcome::Succeeded, None));
    let request = host.events("received").await.remove(0);
    let body: Value = serde_json::from_str(request["body"].as_str().unwrap()).unwrap();
    assert_eq!(body["Data"]["msg"], "dGV4dA==");
    assert_eq!(body["Metadata"]["DequeueCount"], "0");
    assert_eq!(body["Metadata"]["ExpirationTime"], "9999-12-31T23:59:59+00:00");
    assert_eq!(body["Metadata"].get("Id"), None);
    assert_eq!(body["Metadata"].get("PopReceipt"), None);
}
