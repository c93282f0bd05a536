//! `--verbose` and `--debug`.

use storage_emulator::Azurite;

use crate::world::{Ended, World};

/// Everything that the program printed.
fn seen(ended: &Ended) -> String {
    format!("{}{}", ended.stdout, ended.stderr)
}

#[tokio::test]
async fn each_request_is_shown_with_its_status_time_and_id() {
    let world = World::new().await;
    let quiet = world.run(&["list", "id-orders"]).await;
    assert!(!quiet.stderr.contains("GET"), "{quiet:?}");
    let ended = world.run(&["list", "id-orders", "-v"]).await;
    assert_eq!((ended.code, &ended.stdout), (0, &quiet.stdout));
    let graph: Vec<_> =
        ended.stderr.lines().filter(|line| line.contains("/v1.0/servicePrincipals")).collect();
    assert!(graph.len() >= 2, "{ended:?}");
    for line in graph {
        assert!(line.starts_with("GET 127.0.0.1:"), "{line}");
        assert!(line.contains(": 200 after 0.") && line.contains(", request-id "), "{line}");
        assert!(!line.contains('?'), "{line}");
    }
    let debug = world.run(&["list", "id-orders", "--debug"]).await;
    debug
        .assert_failed(0, &["?$filter=", "token for https://graph.microsoft.com", "fetched after"]);
}

#[tokio::test]
async fn a_request_without_an_answer_and_its_retry_are_shown() {
    let world = World::new().await;
    let fault = tenant_emulator::Fault::connection_closed();
    world.tenant.answer_next(tenant_emulator::Route::ListServicePrincipals, fault);
    let ended = world.run(&["list", "id-orders", "--debug"]).await;
    ended.assert_failed(0, &[": no answer after ", "retry: "]);
}

#[tokio::test]
async fn no_token_key_or_signature_is_shown() {
    let world = World::new().await;
    let account = Azurite::shared_account().await.unwrap();
    account.queue("app-role-failed").unwrap().create_if_missing().await.unwrap();
    world.set_storage(&account.connection_string());
    world.set("APP_ROLE_BROKER_KEY", "secret-key");
    world.set("APP_ROLE_BROKER", "http://127.0.0.1:1");
    for command in [
        &["replay", "--queue", "app-role-requests", "--dry-run"][..],
        &["record", "show"],
        &["doctor"],
        &["assign", "id-orders", "api://orders", "Orders.Read", "--yes"],
        &["submit", "assign", "id-orders", "api://orders", "Orders.Read", "--timeout", "2s"],
    ] {
        let seen = seen(&world.run(&[command, &["--verbose", "--debug"]].concat()).await);
        assert!(seen.contains(" after 0."), "{seen}");
        for secret in [account.key(), "secret-key", "Bearer", "eyJ", world.tenant.identity_header()]
        {
            assert!(!seen.contains(secret), "{secret}: {seen}");
        }
        for parameter in seen.split(['?', '&']).filter(|text| text.starts_with("sig=")) {
            assert!(parameter.starts_with("sig=…"), "{seen}");
        }
    }
}
