//! `infra/queries/one-request.kql` finds everything about one request by one id.

use std::path::Path;

use serde_json::json;

use crate::{
    repository::alerts::{
        log::Log,
        times::{DAY, HOUR, MINUTE, THEN},
    },
    world::ROOT,
};

/// The id that a reader of the query replaces.
const EXAMPLE: &str = "f55aab76358c26edf7b5fc760bfd2ffe";

/// Adds a request that is granted. Returns its operation.
fn granted(log: &mut Log, at: i64, write: &str) -> String {
    let operation = log.request(at, "AssignRole", (true, "0"));
    let intent = json!({ "trace_id": operation, "client_request_id": write });
    log.line(at + 1, ("INFO", "grant.intent"), &intent);
    log.line(at + 2, ("INFO", "audit"), &json!({ "trace_id": operation, "status": "assigned" }));
    let sentence = json!({ "Message": "assigned Orders.Read", "SeverityLevel": 1,
        "OperationId": operation, "Properties": {} });
    log.add("AppTraces", at + 3, sentence);
    let entry = json!({ "Id": format!("entry of {write}"), "CorrelationId": write,
        "OperationName": "Add app role assignment to service principal" });
    log.add("AuditLogs", at + 4, entry);
    operation
}

#[test]
fn one_id_leads_from_the_invocation_to_the_entry_of_entra() {
    let mut log = Log::default();
    granted(&mut log, THEN - MINUTE, "another write");
    let operation = granted(&mut log, THEN, "this write");
    let file = Path::new(ROOT).join("infra/queries/one-request.kql");
    let query = std::fs::read_to_string(file).unwrap().replace(EXAMPLE, &operation);
    let now = THEN + HOUR;
    let rows = log.run(&query, now, DAY);
    let shown: Vec<_> =
        rows.iter().map(|row| ["Source", "What"].map(|name| row[name].as_str().unwrap())).collect();
    assert_eq!(
        shown,
        [
            ["invocation", "AssignRole"],
            ["line", "grant.intent"],
            ["line", "audit"],
            ["sentence", "assigned Orders.Read"],
            ["Entra", "Add app role assignment to service principal"],
        ]
    );
    assert_eq!(rows[4]["Detail"], "entry of this write");
}

#[test]
fn the_page_replaces_the_id_that_the_query_has() {
    let page = std::fs::read_to_string(Path::new(ROOT).join("docs/logging.md")).unwrap();
    assert!(page.contains(&format!("sed s/{EXAMPLE}/$id/ infra/queries/one-request.kql")));
}
