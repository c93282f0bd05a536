//! Grants with an end, from the request to the removal.

use serde_json::json;
use storage_emulator::{TableFault, TableRule};
use tenant_emulator::{
    Route,
    contoso::{ORDERS_API, ORDERS_IDENTITY, ORDERS_READ, ORDERS_WRITE},
};
use time::Duration;

use crate::{
    ends::end_world::{END, hours, moment, read_for, request, world},
    http::caller::setup as http_setup,
    record::intents::{AUDIT, ENDS, text},
    world::{role, statuses},
};

#[tokio::test]
async fn an_assignment_with_a_duration_ends_by_itself_and_both_are_on_record() {
    let world = world().await;
    let result = world.result_of(&read_for(Some(8))).await;
    let role = role(&result);
    assert_eq!((role["status"].as_str(), hours(&result)), (Some("assigned"), Some(8)), "{result}");
    let end = moment(role["endDateTime"].as_str().unwrap());
    assert_eq!(moment(role["tokensUntil"].as_str().unwrap()), end + Duration::hours(24));
    let [row] = world.end_rows().await.try_into().unwrap();
    assert_eq!(row.partition_key, ORDERS_IDENTITY);
    assert_eq!(row.row_key, format!("{ORDERS_API}_{ORDERS_READ}"));
    assert_eq!(moment(text(&row, "endDateTime")), end);
    for (column, expected) in [
        ("assignmentId", world.held().unwrap().id.as_str()),
        ("requester", "queue:app-role-requests"),
        ("requestId", "INC-1"),
        ("messageId", result["messageId"].as_str().unwrap()),
        ("invocationId", result["invocationId"].as_str().unwrap()),
        ("function", "AssignRole"),
        ("rule", "all workloads"),
        ("appRoleValue", "Orders.Read"),
    ] {
        assert_eq!(text(&row, column), expected, "{column}");
    }
    let set = world.event("end.set").await;
    assert_eq!(set["end_date_time"], role["endDateTime"]);
    world.run_ends().await;
    assert!(world.held().is_some(), "it ended early");
    world.end_all().await;
    assert!(world.held().is_none() && world.end_rows().await.is_empty());
    let done = world.event("end.done").await;
    assert_eq!(done["principal_id"], ORDERS_IDENTITY);
    let rows = world.assert_on_record().await;
    let is_revoked = |row: &&storage_emulator::Entity| text(row, "status") == "revoked";
    let revoked = rows.iter().find(is_revoked).unwrap();
    for (column, expected) in [
        ("function", END),
        ("requester", "timer:EndAssignments"),
        ("requestId", "INC-1"),
        ("rule", "all workloads"),
        ("appRoleValue", "Orders.Read"),
        ("assignmentId", role["assignmentId"].as_str().unwrap()),
    ] {
        assert_eq!(text(revoked, column), expected, "{column}");
    }
    let assigned = rows.iter().find(|row| !is_revoked(row)).unwrap();
    assert_eq!(moment(text(assigned, "endDateTime")), end);
}

#[tokio::test]
async fn an_end_is_durable_before_the_write() {
    let world = world().await;
    let rule = world.tables.add(TableRule::new(TableFault::Held).table(ENDS));
    world.requests.send(&read_for(Some(8))).await.unwrap();
    rule.wait_for_hits(1).await;
    assert!(world.tenant_is_unchanged());
    rule.release();
    let result = world.next_results(1).await.remove(0);
    assert_eq!((statuses(&result), hours(&result)), (vec!["assigned"], Some(8)));
}

#[tokio::test]
async fn nothing_is_written_while_an_end_cannot_be_stored() {
    let world = world().await;
    let refused = TableFault::Error { status: 403, code: "AuthorizationFailure" };
    let rule = world.tables.add(TableRule::new(refused).table(ENDS));
    world.requests.send(&read_for(Some(8))).await.unwrap();
    world.event("record.unavailable").await;
    assert!(world.tenant_is_unchanged());
    rule.discard();
    let result = world.next_results(1).await.remove(0);
    assert_eq!((statuses(&result), hours(&result)), (vec!["assigned"], Some(8)));
    world.assert_on_record().await;
}

#[tokio::test]
async fn all_roles_of_a_request_end_together() {
    let world = world().await;
    let request = request("assign", &["Orders.Read", "Orders.Write"], &json!({"duration": "P1D"}));
    let result = world.result_of(&request).await;
    assert_eq!(statuses(&result), ["assigned", "assigned"]);
    assert_eq!(world.end_rows().await.len(), 2);
    world.end_all().await;
    assert_eq!(
        (world.tenant.assignments_of(ORDERS_IDENTITY), world.end_rows().await),
        (vec![], vec![])
    );
    world.assert_on_record().await;
}

#[tokio::test]
async fn a_role_that_is_named_twice_has_one_end() {
    let world = world().await;
    let request = request("assign", &["Orders.Write", ORDERS_WRITE], &json!({"duration": "P1D"}));
    let result = world.result_of(&request).await;
    assert!(statuses(&result).contains(&"assigned"), "{result}");
    assert_eq!(world.end_rows().await.len(), 1, "{result}");
    world.end_all().await;
    assert_eq!(
        (world.tenant.assignments_of(ORDERS_IDENTITY), world.end_rows().await),
        (vec![], vec![])
    );
}

#[tokio::test]
async fn a_request_whose_end_has_passed_writes_nothing() {
    let world = world().await;
    let request =
        request("assign", &["Orders.Read"], &json!({"endDateTime": "2026-01-01T00:00:00Z"}));
    let result = world.result_of(&request).await;
    assert_eq!(statuses(&result), ["expired"]);
    assert!(world.tenant_is_unchanged() && world.end_rows().await.is_empty());
}

#[tokio::test]
async fn a_request_without_an_end_has_no_row() {
    let world = world().await;
    let result = world.result_of(&read_for(None)).await;
    assert_eq!((statuses(&result), hours(&result)), (vec!["assigned"], None));
    assert!(world.end_rows().await.is_empty());
    world.end_all().await;
    assert!(world.held().is_some());
    assert_eq!(world.tenant.count(Route::DeleteAssignment), 0);
    assert_eq!(world.rows_of(AUDIT).await.len(), 1);
}

#[tokio::test]
async fn callers_over_http_see_when_an_assignment_ends() {
    let world = http_setup().await.start().await;
    let request: serde_json::Value = serde_json::from_str(&read_for(Some(8))).unwrap();
    let result = world.post(&request).await.success(201);
    let end = &role(&result)["endDateTime"];
    assert_eq!(hours(&result), Some(8), "{result}");
    let list = world.look(ORDERS_IDENTITY, "api://orders").await.success(200);
    let [held] = list["assignments"].as_array().unwrap().as_slice() else { panic!("{list}") };
    assert_eq!(&held["endDateTime"], end, "{list}");
    assert!(held["tokensUntil"].is_string(), "{list}");
}
