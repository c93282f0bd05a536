//! The end of the handler process: by a signal, by a kill, and by a crash.

use std::{path::Path, process::Stdio, time::Duration};

use azure_core::http::Url;
use azure_rest::{client, timing::CallTiming};
use base64::{Engine, engine::general_purpose::STANDARD};
use functions_host_emulator::StopReason;
use loopback::{free_port, until, until_listening};
use serde_json::{Value, json};
use tenant_emulator::{
    Route, Tenant,
    contoso::{ORDERS_API, ORDERS_IDENTITY, ORDERS_READ, contoso, managed_identities},
};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tokio::process::{Child, Command};

use crate::world::{
    POLICY, ROOT, Setup, TIMEOUT, World, request, request_by_names, storage_setting,
};

/// The exit status that makes the host restart the handler without counting a crash.
const RESTART: i32 = 200;

/// Starts a handler without a host. Returns the process and the address of `AssignRole`.
async fn handler(tenant: &Tenant, policy_file: &Path) -> (Child, Url) {
    let port = free_port().unwrap();
    let child = Command::new(env!("CARGO_BIN_EXE_app-role-broker"))
        .env_clear()
        .env("FUNCTIONS_APP_ROOT_PATH", ROOT)
        .env("FUNCTIONS_CUSTOMHANDLER_PORT", port.to_string())
        .env("POLICY_FILE", policy_file)
        .envs(tenant.environment())
        .envs([storage_setting().await])
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    until_listening(TIMEOUT, port).await.unwrap();
    (child, Url::parse(&format!("http://127.0.0.1:{port}/AssignRole")).unwrap())
}

/// The envelope that the host posts for a message.
fn envelope(message: &str) -> Value {
    json!({
        "Data": { "request": STANDARD.encode(message) },
        "Metadata": {
            "DequeueCount": "1", "Id": "\"7d1b0f0e-3f0b-4f0a-8d56-1b2c3d4e5f60\"",
            "InsertionTime": OffsetDateTime::now_utc().format(&Rfc3339).unwrap(),
        },
    })
}

#[tokio::test]
async fn a_handler_that_is_told_to_stop_finishes_its_invocations() {
    let tenant = Tenant::start(contoso()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let policy_file = folder.path().join("policy.json");
    std::fs::write(&policy_file, POLICY).unwrap();
    let (mut child, address) = handler(&tenant, &policy_file).await;
    tenant.set_latency(Duration::from_millis(300));
    let message = request(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ);
    let client = client::build(&address, &CallTiming::default()).unwrap();
    let call = tokio::spawn(client.post(address).json(&envelope(&message)).send());
    until(TIMEOUT, async || tenant.count(Route::CreateAssignment) > 0).await.unwrap();
    let pid = child.id().unwrap().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().await.unwrap().success());
    let answer: Value = call.await.unwrap().unwrap().json().await.unwrap();
    let result = answer["Outputs"]["result"][0].as_str().unwrap();
    assert!(result.contains("\"status\":\"assigned\""), "{result}");
    let ended = tokio::time::timeout(TIMEOUT, child.wait()).await.unwrap().unwrap();
    assert_eq!(ended.code(), Some(RESTART));
    assert_eq!(tenant.assignments_of(ORDERS_IDENTITY).len(), 1);
}

#[tokio::test]
async fn killing_the_handler_loses_no_message_and_assigns_no_role_twice() {
    const MESSAGES: usize = 20;
    let setup = Setup::new().await.with_wide_policy();
    let identities = managed_identities(MESSAGES);
    for identity in &identities {
        setup.tenant.add_service_principal(identity.clone());
    }
    setup.tenant.set_latency(Duration::from_millis(50));
    // With small batches, some messages are finished and others in progress when the handler dies.
    let queues = "AzureFunctionsJobHost__extensions__queues__";
    let setup = setup.with_setting(&format!("{queues}batchSize"), "4");
    let world = setup.with_setting(&format!("{queues}newBatchThreshold"), "2").start().await;
    for identity in &identities {
        world.requests.send(&request(&identity.id, ORDERS_API, ORDERS_READ)).await.unwrap();
    }
    let intent = world.log_line(&identities[MESSAGES / 2].id).await;
    assert!(intent.contains("grant.intent"), "{intent}");
    world.host.kill_worker().await;
    let results = world.next_results(MESSAGES).await;
    let mut principals: Vec<_> =
        results.iter().map(|result| result["principal"]["objectId"].as_str().unwrap()).collect();
    principals.sort_unstable();
    principals.dedup();
    assert_eq!(principals.len(), MESSAGES);
    for identity in &identities {
        assert_eq!(world.tenant.assignments_of(&identity.id).len(), 1);
    }
    let failed = world.host.invocations().len() - MESSAGES;
    assert!(failed > 0, "the handler was killed when no invocation was in progress");
    assert_eq!(world.tenant.assignments().len(), contoso().assignments().len() + MESSAGES);
}

/// The log line at the start of a delivery.
fn received(request_id: &str, attempt: u32) -> String {
    format!("\"attempt\":{attempt},\"request_id\":\"{request_id}\",")
}

/// Waits for the start of a later delivery. One may be missing: a stopping host may have taken the message
/// from the queue without calling the handler.
async fn next_attempt(world: &World, request_id: &str, after: u32) -> u32 {
    let later = (after + 1..=after + 2).map(|attempt| {
        let line = received(request_id, attempt);
        Box::pin(async move {
            world.log_line(&line).await;
            attempt
        })
    });
    futures_util::future::select_all(later).await.0
}

fn request_with_id(request_id: &str, principal: &str) -> String {
    let mut message: Value =
        serde_json::from_str(&request_by_names("assign", principal, &["Orders.Read"])).unwrap();
    message["requestId"] = request_id.into();
    message.to_string()
}

#[tokio::test]
async fn a_message_that_crashes_the_handler_goes_to_the_poison_queue_alone() {
    // Each time, every second message has an even chance of finishing before the crashing one starts.
    const DELIVERIES: u32 = 16;
    const OTHERS: usize = 5;
    let mut setup = Setup::new()
        .await
        .with_wide_policy()
        .with_deliveries(DELIVERIES)
        .with_setting("PACE_FACTOR", "0.5");
    // The log line at the start of a delivery needs this filter.
    setup = setup.with_setting("RUST_LOG", "debug");
    setup.message_lease = Some(Duration::from_secs(2));
    let identities = managed_identities(OTHERS);
    for identity in &identities {
        setup.tenant.add_service_principal(identity.clone());
    }
    let mut world = setup.start().await;
    world.requests.send(&request_with_id("deadly", ORDERS_IDENTITY)).await.unwrap();
    for (number, identity) in identities.iter().enumerate() {
        let message = request_with_id(&format!("other-{number}"), &identity.id);
        world.requests.send(&message).await.unwrap();
    }
    let (mut attempt, mut crashes) = (0, 0);
    while attempt < DELIVERIES {
        attempt = next_attempt(&world, "deadly", attempt).await;
        world.host.kill_worker().await;
        crashes += 1;
        // The third crash within half an hour ends the host.
        if crashes % 3 == 0 {
            assert_eq!(world.host.stopped().await, StopReason::TooManyWorkerErrors);
            world.restart_host().await;
        }
    }
    let poison = world.wait_for_messages(&world.poison).await;
    assert_eq!(poison.len(), 1, "{poison:?}");
    assert_eq!(poison[0]["requestId"], "deadly");
    for identity in &identities {
        assert_eq!(world.tenant.assignments_of(&identity.id).len(), 1);
    }
}
