//! `why`: whether a role is granted, and why a token may lack it.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use storage_emulator::{Azurite, Entity, EntityValue};
use tenant_emulator::contoso::{
    ORDERS_API, ORDERS_API_APP_ID, ORDERS_IDENTITY, ORDERS_READ, REPORTS_IDENTITY,
};
use time::OffsetDateTime;

use crate::world::World;

const WHY: [&str; 4] = ["why", "id-orders", "api://orders", "Orders.Read"];

/// Returns a token with these claims and the usual ones.
pub(crate) fn token(claims: &Value) -> String {
    let now = OffsetDateTime::now_utc().unix_timestamp();
    let mut all = json!({
        "aud": "api://orders", "oid": ORDERS_IDENTITY, "iat": now + 5, "exp": now + 3600, "roles": [],
    });
    all.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
    format!("e30.{}.c2VjcmV0", URL_SAFE_NO_PAD.encode(all.to_string()))
}

async fn with_token(world: &World, token: &str) -> crate::world::Ended {
    let ended = world.run_with(&[&WHY[..], &["--token"]].concat(), token).await;
    let secret = token.rsplit('.').next().unwrap();
    assert!(secret.is_empty() || !format!("{ended:?}").contains(secret), "{ended:?}");
    ended
}

#[tokio::test]
async fn an_invalid_token_is_refused_and_not_repeated() {
    let world = World::new().await;
    for text in ["", "c2VjcmV0", "a.b.c2VjcmV0", "e30.W10.c2VjcmV0"] {
        with_token(&world, text).await.assert_failed(2, &["does not contain a valid access token"]);
    }
}

#[tokio::test]
async fn a_role_that_is_not_granted_is_not_found() {
    let world = World::new().await;
    world
        .run(&WHY)
        .await
        .assert_said(4, &["not granted", "Orders.Read on Orders API to id-orders"]);
    let ended = with_token(&world, &token(&json!({}))).await;
    ended.assert_said(4, &["the role is not granted", "roles: none"]);
}

#[tokio::test]
async fn a_grant_is_shown_with_its_time_and_its_effect_on_tokens() {
    let world = World::new().await;
    world.tenant.grant(ORDERS_IDENTITY, ORDERS_API, "Orders.Read").unwrap();
    let ended = world.run(&WHY).await;
    ended.assert_done(&[
        "granted",
        "since 20",
        "tokens issued before lack it and expire by",
        "Entra's audit log",
    ]);
    let answer = world.json(&WHY).await;
    assert_eq!(answer["granted"], true);
    assert!(answer["effectiveBy"].as_str().unwrap() > answer["since"].as_str().unwrap());
}

#[tokio::test]
async fn a_token_without_the_role_is_explained() {
    let world = World::new().await;
    world.tenant.grant(ORDERS_IDENTITY, ORDERS_API, "Orders.Read").unwrap();
    let now = OffsetDateTime::now_utc().unix_timestamp();
    for (claims, verdict) in [
        (json!({ "iat": now - 3600 }), "older than the grant"),
        (json!({}), "issued after the grant"),
        (json!({ "exp": now - 1 }), "it has expired"),
        (json!({ "oid": REPORTS_IDENTITY }), "it belongs to another identity"),
        (json!({ "aud": "https://graph.microsoft.com" }), "it is for another API"),
    ] {
        with_token(&world, &token(&claims)).await.assert_said(1, &[verdict]);
    }
    let nameless = ["why", "id-orders", "api://orders", "c0a70500-0000-4000-8000-0000000000b7"];
    world.tenant.grant(ORDERS_IDENTITY, ORDERS_API, nameless[3]).unwrap();
    let ended = world.run_with(&[&nameless[..], &["--token"]].concat(), &token(&json!({}))).await;
    ended.assert_said(1, &["tokens carry only roles with a value"]);
}

#[tokio::test]
async fn a_token_with_the_role_is_accepted_in_every_form() {
    let world = World::new().await;
    world.tenant.grant(ORDERS_IDENTITY, ORDERS_API, "Orders.Read").unwrap();
    let good =
        token(&json!({ "aud": ORDERS_API_APP_ID, "roles": ["Orders.Read", "Orders.Admin"] }));
    for text in [good.clone(), format!("Bearer {good}\n"), format!("\"{good}\"")] {
        let ended = with_token(&world, &text).await;
        ended.assert_done(&["it carries the role", "roles: Orders.Read, Orders.Admin"]);
    }
    let arguments = [&WHY[..], &["--token", "--output", "json"]].concat();
    let answer = world.run_with(&arguments, &good).await.json();
    assert_eq!(answer["token"]["carries"], true);
    assert_eq!(answer["token"]["roles"], json!(["Orders.Read", "Orders.Admin"]));
}

const APPROVER: &str = "http:c0a70500-0000-4000-8000-0000000000e1";

#[tokio::test]
async fn the_audit_table_names_the_requester_and_the_approvers() {
    let world = World::new().await;
    let account = Azurite::shared_account().await.unwrap();
    world.set("APP_ROLE_AUDIT", &account.connection_string());
    world.tenant.grant(ORDERS_IDENTITY, ORDERS_API, "Orders.Read").unwrap();
    world.run(&WHY).await.assert_done(&["audit table has no change of this role"]);
    let table = account.table("AppRoleAudit");
    table.create_if_missing().await.unwrap();
    for (row, status, role) in [
        ("1", "assigned", ORDERS_READ),
        ("2", "denied", ORDERS_READ),
        ("3", "assigned", "c0a70500-0000-4000-8000-0000000000b3"),
    ] {
        let entity = [
            ("apiId", ORDERS_API),
            ("appRoleId", role),
            ("status", status),
            ("startedAt", "2026-08-20T10:11:12Z"),
            ("requester", "queue:app-role-requests"),
            ("rule", "orders workloads"),
            ("approvedBy", APPROVER),
            ("reason", "reads its own API"),
            ("invocationId", "5f0a7d0e-0000-4000-8000-000000000000"),
        ];
        let properties =
            entity.map(|(name, text)| (name.to_owned(), EntityValue::String(text.into())));
        let entity = Entity {
            partition_key: ORDERS_IDENTITY.to_owned(),
            row_key: row.to_owned(),
            properties: properties.into_iter().collect(),
        };
        table.insert_all(&[entity]).await.unwrap();
    }
    let ended = world.run(&WHY).await;
    ended.assert_done(&["queue:app-role-requests", "orders workloads", "reads its own API"]);
    ended.assert_done(&["APPROVED BY", APPROVER]);
    let answer = world.json(&WHY).await;
    assert_eq!(answer["record"][0]["approvedBy"], APPROVER);
    assert_eq!(answer["record"].as_array().unwrap().len(), 1);
}
