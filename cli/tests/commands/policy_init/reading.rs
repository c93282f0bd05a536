//! Reading a whole tenant: nothing is silently missing.

use serde_json::json;
use tenant_emulator::{
    AppRole, Fault, Route, ServicePrincipal,
    contoso::{
        ORDERS_API, ORDERS_IDENTITY, REPORTS_IDENTITY, TENANT_ID, contoso, managed_identities,
    },
};

use super::adoption::{ADOPT, adopt, assert_agrees, world};
use crate::world::end;

#[tokio::test]
async fn an_api_whose_holders_are_hidden_is_named_and_the_exit_status_says_so() {
    let world = world().await;
    let hidden = Fault::error(404, "Request_ResourceNotFound", "Resource does not exist.");
    world.tenant.answer_every(Route::ListAssignedTo, hidden);
    let ended = world.run(&[&ADOPT[..], &["policy.json"]].concat()).await;
    ended.assert_said(5, &["incomplete: the holders of roles of Orders API (app ID "]);
    assert!(world.read("policy.json").contains("\"allow\": []"));
}

#[tokio::test]
async fn a_tenant_that_cannot_be_read_now_is_a_failure_and_no_file_is_written() {
    let outage = || Fault::error(503, "ServiceUnavailable", "The service is unavailable.");
    for route in [Route::ListServicePrincipals, Route::ListAssignedTo] {
        let world = world().await;
        world.tenant.answer_every(route, outage());
        let mut command = world.command(&ADOPT);
        command.args(["policy.json"]).env("PACE_FACTOR", "0.05");
        let said = ["Microsoft Graph", "run the command again in a few minutes"];
        end(command, "").await.assert_failed(1, &said);
        assert!(!world.path("policy.json").exists());
    }
}

#[tokio::test]
async fn throttling_and_expired_page_tokens_make_nothing_incomplete() {
    let world = world().await;
    // More than a page of holders of one API, and more than two pages of service principals.
    for identity in managed_identities(1_010) {
        world.tenant.add_service_principal(identity.clone());
        world.tenant.grant(&identity.id, ORDERS_API, "Orders.Read").unwrap();
    }
    let expired = || Fault::error(400, "Directory_ExpiredPageToken", "The page token has expired.");
    let throttled = || Fault::error(429, "TooManyRequests", "Please retry.").retry_after("1");
    for route in [Route::ListServicePrincipals, Route::ListAssignedTo] {
        world.tenant.answer_next(route, throttled());
        world.tenant.answer_next(route, expired());
    }
    let adopted = adopt(&world).await;
    assert_eq!(adopted["unread"], json!([]));
    let counts = &adopted["counts"];
    assert_eq!((&counts["allowed"], &counts["rules"]), (&json!(1_010), &json!(1)));
    let policy: serde_json::Value = serde_json::from_str(&world.read("policy.json")).unwrap();
    let principals = policy["allow"][0]["principals"].as_array().unwrap();
    let [group] = principals.as_slice() else { panic!("{principals:?}") };
    assert!(group.as_str().unwrap().ends_with("/resourceGroups/rg-load"), "{group}");
    assert_agrees(&world, &adopted).await;
}

#[tokio::test]
async fn a_principal_that_holds_more_than_an_expanded_list_shows_is_read_as_a_whole() {
    let world = world().await;
    let id = |last: usize| format!("c0a70500-0000-4000-8000-00000000d{last:03}");
    let roles = |number: usize| {
        let role = |last| {
            AppRole::for_applications(&id(100 * number + last), &format!("Role{last}"), "A role.")
        };
        (0..30).map(role).collect()
    };
    for number in 1..3 {
        let (object, app) = (id(900 + number), id(910 + number));
        let api =
            ServicePrincipal::api(&object, &app, "Large API", &format!("api://large-{number}"));
        let api = ServicePrincipal { app_roles: roles(number), ..api.owned_by(TENANT_ID) };
        let values: Vec<_> = api.app_roles.iter().map(|role| role.id.clone()).collect();
        world.tenant.add_service_principal(api);
        for role in values {
            world.tenant.grant(REPORTS_IDENTITY, &object, &role).unwrap();
        }
    }
    let adopted = adopt(&world).await;
    let counts = &adopted["counts"];
    assert_eq!((&counts["allowed"], &counts["rules"]), (&json!(60), &json!(2)));
    assert_agrees(&world, &adopted).await;
}

#[tokio::test]
async fn assignments_that_cannot_be_read_are_counted() {
    let world = world().await;
    let row = json!({ "id": "a", "principalId": 5, "appRoleId": ORDERS_IDENTITY });
    let page = json!({ "value": [row, null, row] }).to_string();
    world.tenant.answer_every(Route::ListAssignedTo, Fault::text(&page));
    let ended = world.run(&[&ADOPT[..], &["policy.json"]].concat()).await;
    ended.assert_said(5, &["incomplete: left out", "3 of the assignments of roles of Orders API"]);
}

#[tokio::test]
async fn a_service_principal_that_cannot_be_read_keeps_its_resource_group_from_being_named() {
    let world = world().await;
    for identity in managed_identities(2) {
        world.tenant.add_service_principal(identity.clone());
        world.tenant.grant(&identity.id, ORDERS_API, "Orders.Read").unwrap();
    }
    let reports = contoso().service_principal(REPORTS_IDENTITY).unwrap().clone();
    world.tenant.add_service_principal(reports.with_member("id", Some(json!(5))));
    let ended = world.run(&[&ADOPT[..], &["policy.json"]].concat()).await;
    ended.assert_said(5, &["incomplete: left out", "1 of the service principals"]);
    let text = world.read("policy.json");
    assert!(text.contains("id-load-00001\"") && text.contains("id-load-00002\""), "{text}");
}

#[tokio::test]
async fn roles_and_apis_that_cannot_be_read_are_named() {
    for (member, value, said) in [
        ("appRoles", json!([{ "id": 5 }]), "some of the roles of Orders API"),
        ("appId", json!(5), "the holders of roles of Orders API (object ID "),
    ] {
        let world = world().await;
        world.tenant.grant(ORDERS_IDENTITY, ORDERS_API, "Orders.Read").unwrap();
        let orders = contoso().service_principal(ORDERS_API).unwrap().clone();
        world.tenant.add_service_principal(orders.with_member(member, Some(value)));
        let ended = world.run(&[&ADOPT[..], &["policy.json"]].concat()).await;
        ended.assert_said(5, &[&format!("incomplete: {said}")]);
    }
}
