//! The queue of events, as a receiver sees it.

use std::collections::BTreeMap;

use serde_json::Value;
use storage_emulator::Queue;

use crate::world::World;

/// The queue of events.
pub(crate) const EVENTS: &str = "app-role-events";

impl World {
    fn notice_queue(&self) -> Queue {
        self.account.queue(EVENTS).unwrap()
    }

    /// The events in the queue, oldest first. Each is valid.
    pub(crate) async fn notices(&self) -> Vec<Value> {
        let file = format!("{}/schemas/event.schema.json", crate::world::ROOT);
        let schema = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
        let notices = self.messages(&self.notice_queue()).await;
        for notice in &notices {
            assert!(jsonschema::is_valid(&schema, notice), "{notice:#}");
        }
        notices
    }
}

/// The types of events, without their common prefix.
pub(crate) fn types(notices: &[Value]) -> Vec<&str> {
    let types = notices.iter().map(|notice| notice["type"].as_str().unwrap());
    types.map(|name| name.strip_prefix("AppRoleBroker.").unwrap()).collect()
}

/// The ids of events.
pub(crate) fn ids(notices: &[Value]) -> Vec<&str> {
    notices.iter().map(|notice| notice["id"].as_str().unwrap()).collect()
}

/// The events without duplicates, in the order of their ids. Events with the same id must be equal, except
/// that an end may be announced again at another time.
pub(crate) fn distinct(notices: Vec<Value>) -> Vec<Value> {
    let mut events: BTreeMap<String, Value> = BTreeMap::new();
    for notice in notices {
        let id = notice["id"].as_str().unwrap().to_owned();
        let first = events.entry(id).or_insert_with(|| notice.clone());
        assert_eq!(first["data"], notice["data"]);
    }
    events.into_values().collect()
}
