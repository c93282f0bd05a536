//! Events while their queue does not respond.

use serde_json::{Value, json};
use storage_emulator::{EntityValue, Trouble};
use tenant_emulator::{Fault, Route, contoso::ORDERS_IDENTITY};

use crate::{
    http::caller::{ask, setup as http_setup},
    notices::notice_queue::{distinct, ids, types},
    record::intents::INTENTS,
    world::{World, statuses},
};

/// No queue can be reached.
const AWAY: Trouble = Trouble { refuse: 1.0, reset: 0.0 };

/// A world of callers over HTTP, for whom no queue is needed.
async fn world() -> World {
    let mut setup = http_setup().await;
    setup.with_proxy = true;
    setup.start().await
}

impl World {
    /// The log lines of an event so far.
    fn lines_of(&self, event: &str) -> Vec<Value> {
        let text = format!("\"event\":\"{event}\"");
        let lines = self.host.log().into_iter().filter(|line| line.message.contains(&text));
        lines.map(|line| serde_json::from_str(&line.message).unwrap()).collect()
    }

    /// Lets the intents be late.
    async fn make_intents_older(&self) {
        let table = self.account.table(INTENTS);
        for mut intent in self.intents().await {
            let long_ago = EntityValue::DateTime("2026-01-01T00:00:00Z".to_owned());
            intent.properties.insert("intendedAt".to_owned(), long_ago);
            table.put(&intent).await.unwrap();
        }
    }
}

#[tokio::test]
async fn an_event_waits_until_its_queue_is_back_and_keeps_its_id() {
    let mut world = world().await;
    world.proxy.set_trouble(Some(AWAY));
    let result = world.post(&ask(&["Orders.Read", "Orders.Write"])).await.success(201);
    assert_eq!(statuses(&result), ["assigned"; 2]);
    let line = world.event("event.not_sent").await;
    assert_eq!((&line["level"], &line["principal_id"]), (&json!("WARN"), &json!(ORDERS_IDENTITY)));
    assert!(world.notices().await.is_empty());
    let mut intents: Vec<_> =
        world.intents().await.into_iter().map(|intent| intent.row_key).collect();
    assert_eq!(intents.len(), 2);
    world.proxy.set_trouble(None);
    world.restart_to_settle().await;
    world.settle_all().await;
    assert_eq!(world.assert_on_record().await.len(), 2, "no row is stored twice");
    let notices = distinct(world.notices().await);
    assert_eq!(types(&notices), ["AssignmentCreated"; 2]);
    intents.sort();
    assert_eq!(ids(&notices), intents);
}

#[tokio::test]
async fn an_intent_that_only_waits_for_its_event_is_no_alarm_even_if_graph_is_down() {
    let mut world = world().await;
    world.proxy.set_trouble(Some(AWAY));
    world.post(&ask(&["Orders.Read"])).await.success(201);
    assert_eq!(world.intents().await.len(), 1);
    world.restart_to_settle().await;
    let down = Fault::error(503, "serviceNotAvailable", "The service is down.");
    world.tenant.answer_every(Route::ListAssignments, down);
    // The intent is late by far.
    world.make_intents_older().await;
    world.run_settling().await;
    assert_eq!(world.intents().await.len(), 1);
    for event in ["intent.open", "intent.unsettled"] {
        assert!(world.lines_of(event).is_empty(), "{event}");
    }
    assert!(!world.lines_of("event.not_sent").is_empty());
    world.proxy.set_trouble(None);
    world.settle_all().await;
    assert_eq!(distinct(world.notices().await).len(), 1);
}

#[tokio::test]
async fn assignments_end_while_the_queue_of_events_is_away() {
    let mut world = world().await;
    let mut request = ask(&["Orders.Read"]);
    request["duration"] = json!("PT8H");
    world.post(&request).await.success(201);
    let soon = json!("PT10M");
    let mut other = ask(&["Orders.Write"]);
    world.let_ends_pass().await;
    other["duration"] = soon;
    world.post(&other).await.success(201);
    world.proxy.set_trouble(Some(AWAY));
    world.run_ends().await;
    assert!(world.held().is_none());
    assert_eq!(world.end_rows().await.len(), 1, "the other one ends later");
    world.proxy.set_trouble(None);
    world.run_ends().await;
    assert!(types(&world.notices().await).contains(&"AssignmentEnding"));
    world.restart_to_settle().await;
    world.settle_all().await;
    let notices = distinct(world.notices().await);
    assert!(types(&notices).contains(&"AssignmentEnded"));
    assert_eq!(notices.len(), 4, "{notices:#?}");
}
