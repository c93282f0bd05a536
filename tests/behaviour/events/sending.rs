//! Events as tests deliver them: by the queue, or pushed by Event Grid.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use storage_emulator::Queue;
use tenant_emulator::{
    Route,
    contoso::{ORDERS_API_APP_ID, ORDERS_IDENTITY_RESOURCE_ID, SUBSCRIPTION_ID},
};
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use crate::world::{ROOT, Setup, TIMEOUT, World, http_client};

/// The requester of requests that events in the queue carry.
pub(crate) const EVENT_QUEUE: &str = "resource-events";

/// Where the baseline holds.
const BASELINE_GROUPS: [&str; 5] =
    ["rg-orders-dev", "rg-billing", "rg-load", "rg-app-role-broker", "rg-platform"];

/// A policy whose baseline lets everything in some resource groups read orders.
pub(crate) fn policy() -> Value {
    let group = |name: &str| format!("/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/{name}");
    json!({
        "version": 1,
        "protected": [group("rg-platform")],
        "allow": [{
            "name": "by event", "requesters": ["queue:resource-events", "eventgrid:ResourceEvent"],
            "principals": [group("rg-orders-dev")], "api": ORDERS_API_APP_ID, "roles": ["Orders.Write"],
        }],
        "baseline": [{
            "name": "workloads read orders", "api": ORDERS_API_APP_ID, "roles": ["Orders.Read"],
            "principals": BASELINE_GROUPS.map(group),
        }],
    })
}

/// The app as it ships, with that policy.
pub(crate) async fn setup() -> Setup {
    let mut setup = Setup::new().await;
    setup.policy = Some(policy().to_string());
    setup
}

/// The same, with the function on that Event Grid pushes to.
pub(crate) async fn pushed_setup() -> Setup {
    // Deadlines are scaled too; this leaves five seconds.
    setup()
        .await
        .with_setting("AzureWebJobs.ResourceEvent.Disabled", "false")
        .with_setting("PACE_FACTOR", "0.25")
}

/// A payload file.
pub(crate) fn payload(file: &str) -> String {
    std::fs::read_to_string(format!("{ROOT}/tests/data/event-grid/{file}")).unwrap()
}

/// The event of a resource that was written so long ago.
pub(crate) fn written(resource_id: &str, ago: Duration) -> Value {
    let text = payload("user-assigned-identity-written.json");
    let text = text.replace(ORDERS_IDENTITY_RESOURCE_ID, resource_id);
    let mut event: Value = serde_json::from_str(&text).unwrap();
    event[0]["eventTime"] = json!((OffsetDateTime::now_utc() - ago).format(&Rfc3339).unwrap());
    event[0].take()
}

/// An event that carries a request.
pub(crate) fn carrying(request: &Value) -> Value {
    json!({
        "id": "1", "topic": "/subscriptions/x", "subject": "orders", "dataVersion": "1",
        "eventType": "AppRoleBroker.AssignmentRequested", "data": request,
    })
}

/// ARM id of a user-assigned identity.
pub(crate) fn identity(group: &str, name: &str) -> String {
    ORDERS_IDENTITY_RESOURCE_ID.replace("rg-orders-dev", group).replace("id-orders", name)
}

/// How often Azure Resource Manager, single service principals, lists of them and lists of assignments
/// were read.
pub(crate) fn reads(world: &World) -> [usize; 4] {
    [
        Route::ReadArmIdentity,
        Route::ReadServicePrincipal,
        Route::ListServicePrincipals,
        Route::ListAssignments,
    ]
    .map(|route| world.tenant.count(route))
}

impl World {
    /// The queue of events.
    pub(crate) async fn events(&self) -> Queue {
        let events = self.account.queue(EVENT_QUEUE).unwrap();
        events.create_if_missing().await.unwrap();
        events
    }

    /// Sends an event as it is, and does not wait for what comes of it.
    pub(crate) async fn send_event(&self, text: &str) {
        self.events().await.send(text).await.unwrap();
    }

    /// Sends an event as Event Grid does, in base64, and waits until so many invocations more are over.
    pub(crate) async fn deliver(&self, event: &Value, invocations: usize) {
        self.deliver_text(&STANDARD.encode(event.to_string()), invocations).await;
    }

    /// The same with the text of a message.
    pub(crate) async fn deliver_text(&self, text: &str, invocations: usize) {
        let before = self.host.invocations().len();
        self.send_event(text).await;
        self.host.wait_for_invocations(before + invocations, TIMEOUT).await.unwrap();
    }

    /// Pushes events as Event Grid does; answers the status that Event Grid gets to see.
    pub(crate) async fn push(&self, events: &Value) -> u16 {
        let path = "runtime/webhooks/eventgrid?functionName=ResourceEvent";
        let request = http_client().post(self.host.http_url().join(path).unwrap());
        let request = request.header("aeg-event-type", "Notification").json(events);
        request.send().await.unwrap().status().as_u16()
    }
}
