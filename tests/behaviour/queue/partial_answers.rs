//! Answers of Microsoft Graph that are only partly usable, and faults that pass.

use serde_json::{Value, json};
use tenant_emulator::{
    Fault, Route, ServicePrincipal, ServicePrincipalType,
    contoso::{ORDERS_API, ORDERS_API_APP_ID, ORDERS_IDENTITY, ORDERS_READ, ORDERS_WRITE, contoso},
};

use crate::world::{Setup, World, request_by_names, role, statuses, valid_request};

const AGENT: &str = "c0a70500-0000-4000-8000-00000000b200";

/// An agent that Graph states no `appId` for, named like `id-orders`, and a rule for it.
async fn world_with_agent(app_id: Option<Value>) -> World {
    let mut setup = Setup::new().await;
    let rule = json!({ "name": "agents", "requesters": ["queue:app-role-requests"],
        "principals": [AGENT, ORDERS_IDENTITY], "api": ORDERS_API_APP_ID, "roles": ["Orders.Read"],
        "actions": ["assign", "revoke"] });
    setup.policy = Some(json!({ "version": 1, "allow": [rule] }).to_string());
    let agent = ServicePrincipal::of_agents(ServicePrincipalType::Agent, AGENT, AGENT, "id-orders");
    setup.tenant.add_service_principal(agent.with_member("appId", app_id));
    setup.start().await
}

#[tokio::test]
async fn an_agent_without_an_app_id_gets_and_loses_roles_by_its_object_id() {
    for app_id in [None, Some(json!(null)), Some(json!(AGENT))] {
        let has_app_id = app_id.as_ref().is_some_and(Value::is_string);
        let world = world_with_agent(app_id).await;
        for (action, status) in [("assign", "assigned"), ("revoke", "revoked")] {
            let request = request_by_names(action, AGENT, &["Orders.Read"]);
            let result = world.result_of(&request).await;
            assert_eq!(statuses(&result), [status], "{result}");
            assert_eq!(result["principal"]["objectId"], AGENT, "{result}");
            assert_eq!(result["principal"]["clientId"].is_string(), has_app_id, "{result}");
        }
        assert!(world.tenant.assignments_of(AGENT).is_empty());
    }
}

#[tokio::test]
async fn an_agent_without_an_app_id_is_a_candidate_of_an_ambiguous_name() {
    let world = world_with_agent(None).await;
    let request = request_by_names("assign", "id-orders", &["Orders.Read"]);
    let result = world.result_of(&request).await;
    assert_eq!(statuses(&result), ["ambiguous"], "{result}");
    let candidates = result["candidates"].as_array().unwrap();
    let mut ids: Vec<_> = candidates.iter().map(|one| one["objectId"].as_str().unwrap()).collect();
    ids.sort_unstable();
    assert_eq!(ids, [ORDERS_IDENTITY, AGENT]);
    assert!(world.tenant_is_unchanged());
}

#[tokio::test]
async fn a_role_that_cannot_be_read_does_not_keep_the_others_from_being_granted() {
    let good = json!({ "id": ORDERS_READ, "value": "Orders.Read", "isEnabled": true,
        "allowedMemberTypes": ["Application"] });
    for bad in [
        json!({ "id": ORDERS_WRITE, "value": null, "isEnabled": true, "allowedMemberTypes": null }),
        json!({ "id": ORDERS_WRITE, "value": "Orders.Write", "allowedMemberTypes": [null] }),
        json!({ "id": null, "value": "Orders.Write", "allowedMemberTypes": ["Application"] }),
        json!(null),
    ] {
        let setup = Setup::new().await;
        let api = contoso().service_principal(ORDERS_API).unwrap().clone();
        let roles = json!([bad, good]);
        setup.tenant.add_service_principal(api.with_member("appRoles", Some(roles)));
        let world = setup.start().await;
        let result = world.result_of(&valid_request()).await;
        assert_eq!(statuses(&result), ["assigned"], "{bad} {result}");
    }
}

/// Faults that do not say anything about the requested object.
fn passing_faults() -> [Fault; 4] {
    let company = "Unable to read the company information from the directory.";
    [
        Fault::error(404, "Directory_ObjectNotFound", company),
        Fault::error(509, "bandwidthLimitExceeded", "Too much.").retry_after("0.1"),
        Fault::error(507, "insufficientStorage", "Too much."),
        Fault::error(408, "", ""),
    ]
}

#[tokio::test]
async fn a_fault_that_passes_ends_neither_a_read_nor_a_write_nor_a_list() {
    let setup = Setup::new().await.with_wide_policy();
    let world = setup.with_setting("PACE_FACTOR", "0.1").start().await;
    let routes = [Route::ReadServicePrincipal, Route::CreateAssignment, Route::ListAssignments];
    for fault in passing_faults() {
        for route in routes {
            world.tenant.answer_next(route, fault.clone());
        }
        let assign = request_by_names("assign", ORDERS_IDENTITY, &["Orders.Read"]);
        let result = world.result_of(&assign).await;
        assert_eq!(statuses(&result), ["assigned"], "{result}");
        let revoke = request_by_names("revoke", ORDERS_IDENTITY, &["Orders.Read"]);
        let result = world.result_of(&revoke).await;
        assert_eq!(statuses(&result), ["revoked"], "{result}");
        assert_eq!(result["attempt"], 1, "{result}");
    }
}

