//! The answers to a requester while a request waits, and afterwards.

use serde_json::json;
use tenant_emulator::contoso::{ORDERS_IDENTITY, ORDERS_WRITE};

use crate::{
    approvals::{
        approval_world::ANNA,
        approver::{decision, id_of, world},
    },
    http::caller::ask,
    world::statuses,
};

#[tokio::test]
async fn a_request_that_needs_an_approval_is_answered_202_with_where_to_ask_about_it() {
    let world = world().await;
    let answer = world.post(&ask(&["Orders.Write"])).await;
    let result = answer.success(202);
    let id = id_of(&result);
    assert_eq!(statuses(&result), ["pendingApproval"]);
    assert_eq!(answer.header("location"), format!("?approval={id}"));
    let waiting = world.became_of(id).await;
    let approval = waiting.success(202);
    assert_eq!(waiting.header("location"), format!("?approval={id}"));
    assert_eq!((id_of(&approval), &approval["state"]), (id, &json!("pending")));
    assert_eq!(approval["digest"], result["approvalDigest"]);
    assert!(world.tenant_is_unchanged());
    world.decide_as(ANNA, id, &decision("approve", &approval)).await.success(200);
    let finished = world.became_of(id).await;
    let result = finished.success(200);
    assert_eq!(finished.header("location"), "");
    assert_eq!((id_of(&result), statuses(&result)), (id, vec!["assigned"]));
    let held = world.tenant.assignments_of(ORDERS_IDENTITY);
    assert_eq!(held.len(), 1);
    assert_eq!(held[0].app_role_id, ORDERS_WRITE);
}

#[tokio::test]
async fn a_role_that_needs_no_approval_is_assigned_at_once() {
    let world = world().await;
    let result = world.post(&ask(&["Orders.Read"])).await.success(201);
    assert!(result.get("approvalId").is_none(), "{result}");
    assert_eq!(result["roles"][0]["approvedBy"], "policy");
    assert!(world.waiting_for(ANNA).await.is_empty());
}
