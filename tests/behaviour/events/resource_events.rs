//! An event about a resource assigns the baseline roles to its identity.

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::{Value, json};
use tenant_emulator::{
    Route, ServicePrincipal,
    contoso::{
        BILLING_FUNCTION, BILLING_FUNCTION_RESOURCE_ID, MICROSOFT_GRAPH_APP_ID, ORDERS_API,
        ORDERS_IDENTITY, ORDERS_IDENTITY_RESOURCE_ID, ORDERS_READ, ORDERS_WRITE,
        REPORTS_IDENTITY_RESOURCE_ID, managed_identities,
    },
};
use time::Duration;

use crate::{
    events::sending::{carrying, identity, payload, policy, pushed_setup, reads, setup, written},
    world::{World, role},
};

const MINUTE: Duration = Duration::MINUTE;

/// A request for one role of the Orders API.
fn asking(role: &str) -> Value {
    json!({ "principal": ORDERS_IDENTITY, "api": "api://orders", "roles": [role] })
}

/// The ids of the roles that a principal holds.
fn held(world: &World, principal: &str) -> Vec<String> {
    world.tenant.assignments_of(principal).into_iter().map(|one| one.app_role_id).collect()
}

#[tokio::test]
async fn an_event_that_is_ignored_is_acknowledged_and_counted_and_costs_nothing() {
    let world = setup().await.start().await;
    let mut deleted = written(ORDERS_IDENTITY_RESOURCE_ID, MINUTE);
    deleted["eventType"] = json!("Microsoft.Resources.ResourceDeleteSuccess");
    let mut failed = deleted.clone();
    failed["eventType"] = json!("Microsoft.Resources.ResourceWriteFailure");
    let group = "/subscriptions/c0a70500-0000-4000-8000-000000000002/resourceGroups/rg-orders-dev";
    let deployment = format!("{group}/providers/Microsoft.Resources/deployments/d");
    for event in [
        deleted,
        failed,
        written(REPORTS_IDENTITY_RESOURCE_ID, MINUTE),
        written(&identity("rg-orders-dev-2", "id"), MINUTE),
        written(group, MINUTE),
        written(&deployment, MINUTE),
        json!({}),
    ] {
        world.deliver(&event, 1).await;
    }
    for text in ["hello", "", "[1,", "null"] {
        world.deliver_text(text, 1).await;
    }
    assert!(world.log_line("events.ignored").await.contains("OtherType 1"));
    assert_eq!(reads(&world), [0; 4]);
    assert!(world.host.invocations().iter().all(|one| one.dequeue_count == 1));
    assert!(world.messages(&world.results).await.is_empty());
    assert!(world.messages(&world.failed).await.is_empty());
}

#[tokio::test]
async fn every_form_of_an_event_gives_the_identity_its_roles() {
    let world = setup().await.start().await;
    let event_grid = payload("user-assigned-identity-written.json");
    let mut claims_in_text: Value = serde_json::from_str(&event_grid).unwrap();
    for name in ["claims", "authorization"] {
        let text = claims_in_text[0]["data"][name].to_string();
        claims_in_text[0]["data"][name] = json!(text);
    }
    let alone = event_grid.trim().trim_start_matches('[').trim_end_matches(']').to_owned();
    let cloud_event = payload("user-assigned-identity-written-cloud-event.json");
    let plain: fn(&str) -> String = str::to_owned;
    let encoded: fn(&str) -> String = |text| STANDARD.encode(text);
    let marked: fn(&str) -> String = |text| format!("\u{feff}{text}");
    let forms = [
        (&event_grid, plain),
        (&alone, plain),
        (&event_grid, encoded),
        (&event_grid, marked),
        (&cloud_event, plain),
        (&cloud_event, encoded),
        (&cloud_event, marked),
        (&cloud_event, |text| URL_SAFE_NO_PAD.encode(format!("\u{feff}{text}"))),
        (&event_grid, |text| {
            let encoded = STANDARD.encode(text);
            let lines: Vec<_> =
                encoded.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
            lines.join("\r\n")
        }),
        (&claims_in_text.to_string(), plain),
        (&payload("resource-created-or-updated.json"), plain),
    ];
    let identities = managed_identities(forms.len());
    for ((event, form), identity) in forms.iter().zip(&identities) {
        world.tenant.add_service_principal(identity.clone());
        let event = event.replace("rg-orders-dev", "rg-load");
        let form = form(&event.replace("id-orders", &identity.display_name));
        world.deliver_text(&form, 1).await;
        assert_eq!(held(&world, &identity.id), [ORDERS_READ], "{form}");
    }
    assert_eq!(world.tenant.count(Route::CreateAssignment), forms.len());
    assert!(
        world.messages(&world.results).await.is_empty(),
        "an event has no requester, so no result"
    );
}

#[tokio::test]
async fn a_system_assigned_identity_gets_its_roles() {
    let world = setup().await.start().await;
    world.deliver(&serde_json::from_str(&payload("site-updated.json")).unwrap(), 1).await;
    assert_eq!(held(&world, BILLING_FUNCTION), [ORDERS_READ]);
}