#[tokio::test]
async fn a_refusal_that_the_broker_does_not_know_is_worth_another_delivery() {
    let world = Setup::new().await.with_deliveries(5).start().await;
    for (status, code) in [(400, "Next_YearsCode"), (404, ""), (409, "Conflict"), (418, "Teapot")] {
        let fault = Fault::error(status, code, "Something new.");
        world.tenant.answer_next(Route::CreateAssignment, fault.clone());
        let result = world.result_of(&valid_request()).await;
        assert_eq!(statuses(&result), ["assigned"], "{status} {result}");
        assert_eq!(result["attempt"], 2, "{status} {result}");
        let held = world.tenant.assignments_of(ORDERS_IDENTITY);
        assert!(world.tenant.revoke(&held[0].id));
    }
}

#[tokio::test]
async fn a_404_that_names_the_api_is_about_the_api_and_forgets_the_cached_one() {
    let world = World::start().await;
    let message = format!(
        "Resource '{ORDERS_API}' does not exist or one of its queried reference-property objects are not present."
    );
    let fault = Fault::error(404, "Request_ResourceNotFound", &message);
    world.tenant.answer_next(Route::CreateAssignment, fault);
    let result = world.result_of(&valid_request()).await;
    assert_eq!(role(&result)["status"], "notFound", "{result}");
    assert_eq!(role(&result)["code"], "apiNotFound", "{result}");
    assert_eq!(result["attempt"], 1, "{result}");
    let reads = world.tenant.count(Route::ReadServicePrincipal);
    let result = world.result_of(&valid_request()).await;
    assert_eq!(statuses(&result), ["assigned"], "{result}");
    let more = world.tenant.count(Route::ReadServicePrincipal) - reads;
    assert_eq!(more, 2, "the principal and the API");
}

#[tokio::test]
async fn an_object_that_lacks_what_the_decision_needs_is_final_and_has_a_code_of_its_own() {
    let setup = Setup::new().await.with_deliveries(5);
    let api = contoso().service_principal(ORDERS_API).unwrap().clone();
    setup.tenant.add_service_principal(api.with_member("appId", Some(json!(null))));
    let world = setup.start().await;
    let result = world.result_of(&valid_request()).await;
    assert_eq!(role(&result)["status"], "failed", "{result}");
    assert_eq!(role(&result)["code"], "graphUnreadable", "{result}");
    assert_eq!(result["attempt"], 1, "{result}");
    let line = world.log_line("graph.failed").await;
    assert!(line.contains("it has no valid appId"), "{line}");
}

#[tokio::test]
async fn an_answer_that_is_cut_off_once_is_read_again() {
    let setup = Setup::new().await.with_wide_policy();
    let world = setup.with_setting("PACE_FACTOR", "0.1").start().await;
    let routes = [Route::ReadServicePrincipal, Route::ListAssignments, Route::CreateAssignment];
    for text in ["", "{\"id\":\"c0a7", "<html>gateway</html>", "{}"] {
        for route in routes {
            let fault = Fault::text(text);
            // The role is assigned before its answer is lost.
            let is_write = route == Route::CreateAssignment;
            let fault = if is_write { fault.after_the_effect() } else { fault };
            // An object without any member is complete, and is not read again.
            if text != "{}" || route != Route::ReadServicePrincipal {
                world.tenant.answer_next(route, fault);
            }
        }
        let assign = request_by_names("assign", ORDERS_IDENTITY, &["Orders.Read"]);
        let result = world.result_of(&assign).await;
        assert_eq!(statuses(&result), ["assigned"], "{text:?} {result}");
        assert_eq!(result["attempt"], 1, "{text:?} {result}");
        let held = world.tenant.assignments_of(ORDERS_IDENTITY);
        assert_eq!(held.len(), 1);
        assert!(world.tenant.revoke(&held[0].id));
    }
}

#[tokio::test]
async fn an_answer_that_is_never_a_list_ends_the_request_at_its_first_delivery() {
    let setup = Setup::new().await.with_wide_policy().with_deliveries(5);
    let world = setup.with_setting("PACE_FACTOR", "0.1").start().await;
    world.tenant.grant(ORDERS_IDENTITY, ORDERS_API, "Orders.Read").unwrap();
    for text in ["{}", "[]", "{\"value\":null}", "<html>gateway</html>"] {
        world.tenant.answer_every(Route::ListAssignments, Fault::text(text));
        let revoke = request_by_names("revoke", ORDERS_IDENTITY, &["Orders.Read"]);
        let result = world.result_of(&revoke).await;
        assert_eq!(role(&result)["code"], "graphUnreadable", "{text:?} {result}");
        assert_eq!(result["attempt"], 1, "{text:?} {result}");
    }
    assert_eq!(world.tenant.assignments_of(ORDERS_IDENTITY).len(), 1);
}

#[tokio::test]
async fn a_role_that_an_unreadable_assignment_may_be_about_does_not_count_as_revoked() {
    let setup = Setup::new().await.with_wide_policy().with_deliveries(2);
    let world = setup.with_setting("PACE_FACTOR", "0.1").start().await;
    world.tenant.grant(ORDERS_IDENTITY, ORDERS_API, "Orders.Read").unwrap();
    let row = json!({ "id": "a", "resourceId": ORDERS_API, "appRoleId": null });
    let list = Fault::text(&json!({ "value": [row] }).to_string());
    world.tenant.answer_every(Route::ListAssignments, list);
    let mut request: Value =
        serde_json::from_str(&request_by_names("revoke", ORDERS_IDENTITY, &["Orders.Read"]))
            .unwrap();
    for dry_run in [true, false] {
        request["dryRun"] = json!(dry_run);
        let result = world.result_of(&request.to_string()).await;
        assert_eq!(role(&result)["status"], "failed", "{result}");
        assert_eq!(role(&result)["code"], "graphUnreadable", "{result}");
    }
    world.log_line("graph.row_unreadable").await;
    world.tenant.clear_faults(Route::ListAssignments);
    request["dryRun"] = json!(false);
    assert_eq!(statuses(&world.result_of(&request.to_string()).await), ["revoked"]);
}
