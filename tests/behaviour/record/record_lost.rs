//! The table of the record is unavailable to the host, to the handler, or to both.

use serde_json::Value;
use storage_emulator::{Entity, Trouble};
use tenant_emulator::{
    Fault, Route,
    contoso::{ORDERS_IDENTITY, ORDERS_READ, REPORTS_IDENTITY},
};

use crate::world::{Setup, World, request_by_names, role, valid_request};

/// Every connection is refused.
const GONE: Trouble = Trouble { refuse: 1.0, reset: 0.0 };

/// A setup in which the handler checks the table with its identity.
async fn setup() -> Setup {
    let mut setup = Setup::new().await.with_wide_policy().with_identity_based_storage();
    setup.with_table_proxy = true;
    setup
}

/// Makes the table unavailable to the handler. The host reaches it in another way.
fn take_table_away(world: &World) {
    let away = Fault::error(503, "ServerBusy", "The server is busy.");
    world.tenant.answer_every(Route::QueryEntities, away);
}

/// The first line of the log with a text. Waits for it.
async fn line(world: &World, text: &str) -> Value {
    serde_json::from_str(&world.log_line(text).await).unwrap()
}

fn statuses(rows: &[Entity]) -> Vec<&str> {
    rows.iter().map(|row| row.properties["status"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn if_the_table_is_unavailable_the_log_has_the_record_and_no_more_writes_are_made() {
    let world = setup().await.start().await;
    world.table_proxy.set_trouble(Some(GONE));
    world.requests.send(&valid_request()).await.unwrap();
    // The write was made, its row is lost, and the log has the record.
    assert_eq!(line(&world, "\"audit\"").await["status"], "assigned");
    world.log_line("Error while handling parameter audit").await;
    let intent = line(&world, "grant.intent").await;
    let writes = world.tenant.accepted_writes();
    assert_eq!(intent["principal_id"], ORDERS_IDENTITY);
    assert_eq!(intent["app_role_id"], ORDERS_READ);
    assert_eq!(intent["rule"], "all workloads");
    assert_eq!(
        intent["client_request_id"].as_str(),
        writes.last().unwrap().client_request_id.as_deref()
    );

    take_table_away(&world);
    let health = world.health_with_status(503).await;
    assert_eq!(health["checks"]["table"], "failed");
    world.requests.send(&request_by_names("assign", "id-reports", &["Orders.Read"])).await.unwrap();
    world.log_line("record.unavailable").await;
    world.log_line("request.not_yet").await;
    assert!(world.tenant.assignments_of(REPORTS_IDENTITY).is_empty());
    assert_eq!(world.tenant.accepted_writes().len(), writes.len());

    // Once the table is back, every request is carried out and recorded by retries.
    world.table_proxy.set_trouble(None);
    world.tenant.clear_faults(Route::QueryEntities);
    let rows = world.audit_rows(2).await;
    let mut recorded = statuses(&rows);
    recorded.sort_unstable();
    assert_eq!(recorded, ["alreadyAssigned", "assigned"], "{rows:#?}");
    assert_eq!(world.tenant.assignments_of(REPORTS_IDENTITY).len(), 1);
    assert!(world.messages(&world.poison).await.is_empty());
}

#[tokio::test]
async fn a_request_that_cannot_be_recorded_on_its_last_delivery_is_kept_with_the_reason() {
    let setup = setup().await.with_deliveries(2);
    let world = setup.start().await;
    take_table_away(&world);
    world.health_with_status(503).await;
    let result = world.result_of(&valid_request()).await;
    assert_eq!(role(&result)["status"], "failed", "{result}");
    assert_eq!(role(&result)["code"], "recordUnavailable");
    assert_eq!(result["attempt"], 2);
    let kept = world.messages(&world.failed).await.remove(0);
    assert!(kept["reason"].as_str().unwrap().contains("record of decisions"), "{kept}");
    assert_eq!(statuses(&world.audit_rows(1).await), ["failed"]);
    assert!(world.tenant_is_unchanged());
}

#[tokio::test]
async fn no_role_of_several_is_written_without_a_record() {
    let world = setup().await.with_deliveries(1).start().await;
    take_table_away(&world);
    world.health_with_status(503).await;
    let result = world
        .result_of(&request_by_names("assign", "id-orders", &["Orders.Read", "Orders.Write"]))
        .await;
    assert_eq!(crate::world::statuses(&result), ["failed", "notAttempted"], "{result}");
    assert!(world.tenant_is_unchanged());
}

#[tokio::test]
async fn a_request_that_writes_nothing_needs_no_record() {
    let world = setup().await.start().await;
    take_table_away(&world);
    world.health_with_status(503).await;
    let dry_run = request_by_names("assign", "id-orders", &["Orders.Read"]);
    let dry_run = dry_run.replacen('{', r#"{"dryRun":true,"#, 1);
    assert_eq!(role(&world.result_of(&dry_run).await)["status"], "wouldAssign");
    let denied = request_by_names("assign", "id-orders", &["Orders.Admin"]);
    assert_eq!(role(&world.result_of(&denied).await)["status"], "denied");
}