#[tokio::test]
async fn an_event_of_a_resource_without_an_identity_is_acknowledged_without_a_log_line() {
    let world = setup().await.start().await;
    let plain = BILLING_FUNCTION_RESOURCE_ID.replace("func-billing", "func-plain");
    world.deliver(&written(&plain, Duration::HOUR), 1).await;
    assert_eq!(reads(&world), [1, 0, 0, 0]);
    assert!(world.host.log().iter().all(|line| !line.message.contains("event.not_yet")));
}

#[tokio::test]
async fn the_log_line_of_the_record_has_the_rule_and_the_outcome() {
    let world = setup().await.start().await;
    world.deliver(&written(ORDERS_IDENTITY_RESOURCE_ID, MINUTE), 1).await;
    let intent = world.log_line("grant.intent").await;
    let audit = world.log_line("\"audit\"").await;
    for line in [intent, audit] {
        for text in ["workloads read orders", "queue:resource-events", ORDERS_IDENTITY, ORDERS_READ]
        {
            assert!(line.contains(text), "{text} is not in {line}");
        }
    }
    let settled = world.log_line("event.settled").await;
    assert!(settled.contains("author c0a70500-0000-4000-8000-0000000000a9"), "{settled}");
    assert!(settled.contains("correlation id c0a70500-0000-4000-8000-00000000c0de"), "{settled}");
}

#[tokio::test]
async fn several_rules_and_apis_are_all_applied() {
    let mut setup = setup().await;
    let mut policy = policy();
    let rules = policy["baseline"].as_array_mut().unwrap();
    let principals = rules[0]["principals"].clone();
    let rule = |name: &str, api: &str, roles: Value| {
        let principals = principals.clone();
        json!({ "name": name, "principals": principals, "api": api, "roles": roles })
    };
    let more = [
        rule("by uri", "api://orders", json!(["Orders.Read", "Orders.Write"])),
        rule("graph", MICROSOFT_GRAPH_APP_ID, json!(["Sites.Selected"])),
        rule("privileged, not marked", "graph", json!(["RoleManagement.ReadWrite.Directory"])),
        rule("not listed, not marked", "graph", json!(["User.Read.All"])),
        rule("no such role", "api://orders", json!(["Orders.Raed"])),
        rule("no such API", "api://nowhere", json!(["Orders.Read"])),
    ];
    rules.extend(more);
    setup.policy = Some(policy.to_string());
    let world = setup.start().await;
    world.deliver(&written(ORDERS_IDENTITY_RESOURCE_ID, MINUTE), 1).await;
    assert_eq!(held(&world, ORDERS_IDENTITY).len(), 3);
    let warned = world.host.log();
    let warned = warned.iter().filter(|line| line.message.contains("baseline.rule_without_effect"));
    assert_eq!(warned.count(), 4, "a role and an API that do not exist, and two privileged roles");
}

#[tokio::test]
async fn in_report_mode_missing_roles_are_recorded_and_nothing_is_written() {
    let world = setup().await.with_setting("BROKER_MODE", "report").start().await;
    world.deliver(&written(ORDERS_IDENTITY_RESOURCE_ID, MINUTE), 1).await;
    let audit = world.log_line("\"audit\"").await;
    assert!(audit.contains("wouldAssign") && audit.contains("\"dry_run\":true"), "{audit}");
    assert!(world.tenant_is_unchanged());
}

#[tokio::test]
async fn a_request_in_an_event_is_answered_like_one_in_a_queue() {
    let world = setup().await.start().await;
    let request = json!({ "requestId": "INC-1", "principal": ORDERS_IDENTITY, "api": "api://orders",
                          "roles": ["Orders.Write"] });
    world.deliver(&carrying(&request), 1).await;
    let result = world.messages(&world.results).await.remove(0);
    assert_eq!(role(&result)["status"], "assigned", "{result}");
    assert_eq!(result["requester"], "queue:resource-events");
    assert_eq!(result["function"], "ResourceEventQueue");
    assert_eq!(result["requestId"], "INC-1");
    assert_eq!(held(&world, ORDERS_IDENTITY), [ORDERS_WRITE]);
    let cloud_event = json!({
        "specversion": "1.0", "id": "1", "source": "orders", "data": request,
        "type": "AppRoleBroker.AssignmentRequested",
    });
    world.deliver(&cloud_event, 1).await;
    let results = world.messages(&world.results).await;
    assert_eq!(role(&results[1])["status"], "alreadyAssigned", "{results:?}");
}

#[tokio::test]
async fn a_request_in_an_event_is_refused_like_one_in_a_queue() {
    let world = setup().await.start().await;
    let mut old = carrying(&asking("Orders.Write"));
    old["eventTime"] = json!("2026-01-01T00:00:00Z");
    for (event, status) in [
        (carrying(&asking("Orders.Admin")), "denied"),
        (carrying(&json!({ "principal": 7 })), "invalid"),
        (carrying(&Value::Null), "invalid"),
        (old, "expired"),
    ] {
        world.deliver(&event, 1).await;
        // Removes the result from the queue, so that the next one is the first.
        let lease = std::time::Duration::from_secs(300);
        let result = world.results.receive(1, lease).await.unwrap().remove(0);
        let result: Value = serde_json::from_str(&result.text).unwrap();
        assert_eq!(role(&result)["status"], status, "{event}: {result}");
    }
    assert!(world.tenant_is_unchanged());
}

