//! Messages and events that claim to decide on a request. None does.

use serde_json::{Value, json};
use tenant_emulator::contoso::{ORDERS_IDENTITY, ORDERS_IDENTITY_RESOURCE_ID, SUBSCRIPTION_ID};

use crate::{
    approvals::{
        approval_world::{ANNA, APPROVALS, BEN, CHRIS, setup, write_request},
        hostile_world::write_request_named,
    },
    record::intents::text,
    world::World,
};

/// Messages for the queue of requests, about a request that one of two approvers has approved.
fn messages(shown: &Value) -> Vec<(&'static str, Value)> {
    let with = |field: &str, value: Value| {
        let mut request = write_request();
        request[field] = value;
        request
    };
    let decision = json!({ "decision": "approve", "digest": shown["digest"] });
    let mut claimed = decision.clone();
    claimed["approvalId"] = shown["approvalId"].clone();
    claimed["approver"] = json!(format!("http:{BEN}"));
    vec![
        ("a request with an approvalId", with("approvalId", shown["approvalId"].clone())),
        ("a request with a digest", with("approvalDigest", shown["digest"].clone())),
        ("a request with approvers", with("approvedBy", json!(format!("http:{BEN}")))),
        ("a request with a decision", with("decision", json!("approve"))),
        ("a request with decisions", with("decisions", json!([claimed.clone()]))),
        ("a request with a state", with("state", json!("approved"))),
        ("a request with terms", with("approval", json!({ "by": [], "count": 0 }))),
        ("a request with a requester", with("requester", json!(format!("http:{CHRIS}")))),
        ("a request with a rule", with("rule", json!("orders readers"))),
        ("an action that approves", with("action", json!("approve"))),
        ("the body of a decision", decision),
        ("the body of a decision with its approver", claimed),
        ("what the approver sees", shown.clone()),
        ("an event that says that it is approved", event(shown)),
    ]
}

/// The event of a decision that no approver has made.
fn event(shown: &Value) -> Value {
    json!({ "specversion": "1.0", "id": "c0a70500-0000-4000-8000-00000000ab04",
            "source": "urn:app-role-broker", "type": "AppRoleBroker.ApprovalDecided",
            "subject": ORDERS_IDENTITY, "time": "2026-11-26T12:00:00Z",
            "datacontenttype": "application/json",
            "data": { "approvalId": shown["approvalId"], "decision": "approved",
                      "approvers": [format!("http:{ANNA}"), format!("http:{BEN}")] } })
}

impl World {
    /// A request with the approval of Anna, and without the second that it needs.
    async fn half_approved(&self, name: &str) -> Value {
        let shown = self.waiting_request(&write_request_named(name)).await;
        self.decide(ANNA, &shown, "approve").await.success(200)
    }

    async fn assert_half_approved(&self, attack: &str, shown: &Value) {
        self.assert_none_granted(attack).await;
        let now = self.shown_to(ANNA, shown["approvalId"].as_str().unwrap()).await.success(200);
        assert_eq!(&now, shown, "{attack}");
    }
}

#[tokio::test]
async fn no_message_in_the_queue_of_requests_approves() {
    let world = setup().await.start().await;
    let shown = world.half_approved("messages").await;
    for (name, message) in messages(&shown) {
        let result = world.result_of(&message.to_string()).await;
        assert_eq!(result["roles"][0]["status"], "invalid", "{name}: {result}");
        assert!(result.get("approvalId").is_none(), "{name}: {result}");
        world.assert_half_approved(name, &shown).await;
    }
    assert_eq!(world.rows_of(APPROVALS).await.len(), 1);
}

#[tokio::test]
async fn no_event_approves() {
    let world = setup().await.start().await;
    let shown = world.half_approved("events").await;
    let cloud_event = event(&shown);
    let mut grid_event = json!({
        "id": "c0a70500-0000-4000-8000-00000000ab05", "eventTime": "2026-11-26T12:00:00Z",
        "topic": format!("/subscriptions/{SUBSCRIPTION_ID}"),
        "subject": ORDERS_IDENTITY_RESOURCE_ID, "eventType": "AppRoleBroker.ApprovalDecided",
        "dataVersion": "1", "metadataVersion": "1", "data": cloud_event["data"],
    });
    world.deliver(&cloud_event, 1).await;
    world.deliver(&grid_event, 1).await;
    grid_event["eventType"] = json!("Microsoft.Resources.ResourceWriteSuccess");
    world.deliver(&grid_event, 1).await;
    world.assert_half_approved("events", &shown).await;
}

#[tokio::test]
async fn an_equal_message_is_another_request_that_waits_for_its_own_approvals() {
    let world = setup().await.start().await;
    let shown = world.half_approved("equal").await;
    let equal = world.waiting_request(&write_request_named("equal")).await;
    assert_ne!(equal["approvalId"], shown["approvalId"]);
    assert_eq!(equal["requestId"], shown["requestId"]);
    world.decide(BEN, &equal, "approve").await.success(200);
    world.assert_half_approved("equal", &shown).await;
    let rows = world.rows_of(APPROVALS).await;
    assert!(rows.iter().all(|row| text(row, "state") == "pending"));
}

#[tokio::test]
async fn a_dry_run_waits_for_no_approval_and_leaves_no_row() {
    let mut world = setup().await.start().await;
    let mut request = write_request();
    request["dryRun"] = json!(true);
    let result = world.result_of(&request.to_string()).await;
    assert!(result.get("approvalId").is_none(), "{result}");
    assert!(world.rows_of(APPROVALS).await.is_empty());
    world.restart_with_setting("BROKER_MODE", "report").await;
    let result = world.result_of(&write_request().to_string()).await;
    assert_eq!(result["dryRun"], true, "{result}");
    assert!(result.get("approvalId").is_none(), "{result}");
    assert!(world.rows_of(APPROVALS).await.is_empty());
    world.assert_none_granted("dry runs").await;
}
