//! Requests that cannot be carried out. Each has a final status and a message, and changes nothing.

use serde_json::{Value, json};
use tenant_emulator::{
    Fault, Route,
    contoso::{
        BATCH_A_IDENTITY_RESOURCE_ID, BATCH_B_IDENTITY, CALENDAR_API, CALENDAR_API_APP_ID,
        FABRIKAM_PAYMENTS_API_APP_ID, OBRIEN_API, OBRIEN_API_APP_ID, OBRIEN_API_NAME, ORDERS_API,
        ORDERS_API_APP_ID, ORDERS_APPROVE, ORDERS_ARCHIVE, ORDERS_HANDHELD_SCANNER,
        ORDERS_IDENTITY, ORDERS_IDENTITY_CLIENT_ID, ORDERS_READ, PAYMENTS_API_APP_ID,
    },
};

use crate::world::{Setup, TIMEOUT, World, http_client, new_identity, role, statuses};

const UNKNOWN: &str = "c0a70500-0000-4000-8000-00000000ffff";

/// A world in which the team may assign and revoke every role of these APIs in the whole subscription,
/// so that a request can only fail because of its names.
async fn world() -> World {
    let mut setup = Setup::new().await;
    let rules = [ORDERS_API_APP_ID, CALENDAR_API_APP_ID, OBRIEN_API_APP_ID].map(|api| {
        format!(
            r#"{{ "name": "rule {api}", "requesters": ["queue:app-role-requests"], "api": "{api}",
                 "principals": ["/subscriptions/c0a70500-0000-4000-8000-000000000002"],
                 "roles": ["Orders.Read", "Orders.Write", "Orders.Archive", "{UNKNOWN}", "{ORDERS_APPROVE}",
                           "{ORDERS_HANDHELD_SCANNER}", "00000000-0000-0000-0000-000000000000", "Parcels.Read"],
                 "actions": ["assign", "revoke"] }}"#
        )
    });
    setup.policy = Some(format!(r#"{{ "version": 1, "allow": [{}] }}"#, rules.join(",")));
    setup.start().await
}

fn ask_for(principal: &str, api: &str, roles: &[&str]) -> Value {
    json!({ "principal": principal, "api": api, "roles": roles })
}

/// Sends a request and asserts the status, the code and the message of its one role.
async fn assert_refused(world: &World, request: &Value, [status, code, text]: [&str; 3]) -> Value {
    let result = world.result_of(&request.to_string()).await;
    let role = role(&result);
    assert_eq!(role["status"], status, "{request}: {result}");
    assert_eq!(role["code"], json!(code), "{request}: {result}");
    assert!(role["message"].as_str().unwrap().contains(text), "{request}: {result}");
    assert_eq!(result["attempt"], 1, "{result}");
    result
}

#[tokio::test]
async fn an_ambiguous_name_is_refused_with_the_candidates() {
    let world = world().await;
    let request = ask_for("id-batch", ORDERS_API, &["Orders.Read"]);
    let result =
        assert_refused(&world, &request, ["ambiguous", "principalAmbiguous", "2 service"]).await;
    let candidates = result["candidates"].as_array().unwrap();
    assert!(candidates.iter().any(|one| one["objectId"] == BATCH_B_IDENTITY), "{result}");
    assert!(candidates.iter().any(|one| one["resourceId"] == BATCH_A_IDENTITY_RESOURCE_ID));
    let request = ask_for(ORDERS_IDENTITY, "Payments API", &["Payments.Read"]);
    let result = assert_refused(&world, &request, ["ambiguous", "apiAmbiguous", "2 service"]).await;
    let ids: Vec<_> =
        result["candidates"].as_array().unwrap().iter().map(|one| &one["appId"]).collect();
    assert!(ids.contains(&&json!(PAYMENTS_API_APP_ID)));
    assert!(ids.contains(&&json!(FABRIKAM_PAYMENTS_API_APP_ID)));
    assert_eq!(result["principal"]["objectId"], ORDERS_IDENTITY);
    assert!(world.tenant_is_unchanged());
}

#[tokio::test]
async fn an_unknown_name_is_not_retried() {
    let world = world().await;
    for (principal, api, roles, code, text) in [
        ("id-nobody", ORDERS_API, "Orders.Read", "principalNotFound", "display name"),
        (
            ORDERS_IDENTITY,
            UNKNOWN,
            "Orders.Read",
            "apiNotFound",
            "no service principal for the API",
        ),
        (ORDERS_IDENTITY, "api://nothing", "Orders.Read", "apiNotFound", "no service principal"),
        (ORDERS_IDENTITY, "No API", "Orders.Read", "apiNotFound", "no service principal"),
        (ORDERS_IDENTITY, "api://orders", UNKNOWN, "roleNotFound", "no app role"),
        (ORDERS_IDENTITY, "api://orders", "Invoices.Read", "roleNotFound", "no app role"),
        (
            ORDERS_IDENTITY,
            "api://orders",
            "00000000-0000-0000-0000-000000000000",
            "roleNotFound",
            "default access",
        ),
    ] {
        assert_refused(&world, &ask_for(principal, api, &[roles]), ["notFound", code, text]).await;
    }
    let request = ask_for(ORDERS_IDENTITY, "api://orders", &["Orders.Raed"]);
    let result =
        assert_refused(&world, &request, ["notFound", "roleNotFound", "no app role"]).await;
    assert_eq!(role(&result)["suggestions"][0], "Orders.Read");
    assert_eq!(role(&result)["requested"], "Orders.Raed");
    assert!(world.tenant_is_unchanged());
}

#[tokio::test]
async fn a_mix_up_of_ids_is_reported_at_once_with_the_right_id() {
    let world = world().await;
    for (principal, right) in [
        (json!({ "objectId": ORDERS_IDENTITY_CLIENT_ID }), ORDERS_IDENTITY),
        (json!({ "clientId": ORDERS_IDENTITY }), ORDERS_IDENTITY_CLIENT_ID),
    ] {
        let request =
            json!({ "principal": principal, "api": "api://orders", "roles": ["Orders.Read"] });
        assert_refused(&world, &request, ["notFound", "principalNotFound", right]).await;
    }
    let graphs = json!({ "principalId": ORDERS_IDENTITY_CLIENT_ID, "resourceId": ORDERS_API, "appRoleId": ORDERS_READ });
    assert_refused(&world, &graphs, ["notFound", "principalNotFound", ORDERS_IDENTITY]).await;
}

#[tokio::test]
async fn a_role_that_cannot_be_assigned_is_refused_without_a_write() {
    let world = world().await;
    for (name, code) in [
        ("Orders.Archive", "roleDisabled"),
        (ORDERS_ARCHIVE, "roleDisabled"),
        ("Orders.Approve", "roleNotForApplications"),
        (ORDERS_APPROVE, "roleNotForApplications"),
    ] {
        let request = ask_for(ORDERS_IDENTITY, "api://orders", &[name]);
        assert_refused(&world, &request, ["invalid", code, "the role is"]).await;
    }
    assert!(world.tenant_is_unchanged());
}

#[tokio::test]
async fn one_refused_role_prevents_every_write() {
    let world = world().await;
    let request =
        ask_for(ORDERS_IDENTITY, "api://orders", &["Orders.Read", "Orders.Admin", "Orders.Raed"]);
    let result = world.result_of(&request.to_string()).await;
    assert_eq!(statuses(&result), ["notAttempted", "denied", "notFound"], "{result}");
    assert!(world.tenant_is_unchanged());
}

#[tokio::test]
async fn an_expired_request_causes_no_look_up() {
    let world = world().await;
    let mut request = ask_for(ORDERS_IDENTITY, "api://orders", &["Orders.Read", "Orders.Write"]);
    request["notAfter"] = json!("2026-01-01T00:00:00Z");
    request["requestId"] = json!("INC-1234");
    let result = world.result_of(&request.to_string()).await;
    assert_eq!(statuses(&result), ["expired", "expired"], "{result}");
    assert_eq!(result["requestId"], "INC-1234");
    assert_eq!(world.tenant.count(Route::ReadServicePrincipal), 0);
}

#[tokio::test]
async fn malformed_deep_unprintable_and_unknown_fields_are_reported_with_their_path() {
    let world = world().await;
    let good = ask_for("id-orders", "api://orders", &["Orders.Read"]).to_string();
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    for (message, path) in [
        (good.replace("\"roles\"", "\"role\""), "request: unknown field (did you mean `roles`?)"),
        (good.replace("\"id-orders\"", &deep), "request: has too many levels"),
        (
            good.replace("id-orders", "id\\u202eorders"),
            "principal: contains the unprintable character U+202E",
        ),
        (
            good.replace("id-orders", "id\\u0000"),
            "principal: contains the unprintable character U+0000",
        ),
        (
            good.replace("Orders.Read", "\\uffff"),
            "roles[0]: contains the unprintable character U+FFFF",
        ),
        (good.replace("api://orders", &"x".repeat(33_000)), "at most 32768 are accepted"),
    ] {
        let result = world.result_of(&message).await;
        assert_eq!(statuses(&result), ["invalid"], "{message:.80}: {result}");
        assert!(role(&result)["message"].as_str().unwrap().contains(path), "{path}: {result}");
    }
    assert_eq!(world.requests.approximate_count().await.unwrap(), 0);
}

#[tokio::test]
async fn a_request_larger_than_a_queue_message_is_refused_for_its_size() {
    let world = world().await;
    let url = world.host.admin_url().join("admin/functions/AssignRole").unwrap();
    let input = json!({ "input": format!("{{{}", "x".repeat(65_536)) });
    let answer = http_client().post(url).json(&input).send().await.unwrap();
    assert_eq!(answer.status(), 202);
    let result = world.next_results(1).await.remove(0);
    assert_eq!(statuses(&result), ["invalid"]);
    assert!(role(&result)["message"].as_str().unwrap().contains("65537 bytes"), "{result}");
}

#[tokio::test]
async fn default_access_is_for_apis_without_roles() {
    let world = world().await;
    let request =
        ask_for(ORDERS_IDENTITY, "api://calendar", &["00000000-0000-0000-0000-000000000000"]);
    assert_eq!(statuses(&world.result_of(&request.to_string()).await), ["assigned"]);
    assert_eq!(world.tenant.assignments_of(ORDERS_IDENTITY)[0].resource_id, CALENDAR_API);
}

#[tokio::test]
async fn a_role_without_a_value_can_be_named_by_its_id() {
    let world = world().await;
    let request = ask_for(ORDERS_IDENTITY, "api://orders", &[ORDERS_HANDHELD_SCANNER]);
    let result = world.result_of(&request.to_string()).await;
    assert_eq!(statuses(&result), ["assigned"], "{result}");
    assert!(role(&result).get("value").is_none());
}

#[tokio::test]
async fn quotes_and_operators_in_a_name_have_no_special_meaning() {
    let world = world().await;
    let request = ask_for("id-orders", OBRIEN_API_NAME, &["Parcels.Read"]);
    let result = world.result_of(&request.to_string()).await;
    assert_eq!(statuses(&result), ["assigned"], "{result}");
    assert_eq!(result["api"]["objectId"], OBRIEN_API);
    let hostile =
        ask_for("id-orders' or startswith(displayName,'id", "api://orders", &["Orders.Read"]);
    assert_refused(&world, &hostile, ["notFound", "principalNotFound", "display name"]).await;
}

#[tokio::test]
async fn a_dry_run_says_what_would_happen_and_changes_nothing() {
    let world = world().await;
    world.tenant.grant(ORDERS_IDENTITY, ORDERS_API, "Orders.Write").unwrap();
    for (action, expected) in [
        ("assign", ["wouldAssign", "alreadyAssigned"]),
        ("revoke", ["alreadyRevoked", "wouldRevoke"]),
    ] {
        let mut request =
            ask_for(ORDERS_IDENTITY, "api://orders", &["Orders.Read", "Orders.Write"]);
        request["dryRun"] = json!(true);
        request["action"] = json!(action);
        let result = world.result_of(&request.to_string()).await;
        assert_eq!(statuses(&result), expected, "{result}");
        assert_eq!(result["dryRun"], true);
    }
    assert!(world.tenant_is_unchanged());
    assert_eq!(world.tenant.assignments_of(ORDERS_IDENTITY).len(), 1);
}

#[tokio::test]
async fn a_role_that_is_disabled_or_deleted_can_still_be_revoked() {
    let world = world().await;
    let mut disabled =
        tenant_emulator::contoso::contoso().service_principal(ORDERS_API).unwrap().clone();
    let id = world.tenant.grant(ORDERS_IDENTITY, ORDERS_API, "Orders.Write").unwrap();
    assert!(!id.is_empty());
    for role in &mut disabled.app_roles {
        role.is_enabled = false;
    }
    world.tenant.add_service_principal(disabled);
    let mut request = ask_for(ORDERS_IDENTITY, "api://orders", &["Orders.Write", UNKNOWN]);
    request["action"] = json!("revoke");
    let result = world.result_of(&request.to_string()).await;
    assert_eq!(statuses(&result), ["revoked", "alreadyRevoked"], "{result}");
    assert!(world.tenant.assignments_of(ORDERS_IDENTITY).is_empty());
}

#[tokio::test]
async fn a_rule_without_the_revoke_action_does_not_allow_it() {
    let world = World::start().await;
    world.tenant.grant(ORDERS_IDENTITY, ORDERS_API, "Orders.Read").unwrap();
    let mut request = ask_for(ORDERS_IDENTITY, "api://orders", &["Orders.Read"]);
    request["action"] = json!("revoke");
    let result = world.result_of(&request.to_string()).await;
    assert_eq!(statuses(&result), ["denied"], "{result}");
    assert_eq!(world.tenant.assignments_of(ORDERS_IDENTITY).len(), 1);
}

#[tokio::test]
async fn a_new_identity_gets_its_role_within_the_first_delivery() {
    let world = world().await;
    let request = ask_for(UNKNOWN, "api://orders", &["Orders.Read"]);
    world.requests.send(&request.to_string()).await.unwrap();
    world.host.wait_for_log("wait for the principal", TIMEOUT).await.unwrap();
    world.tenant.add_service_principal(new_identity(UNKNOWN));
    let result = world.next_results(1).await.remove(0);
    assert_eq!(statuses(&result), ["assigned"], "{result}");
}

#[tokio::test]
async fn an_api_that_was_recreated_is_found_by_the_next_request() {
    let world = world().await;
    let request = ask_for(ORDERS_IDENTITY, "api://orders", &["Orders.Read"]).to_string();
    let gone = Fault::error(400, "Request_BadRequest", "Specified resourceId was not found.");
    world.tenant.answer_next(Route::CreateAssignment, gone);
    let result = world.result_of(&request).await;
    assert_eq!(statuses(&result), ["notFound"], "{result}");
    assert_eq!(role(&result)["code"], "apiNotFound");
    let searches = world.tenant.count(Route::ListServicePrincipals);
    assert_eq!(statuses(&world.result_of(&request).await), ["assigned"]);
    assert_eq!(world.tenant.count(Route::ListServicePrincipals), searches + 1);
}

#[tokio::test]
async fn a_warm_new_assignment_costs_one_read_and_one_write() {
    let world = world().await;
    for (number, name) in ["Orders.Read", "Orders.Write"].into_iter().enumerate() {
        let before = world.tenant.requests().len();
        let request = ask_for(ORDERS_IDENTITY, "api://orders", &[name]);
        assert_eq!(statuses(&world.result_of(&request.to_string()).await), ["assigned"]);
        if number > 0 {
            let requests = world.tenant.requests();
            let routes: Vec<_> =
                requests.iter().skip(before).map(|request| request.route).collect();
            assert_eq!(routes, [Route::ReadServicePrincipal, Route::CreateAssignment]);
        }
    }
}

#[tokio::test]
async fn an_unknown_role_does_not_cause_a_read_of_the_api_each_time() {
    let world = world().await;
    let request = ask_for(ORDERS_IDENTITY, "api://orders", &["Orders.Read", "Invoices.Read"]);
    let first = world.result_of(&request.to_string()).await;
    assert_eq!(statuses(&first), ["notAttempted", "notFound"]);
    let reads = world.tenant.count(Route::ReadServicePrincipal);
    world.result_of(&request.to_string()).await;
    assert_eq!(world.tenant.count(Route::ReadServicePrincipal), reads + 1, "only the principal");
}

#[tokio::test]
async fn an_identity_named_by_its_client_id_is_read_and_written_by_its_client_id() {
    let world = world().await;
    let request = json!({
        "principal": { "clientId": ORDERS_IDENTITY_CLIENT_ID }, "api": "api://orders", "roles": ["Orders.Read"],
    });
    assert_eq!(statuses(&world.result_of(&request.to_string()).await), ["assigned"]);
    let requests = world.tenant.requests();
    let write = requests.iter().find(|request| request.route == Route::CreateAssignment).unwrap();
    let form = format!("servicePrincipals(appId='{ORDERS_IDENTITY_CLIENT_ID}')/appRoleAssignments");
    assert!(write.path_and_query.contains(&form), "{}", write.path_and_query);
}
