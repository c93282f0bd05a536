//! Faults around the handler. Each is logged with what to do, and no request is lost.

use tenant_emulator::{
    Fault, Route,
    contoso::{APP_ROLE_ASSIGNMENT_READ_WRITE_ALL, BROKER_IDENTITY, ORDERS_IDENTITY},
};

use crate::world::{Setup, World, role, valid_request};

/// Asserts that the log has a line with the first text, and that the line contains all other texts.
async fn assert_logged(world: &World, texts: &[&str]) {
    let line = world.log_line(texts[0]).await;
    for text in texts {
        assert!(line.contains(text), "{text:?} is not in {line}");
    }
}

#[tokio::test]
async fn a_token_for_another_audience_is_named_and_the_request_is_retried() {
    let setup = Setup::new().await;
    setup.tenant.set_token_audience(Some("https://management.azure.com"));
    let world = setup.start().await;
    world.requests.send(&valid_request()).await.unwrap();
    assert_logged(
        &world,
        &["graph.failed", "audience \\\"https://management.azure.com", "not for https://graph"],
    )
    .await;
    assert_eq!(world.tenant.count(Route::ReadServicePrincipal), 0, "the token was not sent");
    world.tenant.set_token_audience(None);
    let result = world.next_results(1).await.remove(0);
    assert_eq!(role(&result)["status"], "assigned", "{result}");
    assert!(result["attempt"].as_u64().unwrap() > 1);
}

#[tokio::test]
async fn a_token_without_roles_is_named_with_the_missing_permissions_and_who_can_grant_them() {
    let setup = Setup::new().await;
    for held in setup.tenant.assignments_of(BROKER_IDENTITY) {
        assert!(setup.tenant.revoke(&held.id));
    }
    let world = setup.with_deliveries(1).start().await;
    assert_logged(
        &world,
        &["sign_in.roles_missing", "AppRoleAssignment.ReadWrite.All and Application.Read.All"],
    )
    .await;
    let result = world.result_of(&valid_request()).await;
    assert_eq!(role(&result)["code"], "forbidden", "{result}");
    assert_logged(
        &world,
        &[
            "graph.failed",
            "lacks AppRoleAssignment.ReadWrite.All and",
            "Privileged Role Administrator",
            BROKER_IDENTITY,
        ],
    )
    .await;
    assert!(world.tenant_is_unchanged());
}

#[tokio::test]
async fn a_broker_that_may_only_read_logs_which_permission_it_lacks() {
    let setup = Setup::new().await;
    let held = setup.tenant.assignments_of(BROKER_IDENTITY);
    let write = held.iter().find(|held| held.app_role_id == APP_ROLE_ASSIGNMENT_READ_WRITE_ALL);
    assert!(setup.tenant.revoke(&write.unwrap().id));
    let world = setup.with_deliveries(1).start().await;
    let result = world.result_of(&valid_request()).await;
    assert_eq!(role(&result)["code"], "forbidden", "{result}");
    assert_logged(&world, &["graph.failed", "lacks AppRoleAssignment.ReadWrite.All:"]).await;
}

#[tokio::test]
async fn an_identity_endpoint_that_cannot_be_reached_is_named() {
    // No service listens on the port that is reserved for TCPMUX.
    let nobody = "127.0.0.1:1";
    let endpoint = format!("http://{nobody}/msi/token");
    let world = Setup::new()
        .await
        .with_deliveries(1)
        .with_setting("IDENTITY_ENDPOINT", &endpoint)
        .start()
        .await;
    let result = world.result_of(&valid_request()).await;
    assert_eq!(role(&result)["code"], "notSignedIn", "{result}");
    assert!(role(&result)["message"].as_str().unwrap().contains("could not sign in"));
    assert_logged(&world, &["graph.failed", nobody, "assigned to the function app"]).await;
}

#[tokio::test]
async fn an_identity_that_is_not_assigned_to_the_app_is_named() {
    let setup = Setup::new().await.with_deliveries(1);
    let world =
        setup.with_setting("AZURE_CLIENT_ID", "c0a70500-0000-4000-8000-00000000ffff").start().await;
    let result = world.result_of(&valid_request()).await;
    assert_eq!(role(&result)["code"], "notSignedIn", "{result}");
    assert_logged(&world, &["graph.failed", "has not been assigned", "AZURE_CLIENT_ID"]).await;
}

