//! The whole story of a request, from the wait to its end.

use serde_json::json;
use tenant_emulator::contoso::ORDERS_IDENTITY;

use crate::{
    approvals::approval_world::{ANNA, BEN, CHRIS, setup, sync_request, write_request},
    record::intents::{AUDIT, text},
    world::{role, statuses},
};

#[tokio::test]
async fn an_approved_request_is_carried_out_in_the_name_of_its_requester() {
    let world = setup().await.start().await;
    let result = world.result_of(&sync_request().to_string()).await;
    assert_eq!(statuses(&result), ["pendingApproval"], "{result}");
    assert!(world.tenant_is_unchanged());
    let waiting = world.waiting_for(ANNA).await;
    assert_eq!(waiting.len(), 1, "{waiting:?}");
    let shown = world.shown_to(ANNA, result["approvalId"].as_str().unwrap()).await.success(200);
    assert_eq!(shown, waiting[0]);
    assert_eq!(shown["subject"]["requester"], "queue:app-role-requests");
    assert_eq!(shown["roles"][0]["privileged"], true);
    assert_eq!(shown["roles"][0]["end"], "PT8H");
    let decided = world.decide(ANNA, &shown, "approve").await.success(200);
    assert_eq!(decided["state"], "done", "{decided:#}");
    let result = world.next_results(1).await.remove(0);
    assert_eq!(decided["result"], result);
    assert_eq!(role(&result)["status"], "assigned", "{result}");
    assert_eq!(role(&result)["approvedBy"], json!(format!("http:{ANNA}")));
    assert_eq!(result["requester"], "queue:app-role-requests");
    assert_eq!(result["requestId"], "INC-1");
    assert_eq!(world.tenant.assignments_of(ORDERS_IDENTITY).len(), 1);
    let rows = world.rows_of(AUDIT).await;
    let mut found: Vec<_> =
        rows.iter().map(|row| (text(row, "status"), text(row, "requester"))).collect();
    found.sort_unstable();
    let approver = format!("http:{ANNA}");
    assert_eq!(
        found,
        [
            ("approvalGiven", approver.as_str()),
            ("assigned", "queue:app-role-requests"),
            ("pendingApproval", "queue:app-role-requests")
        ]
    );
    assert!(rows.iter().all(|row| text(row, "approvalId") == shown["approvalId"]));
    assert!(world.waiting_for(ANNA).await.is_empty());
}

#[tokio::test]
async fn a_rule_that_needs_two_approvals_waits_for_two_persons() {
    let world = setup().await.start().await;
    let shown = world.waiting_request(&write_request()).await;
    for _ in 0..2 {
        let decided = world.decide(ANNA, &shown, "approve").await.success(200);
        assert_eq!(decided["state"], "pending", "{decided:#}");
        assert_eq!(decided["decisions"].as_array().unwrap().len(), 1);
    }
    assert!(world.tenant_is_unchanged());
    let decided = world.decide(BEN, &shown, "approve").await.success(200);
    assert_eq!(decided["state"], "done", "{decided:#}");
    let result = world.next_results(1).await.remove(0);
    assert_eq!(role(&result)["approvedBy"], json!(format!("http:{ANNA}, http:{BEN}")));
    assert_eq!(world.tenant.assignments_of(ORDERS_IDENTITY).len(), 1);
    world.decide(CHRIS, &shown, "approve").await.problem(409, "already-decided");
}

#[tokio::test]
async fn a_denied_request_ends_with_a_result_and_without_a_write() {
    let world = setup().await.start().await;
    let shown = world.waiting_request(&write_request()).await;
    world.decide(ANNA, &shown, "approve").await.success(200);
    let decided = world.decide(BEN, &shown, "deny").await.success(200);
    assert_eq!(decided["state"], "denied", "{decided:#}");
    let result = world.next_results(1).await.remove(0);
    assert_eq!(role(&result)["status"], "denied", "{result}");
    assert_eq!(role(&result)["code"], "approvalDenied");
    world.decide(CHRIS, &shown, "approve").await.problem(409, "already-decided");
    assert!(world.tenant_is_unchanged());
}
