//! A handler whose standard output is gone writes nothing to the tenant.

use std::process::Stdio;

use loopback::{free_port, until_listening};
use serde_json::json;
use tenant_emulator::{
    Route, Tenant,
    contoso::{ORDERS_API, ORDERS_IDENTITY, ORDERS_READ, contoso},
};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tokio::process::Command;

use crate::world::{POLICY, ROOT, TIMEOUT, http_client, request, storage_setting};

/// The envelope of a queue message.
fn envelope(message: &str) -> serde_json::Value {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    json!({
        "Data": { "request": STANDARD.encode(message) },
        "Metadata": {
            "DequeueCount": "1", "Id": "\"7d1b0c10-0000-4000-8000-000000000001\"",
            "InsertionTime": OffsetDateTime::now_utc().format(&Rfc3339).unwrap(),
        },
    })
}

#[tokio::test]
async fn without_a_reader_of_its_log_the_handler_writes_nothing() {
    let tenant = Tenant::start(contoso()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let policy = folder.path().join("policy.json");
    std::fs::write(&policy, POLICY).unwrap();
    let port = free_port().unwrap();
    let mut handler = Command::new(env!("CARGO_BIN_EXE_app-role-broker"))
        .env_clear()
        .env("FUNCTIONS_APP_ROOT_PATH", ROOT)
        .env("FUNCTIONS_CUSTOMHANDLER_PORT", port.to_string())
        .env("POLICY_FILE", &policy)
        .env("PACE_FACTOR", "0.05")
        .envs(tenant.environment())
        .envs([storage_setting().await])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    // As if the host had ended: nothing reads the other end of the pipe.
    drop(handler.stdout.take());
    let url = format!("http://127.0.0.1:{port}/AssignRole");
    let message = envelope(&request(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ));
    let client = http_client();
    until_listening(TIMEOUT, port).await.unwrap();
    let response = client.post(&url).json(&message).send().await.unwrap();
    assert_eq!(response.status().as_u16(), 500);
    assert_eq!(tenant.count(Route::CreateAssignment), 0);
    assert!(tenant.assignments_of(ORDERS_IDENTITY).is_empty());
}