#[tokio::test]
async fn without_a_valid_policy_everything_is_denied_and_the_log_says_why() {
    for (policy, text) in [
        (None, "cannot be read"),
        (Some("{"), "policy: is not complete"),
        (Some(r#"{"version":2,"allow":[]}"#), "supports only version 1"),
        (Some(r#"{"version":1,"allow":[],"deny":[]}"#), "unknown field `deny`"),
    ] {
        let mut setup = Setup::new().await;
        setup.policy = policy.map(str::to_owned);
        let world = setup.start().await;
        assert_logged(&world, &["policy.closed", "policy.json", text]).await;
        let result = world.result_of(&valid_request()).await;
        assert_eq!(role(&result)["status"], "denied");
        let message = role(&result)["message"].as_str().unwrap();
        assert!(message.contains("no policy is in force") && !message.contains(text), "{message}");
        assert_eq!(world.tenant.count(Route::ReadServicePrincipal), 0);
    }
}

#[tokio::test]
async fn a_transient_fault_of_graph_is_retried_within_the_delivery() {
    let error = |status, code: &str| Fault::error(status, code, "");
    for fault in [
        error(429, "TooManyRequests").retry_after("0.1"),
        error(500, "Service_InternalServerError"),
        error(502, "UnknownError"),
        error(503, "ServiceUnavailable"),
        error(504, "UnknownError"),
        error(409, "Directory_ConcurrencyViolation"),
        Fault::connection_closed(),
        error(401, "InvalidAuthenticationToken"),
    ] {
        let world = World::start().await;
        world.tenant.answer_next(Route::CreateAssignment, fault.clone());
        let result = world.result_of(&valid_request()).await;
        assert_eq!(role(&result)["status"], "assigned", "{fault:?}: {result}");
        assert_eq!(result["attempt"], 1);
        assert_eq!(world.tenant.assignments_of(ORDERS_IDENTITY).len(), 1);
    }
}

#[tokio::test]
async fn no_text_of_the_identity_endpoint_reaches_the_log_except_error_codes() {
    for status in [400, 401, 403, 404, 429, 500, 502] {
        let setup = Setup::new().await.with_deliveries(1).with_setting("RUST_LOG", "trace");
        let fault = Fault::error(status, "", "AADSTS500011: the secret is pAZc9-Q3wE");
        setup.tenant.answer_every(Route::IssueToken, fault);
        let world = setup.start().await;
        let result = world.result_of(&valid_request()).await;
        assert_eq!(role(&result)["code"], "notSignedIn", "{result}");
        world.log_line("graph.failed").await;
        for record in world.host.log() {
            assert!(!record.message.contains("pAZc9-Q3wE"), "{status}: {}", record.message);
        }
    }
}

#[tokio::test]
async fn a_permanent_refusal_by_graph_is_not_retried() {
    let world = World::start().await;
    let refused = Fault::error(403, "Directory_QuotaExceeded", "The directory object quota limit");
    world.tenant.answer_every(Route::CreateAssignment, refused);
    let result = world.result_of(&valid_request()).await;
    assert_eq!(role(&result)["status"], "failed");
    assert_eq!(role(&result)["code"], "directoryFull");
    assert!(role(&result)["graphRequestId"].is_string());
    assert_eq!(result["attempt"], 1);
    assert_logged(&world, &["graph.failed", "Directory_QuotaExceeded"]).await;
}

#[tokio::test]
async fn no_log_filter_silences_the_record() {
    let world = Setup::new().await.with_setting("RUST_LOG", "off").start().await;
    assert_eq!(role(&world.result_of(&valid_request()).await)["status"], "assigned");
    world.log_line("grant.intent").await;
    world.log_line("\"audit\"").await;
}

#[tokio::test]
async fn no_log_line_has_a_token_a_key_or_a_message() {
    let setup = Setup::new().await.with_setting("RUST_LOG", "trace");
    let secret = setup.tenant.identity_header().to_owned();
    let world = setup.start().await;
    world.result_of(&valid_request()).await;
    world.result_of(r#"{"principalId":"a-text-of-the-message"}"#).await;
    world.log_line("\"audit\"").await;
    for record in world.host.log() {
        let line = record.message;
        for forbidden in [secret.as_str(), "eyJ", "Bearer", "AccountKey", "a-text-of-the-message"] {
            assert!(!line.contains(forbidden), "{forbidden} is in {line}");
        }
    }
}
