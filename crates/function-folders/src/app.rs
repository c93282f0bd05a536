//! The functions of an app, checked together.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    file_fault::FileFault,
    function_json::{FunctionFolder, FunctionFolders},
    use_case::UseCase,
};

/// The functions that ship with the broker.
pub const STOCK_FUNCTIONS: [&str; 12] = [
    "AppRoleApprovals",
    "AssignRole",
    "AssignRoleHttp",
    "BaselineChecks",
    "CheckHealth",
    "EndAssignments",
    "FinishApprovals",
    "Health",
    "ReconcileRoles",
    "ResourceEvent",
    "ResourceEventQueue",
    "SettleIntents",
];

/// The use case of each function, or the fault of its folder, by the name of the function.
///
/// A queue's name is the requester of its messages. So two folders with the same queue name on different
/// connections would let one team pass for another. The folder that ships with the broker keeps its queue;
/// the others are refused.
#[must_use]
pub fn use_cases(folders: FunctionFolders) -> BTreeMap<String, Result<UseCase, FileFault>> {
    let ambiguous = ambiguous_queues(&folders.functions);
    let read = folders.functions.into_iter().map(|folder| {
        let use_case = UseCase::of(&folder)
            .and_then(|use_case| check_unambiguous(&folder, &ambiguous).map(|()| use_case));
        let file = folder.file;
        (folder.name, use_case.map_err(|problem| FileFault { file, problem }))
    });
    let unread = folders.faults.into_iter().map(|(name, fault)| (name, Err(fault)));
    read.chain(unread).collect()
}

/// The names of queues that triggers listen to on more than one connection.
fn ambiguous_queues(folders: &[FunctionFolder]) -> BTreeSet<String> {
    let mut connections: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for folder in folders {
        if let Some(queue) = &folder.trigger.queue_name {
            connections.entry(queue).or_default().insert(folder.trigger.connection());
        }
    }
    let ambiguous = connections.into_iter().filter(|(_, connections)| connections.len() > 1);
    ambiguous.map(|(queue, _)| queue.to_owned()).collect()
}

fn check_unambiguous(folder: &FunctionFolder, ambiguous: &BTreeSet<String>) -> Result<(), String> {
    let trigger = &folder.trigger;
    let queue = trigger.queue_name.as_deref().unwrap_or_default();
    if !ambiguous.contains(queue) || STOCK_FUNCTIONS.contains(&folder.name.as_str()) {
        return Ok(());
    }
    Err(format!(
        "another function listens to a queue named {queue:?} on another connection than {:?}: both would \
         be the requester queue:{queue}; rename the queue",
        trigger.connection(),
    ))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::json;

    use super::*;
    use crate::app_settings::AppSettings;

    /// Writes function folders with a queue trigger, each by name, queue and connection.
    fn faulty(triggers: &[(&str, &str, Option<&str>)]) -> Vec<String> {
        let root = tempfile::tempdir().unwrap();
        for (name, queue, connection) in triggers {
            write_folder(&root.path().join(name), queue, *connection);
        }
        let folders = FunctionFolders::read(root.path(), &AppSettings::default()).unwrap();
        let faults = use_cases(folders).into_iter().filter(|(_, use_case)| use_case.is_err());
        faults.map(|(name, _)| name).collect()
    }

    fn write_folder(folder: &Path, queue: &str, connection: Option<&str>) {
        let mut trigger = json!({ "type": "queueTrigger", "direction": "in", "name": "request",
                                  "queueName": queue, "dataType": "binary" });
        if let Some(connection) = connection {
            trigger["connection"] = json!(connection);
        }
        let host = "AzureWebJobsStorage";
        let bindings = json!([
            trigger,
            { "type": "queue", "direction": "out", "name": "result", "queueName": "results",
              "connection": "RequestQueues" },
            { "type": "queue", "direction": "out", "name": "failed",
              "queueName": "app-role-failed", "connection": host },
        ]);
        std::fs::create_dir(folder).unwrap();
        let text = json!({ "bindings": bindings }).to_string();
        std::fs::write(folder.join("function.json"), text).unwrap();
    }

    #[test]
    fn one_queue_name_on_two_connections_is_refused() {
        let stock = ("AssignRole", "app-role-requests", Some("RequestQueues"));
        for (triggers, refused) in [
            (vec![stock, ("Copy", "team-queue", Some("RequestQueues"))], vec![]),
            (vec![stock, ("Copy", "app-role-requests", Some("RequestQueues"))], vec![]),
            (vec![stock, ("Copy", "app-role-requests", Some("TeamQueues"))], vec!["Copy"]),
            (vec![stock, ("Copy", "app-role-requests", None)], vec!["Copy"]),
            (
                vec![("A", "team", Some("One")), ("B", "team", Some("Two")), ("C", "team", None)],
                vec!["A", "B", "C"],
            ),
            (vec![("A", "team", None), ("B", "team", Some("AzureWebJobsStorage"))], vec![]),
        ] {
            assert_eq!(faulty(&triggers), refused, "{triggers:?}");
        }
    }

    /// Earlier versions had the host write the rows of the record. A team's copy may still say so.
    #[test]
    fn a_folder_with_the_former_output_for_rows_is_still_understood() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("Copy");
        write_folder(&folder, "team-queue", Some("RequestQueues"));
        let file = folder.join("function.json");
        let mut json: serde_json::Value =
            serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
        let former = json!({ "type": "table", "direction": "out", "name": "audit",
                             "tableName": "AppRoleAudit", "connection": "AzureWebJobsStorage" });
        json["bindings"].as_array_mut().unwrap().push(former);
        std::fs::write(file, json.to_string()).unwrap();
        let folders = FunctionFolders::read(root.path(), &AppSettings::default()).unwrap();
        let copy = use_cases(folders).remove("Copy");
        assert!(matches!(copy, Some(Ok(UseCase::RequestQueue { .. }))), "{copy:?}");
    }
}
