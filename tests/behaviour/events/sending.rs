//! Sends events to the handler: through the queue, or pushed as by Event Grid.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use storage_emulator::Queue;
use tenant_emulator::{
    Route,
    contoso::{ORDERS_API_APP_ID, ORDERS_IDENTITY_RESOURCE_ID, SUBSCRIPTION_ID},
};
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use crate::world::{ROOT, Setup, TIMEOUT, World, http_client};

/// The queue of events, which is the requester of requests in its events.
pub(crate) const EVENT_QUEUE: &str = "resource-events";

/// The queue of the checks that the timer plans.
pub(crate) const CHECK_QUEUE: &str = "baseline-checks";

/// The resource groups of the baseline.
const BASELINE_GROUPS: [&str; 5] =
    ["rg-orders-dev", "rg-billing", "rg-load", "rg-app-role-broker", "rg-platform"];

/// A policy with a baseline that gives `Orders.Read` to every identity in some resource groups.
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

/// The app as it ships with that policy, and with the function for pushed events enabled.
pub(crate) async fn pushed_setup() -> Setup {
    // Several events share the time limit of one push.
    setup()
        .await
        .with_setting("AzureWebJobs.ResourceEvent.Disabled", "false")
        .with_setting("PACE_FACTOR", "0.25")
}

/// Reads a payload file.
pub(crate) fn payload(file: &str) -> String {
    std::fs::read_to_string(format!("{ROOT}/tests/data/event-grid/{file}")).unwrap()
}

/// The event of a write to a resource, `ago` before now.
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

/// The ARM id of a user-assigned identity.
pub(crate) fn identity(group: &str, name: &str) -> String {
    ORDERS_IDENTITY_RESOURCE_ID.replace("rg-orders-dev", group).replace("id-orders", name)
}

/// The numbers of reads of Azure Resource Manager, of single service principals, of lists of service
/// principals and of lists of assignments.
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

    /// Sends the text of an event, and does not wait for its invocation.
    pub(crate) async fn send_event(&self, text: &str) {
        self.events().await.send(text).await.unwrap();
    }

    /// Sends an event in base64, as Event Grid does, and waits for that many more invocations.
    pub(crate) async fn deliver(&self, event: &Value, invocations: usize) {
        self.deliver_text(&STANDARD.encode(event.to_string()), invocations).await;
    }

    /// Sends a text in base64, as Event Grid does, and waits for that many more invocations.
    pub(crate) async fn deliver_text(&self, text: &str, invocations: usize) {
        let before = self.host.invocations().len();
        self.send_event(text).await;
        self.host.wait_for_invocations(before + invocations, TIMEOUT).await.unwrap();
    }

    /// Pushes events as Event Grid does. Returns the status that Event Grid receives.
    pub(crate) async fn push(&self, events: &Value) -> u16 {
        let path = "runtime/webhooks/eventgrid?functionName=ResourceEvent";
        let request = http_client().post(self.host.http_url().join(path).unwrap());
        let request = request.header("aeg-event-type", "Notification").json(events);
        request.send().await.unwrap().status().as_u16()
    }
}
