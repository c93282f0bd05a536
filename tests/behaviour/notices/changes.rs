//! Events about assignments that were created and removed.

use std::time::Duration;

use serde_json::json;
use storage_emulator::{TableFault, TableOperationKind, TableRule};
use tenant_emulator::{
    Fault, Route,
    contoso::{ORDERS_API, ORDERS_API_APP_ID, ORDERS_IDENTITY, ORDERS_READ},
};

use crate::{
    ends::end_world::{read_for, request, revoke, world},
    notices::notice_queue::{ids, types},
    record::intents::{AUDIT, INTENTS},
    world::{Setup, World, statuses},
};

#[tokio::test]
async fn an_outcome_without_a_change_makes_no_event() {
    let world = world().await;
    let dry_run = request("assign", &["Orders.Read"], &json!({ "dryRun": true }));
    for (message, status) in [
        (revoke(), "alreadyRevoked"),
        (dry_run, "wouldAssign"),
        (request("assign", &["Orders.Admin"], &json!({})), "denied"),
    ] {
        assert_eq!(statuses(&world.result_of(&message).await), [status]);
    }
    world.create_by_hand();
    assert_eq!(statuses(&world.result_of(&read_for(None)).await), ["alreadyAssigned"]);
    assert!(world.notices().await.is_empty());
}

#[tokio::test]
async fn a_grant_and_a_revocation_are_one_event_each_that_names_what_changed() {
    let world = world().await;
    let secret = json!({ "reason": "a secret reason", "duration": "PT8H" });
    let granted = world.result_of(&request("assign", &["Orders.Read"], &secret)).await;
    let [created] = world.notices().await.try_into().unwrap();
    let invocation = granted["invocationId"].as_str().unwrap();
    assert_eq!(created["id"], format!("{invocation}-00"));
    assert_eq!(created["type"], "AppRoleBroker.AssignmentCreated");
    assert_eq!(created["subject"], ORDERS_IDENTITY);
    let expected = json!({
        "requestId": "INC-1", "requester": "queue:app-role-requests",
        "principalId": ORDERS_IDENTITY, "principalDisplayName": "id-orders",
        "apiId": ORDERS_API, "apiAppId": ORDERS_API_APP_ID,
        "apiDisplayName": granted["api"]["displayName"], "approvedBy": "policy",
        "roles": [{
            "appRoleId": ORDERS_READ, "appRoleValue": "Orders.Read", "privileged": false,
            "rule": "all workloads", "endDateTime": granted["roles"][0]["endDateTime"],
        }],
    });
    assert_eq!(created["data"], expected);
    world.result_of(&revoke()).await;
    let notices = world.notices().await;
    assert_eq!(types(&notices), ["AssignmentCreated", "AssignmentEnded"]);
    assert_eq!(notices[1]["data"]["endedBy"], "revoke");
    assert_eq!(notices[1]["data"]["requester"], "queue:app-role-requests");
    assert!(!format!("{notices:?}").contains("a secret reason"));
    world.assert_on_record().await;
}

#[tokio::test]
async fn an_assignment_whose_end_has_come_is_an_event_that_says_so() {
    let world = world().await;
    world.result_of(&read_for(Some(8))).await;
    world.end_all().await;
    let notices = world.notices().await;
    assert_eq!(types(&notices), ["AssignmentCreated", "AssignmentEnded"]);
    let data = &notices[1]["data"];
    assert_eq!((&data["endedBy"], &data["requestId"]), (&json!("end"), &json!("INC-1")));
    assert_eq!(data["requester"], "timer:EndAssignments");
    assert_eq!(data["roles"][0]["appRoleValue"], "Orders.Read");
    world.assert_on_record().await;
}

#[tokio::test]
async fn each_role_of_a_request_is_an_event_even_if_another_delivery_finishes_the_others() {
    let world = Setup::new().await.with_wide_policy().with_deliveries(5).start().await;
    let down = Fault::error(503, "ServiceUnavailable", "");
    let refused = Fault::error(503, "ServiceUnavailable", "");
    world.tenant.answer_next(Route::CreateAssignment, down);
    world.tenant.answer_next(Route::CreateAssignment, refused);
    let message = request("assign", &["Orders.Read", "Orders.Write"], &json!({}));
    world.result_of(&message).await;
    let notices = world.notices().await;
    assert_eq!(types(&notices), ["AssignmentCreated"; 2]);
    let mut roles: Vec<_> =
        notices.iter().map(|one| one["data"]["roles"][0]["appRoleValue"].to_string()).collect();
    roles.sort();
    assert_eq!(roles, ["\"Orders.Read\"", "\"Orders.Write\""]);
    assert_ne!(ids(&notices)[0], ids(&notices)[1]);
}

/// A world whose messages do not come back within a test.
async fn world_without_redeliveries() -> World {
    let mut setup = Setup::new()
        .await
        .with_wide_policy()
        .with_setting("AzureFunctionsJobHost__extensions__queues__visibilityTimeout", "00:05:00");
    setup.message_lease = Some(Duration::from_secs(300));
    setup.start().await
}

#[tokio::test]
async fn the_event_of_a_handler_that_was_killed_is_sent_later_with_the_same_id() {
    for (table, kind, before) in [
        // The change was written, but has neither a row nor an event.
        (AUDIT, TableOperationKind::Insert, 0),
        // The event is in the queue, but the intent is still open.
        (INTENTS, TableOperationKind::Delete, 1),
    ] {
        for action in ["assign", "revoke"] {
            let mut world = world_without_redeliveries().await;
            if action == "revoke" {
                world.create_by_hand();
            }
            world.account.table(INTENTS).create_if_missing().await.unwrap();
            let rule = world.tables.add(TableRule::new(TableFault::Held).table(table).kind(kind));
            let message = request(action, &["Orders.Read"], &json!({}));
            world.requests.send(&message).await.unwrap();
            rule.wait_for_hits(1).await;
            world.host.stop_and_keep_log().await;
            rule.discard();
            assert_eq!(world.notices().await.len(), before, "{table} {action}");
            let intent = world.intents().await.remove(0).row_key;
            world.restart_to_settle().await;
            world.settle_all().await;
            world.assert_on_record().await;
            let notices = world.notices().await;
            assert!(notices.len() > before, "{table} {action}");
            assert!(ids(&notices).iter().all(|id| *id == intent), "{table} {action}");
            assert!(notices.iter().all(|one| *one == notices[0]), "{notices:#?}");
        }
    }
}