#[tokio::test]
async fn a_message_with_several_events_is_kept_for_operators_and_not_worked_on() {
    let world = setup().await.start().await;
    let request =
        json!({ "principal": ORDERS_IDENTITY, "api": ORDERS_API, "roles": ["Orders.Write"] });
    let unknown = json!({ "principal": "c0a70500-0000-4000-8000-00000000ffff", "api": ORDERS_API,
                          "roles": ["Orders.Write"] });
    for events in [
        json!([written(BILLING_FUNCTION_RESOURCE_ID, MINUTE), carrying(&request)]),
        json!([carrying(&request), carrying(&unknown)]),
        json!([carrying(&request), json!({ "eventType": "Contoso.Other" })]),
    ] {
        world.deliver(&events, 1).await;
        let kept = world.wait_for_messages(&world.failed).await.pop().unwrap();
        assert_eq!(kept["reason"].as_str().unwrap().split(" events").next(), Some("2"), "{kept}");
        let request: Value = serde_json::from_str(kept["request"].as_str().unwrap()).unwrap();
        assert_eq!(request, events);
        world.failed.clear().await.unwrap();
    }
    assert!(world.messages(&world.results).await.is_empty());
    assert!(world.tenant_is_unchanged());
}

#[tokio::test]
async fn a_pushed_event_has_the_effect_of_a_queued_one_and_is_acknowledged_at_once() {
    let world = pushed_setup().await.start().await;
    let event_grid: Value =
        serde_json::from_str(&payload("user-assigned-identity-written.json")).unwrap();
    assert_eq!(world.push(&event_grid).await, 202);
    assert_eq!(held(&world, ORDERS_IDENTITY), [ORDERS_READ]);
    let identity = managed_identities(1).remove(0);
    world.tenant.add_service_principal(identity.clone());
    let cloud_event = payload("user-assigned-identity-written-cloud-event.json")
        .replace("rg-orders-dev", "rg-load")
        .replace("id-orders", &identity.display_name);
    assert_eq!(world.push(&serde_json::from_str(&cloud_event).unwrap()).await, 202);
    assert_eq!(held(&world, &identity.id), [ORDERS_READ]);
    let request =
        json!({ "principal": ORDERS_IDENTITY, "api": "api://orders", "roles": ["Orders.Write"] });
    assert_eq!(world.push(&json!([carrying(&request)])).await, 202);
    let result = world.messages(&world.results).await.remove(0);
    assert_eq!(role(&result)["status"], "assigned", "{result}");
    assert_eq!(result["requester"], "eventgrid:ResourceEvent");
}

#[tokio::test]
async fn the_function_for_pushed_events_is_off_by_default() {
    let world = setup().await.start().await;
    assert_eq!(world.push(&json!([written(ORDERS_IDENTITY_RESOURCE_ID, MINUTE)])).await, 404);
    assert_eq!(reads(&world), [0; 4]);
}

#[tokio::test]
async fn a_recreated_identity_and_one_enabled_later_get_their_roles_by_the_next_event() {
    let world = setup().await.start().await;
    let plain = BILLING_FUNCTION_RESOURCE_ID.replace("func-billing", "func-plain");
    world.deliver(&written(&plain, Duration::ZERO), 1).await;
    world.deliver(&written(ORDERS_IDENTITY_RESOURCE_ID, Duration::ZERO), 1).await;

    let turned_on = "c0a70500-0000-4000-8000-00000000e101";
    let anew = "c0a70500-0000-4000-8000-00000000e102";
    let mut old = ServicePrincipal::user_assigned(
        ORDERS_IDENTITY,
        "c0a70500-0000-4000-8000-0000000000c1",
        "id-orders",
        &identity("rg-elsewhere", "id-orders"),
    );
    old.alternative_names.retain(|name| !name.contains("rg-orders-dev"));
    world.tenant.add_service_principal(old);
    let (client_a, client_b) = (turned_on.replace("e1", "f1"), anew.replace("e1", "f1"));
    for new in [
        ServicePrincipal::system_assigned(turned_on, &client_a, "func-plain", &plain),
        ServicePrincipal::user_assigned(anew, &client_b, "id-orders", ORDERS_IDENTITY_RESOURCE_ID),
    ] {
        world.tenant.add_service_principal(new);
    }
    world.deliver(&written(&plain, Duration::ZERO), 1).await;
    world.deliver(&written(ORDERS_IDENTITY_RESOURCE_ID, Duration::ZERO), 1).await;
    assert_eq!(held(&world, turned_on), [ORDERS_READ]);
    assert_eq!(held(&world, anew), [ORDERS_READ]);
}
