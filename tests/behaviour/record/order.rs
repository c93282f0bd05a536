//! The order of the steps of one request: in the tables, and in the tenant.

use storage_emulator::{TableOperationKind as Kind, TableRequest};

use crate::{
    record::intents::{AUDIT, ENDS, INTENTS},
    world::{Setup, request_by_names, statuses},
};

/// The table, the kind and the number of the operations of a request, which are all alike.
fn summary(request: &TableRequest) -> (&str, Kind, usize) {
    let first = request.operations.first().unwrap();
    assert!(
        request.operations.iter().all(|one| (&one.table, one.kind) == (&first.table, first.kind))
    );
    (&first.table, first.kind, request.operations.len())
}

#[tokio::test]
async fn a_request_takes_three_steps_in_tables_each_durable_before_the_next_one() {
    let world = Setup::new().await.with_wide_policy().start().await;
    let roles = ["Orders.Read", "Orders.Write"];
    // The first request creates the tables.
    world.result_of(&request_by_names("assign", "id-reports", &roles)).await;
    let (calls, writes) = (world.tables.requests().len(), world.tenant.accepted_writes().len());
    for (action, told) in [("assign", "assigned"), ("revoke", "revoked")] {
        let result = world.result_of(&request_by_names(action, "id-orders", &roles)).await;
        assert_eq!(statuses(&result), [told; 2], "{result}");
    }
    let mut calls = world.tables.requests().split_off(calls);
    // Ends are looked at while the rows are stored, so they take no step of their own. The quota is shared
    // by calls of its own.
    calls.retain(|call| ![ENDS, "AppRoleInstances"].contains(&summary(call).0));
    let writes = world.tenant.accepted_writes().split_off(writes);
    assert_eq!((calls.len(), writes.len()), (6, 4), "{calls:#?}");
    for (calls, writes) in calls.chunks(3).zip(writes.chunks(2)) {
        let steps: Vec<_> = calls.iter().map(summary).collect();
        let expected =
            [(INTENTS, Kind::Upsert, 2), (AUDIT, Kind::Insert, 2), (INTENTS, Kind::Delete, 2)];
        assert_eq!(steps, expected);
        let durable: Vec<_> = calls.iter().map(|call| call.succeeded_at().unwrap()).collect();
        assert!(writes.iter().all(|write| durable[0] < write.at && write.at < calls[1].arrived));
        assert!(durable[1] < calls[2].arrived);
    }
}

#[tokio::test]
async fn the_intent_says_who_asked_for_what_and_names_the_write() {
    let world = Setup::new().await.with_wide_policy().start().await;
    let message = request_by_names("assign", "id-orders", &["Orders.Read"]);
    let message = message.replacen('{', r#"{"requestId":"INC-1234","reason":"why","#, 1);
    let result = world.result_of(&message).await;
    let requests = world.tables.requests();
    let stores_intent = |request: &&TableRequest| summary(request) == (INTENTS, Kind::Upsert, 1);
    let stored = requests.iter().filter(stores_intent).find(|one| one.succeeded_at().is_some());
    let intent = &stored.unwrap().operations[0].entity;
    let write = world.tenant.accepted_writes().pop().unwrap();
    for (column, expected) in [
        ("PartitionKey", write.principal_id.as_str()),
        ("principalId", &write.principal_id),
        ("apiId", &write.resource_id),
        ("appRoleId", &write.app_role_id),
        ("clientRequestId", &write.client_request_id.unwrap()),
        ("action", "assign"),
        ("requestId", "INC-1234"),
        ("reason", "why"),
        ("requester", "queue:app-role-requests"),
        ("rule", "all workloads"),
        ("invocationId", result["invocationId"].as_str().unwrap()),
    ] {
        assert_eq!(intent[column], expected, "{column} of {intent:#}");
    }
    let row = world.audit_rows(1).await.remove(0);
    assert_eq!(intent["auditRowKey"], row.row_key);
    assert!(row.row_key.ends_with(intent["RowKey"].as_str().unwrap()));
    for column in ["intendedAt", "writeUntil"] {
        assert_eq!(intent[format!("{column}@odata.type")], "Edm.DateTime", "{intent:#}");
    }
    for column in ["status", "code", "durationMs"] {
        assert_eq!(intent.get(column), None, "{column} is not known before the write");
    }
}
