//! `record check`: whether the record is complete.

use serde_json::{Value, json};
use tenant_emulator::{
    Fault, Route,
    contoso::{
        APP_ROLE_ASSIGNMENT_READ_WRITE_ALL, APPLICATION_READ_ALL, AUDIT_LOG_READ_ALL,
        BROKER_IDENTITY_CLIENT_ID, ORDERS_API, ORDERS_IDENTITY, REPORTS_IDENTITY,
    },
};
use time::Duration;

use super::rows::{RowWriter, ago, assigned, key, with};
use crate::world::{Ended, World, end};

const CHECK: [&str; 2] = ["record", "check"];

/// The broker's identity, so that Entra's audit log is checked, too.
const BROKER: [&str; 2] = ["--broker-identity", "id-app-role-broker"];

/// A tenant whose operator may read the audit log.
async fn world() -> World {
    let roles = [APP_ROLE_ASSIGNMENT_READ_WRITE_ALL, APPLICATION_READ_ALL, AUDIT_LOG_READ_ALL];
    World::with_roles(&roles).await
}

async fn check(world: &World, rows: &RowWriter, more: &[&str]) -> Ended {
    world.set("APP_ROLE_AUDIT", &rows.connection());
    world.run(&[&CHECK[..], &BROKER, more].concat()).await
}

/// Assigns or revokes a role as the broker's identity does.
async fn as_the_broker(world: &World, verb: &str, principal: &str, role: &str) {
    let mut command = world.command(&[verb, principal, "api://orders", role, "--yes"]);
    command.env("AZURE_CLIENT_ID", BROKER_IDENTITY_CLIENT_ID);
    end(command, "").await.assert_done(&[]);
}

/// The row of an intent from so long ago.
fn intent(age: Duration) -> Value {
    let more =
        json!({ "RowKey": "intent", "intendedAt": ago(age), "status": null, "durationMs": null });
    with(assigned(age), &more)
}

/// The row of an end that was so long ago.
fn end_row(late_by: Duration) -> Value {
    json!({
        "RowKey": "end", "endDateTime": ago(late_by), "requester": "queue:app-role-requests",
        "appRoleValue": "Orders.Read", "apiDisplayName": "Orders API",
        "principalDisplayName": "id-orders",
    })
}

#[tokio::test]
async fn an_overdue_intent_is_a_finding_and_a_young_one_is_not() {
    for (age, code, texts) in [
        (
            31,
            6,
            [
                "overdue intent: assign Orders.Read on Orders API to id-orders, 31 min old",
                "1 overdue",
            ],
        ),
        (1, 0, ["open intent: assign Orders.Read on Orders API to id-orders", "; 1 open"]),
    ] {
        let (world, rows) = (world().await, RowWriter::with_audit_table().await);
        rows.add("AppRoleIntents", &intent(Duration::minutes(age))).await;
        let ended = check(&world, &rows, &[]).await;
        ended.assert_said(code, &texts);
        ended.assert_said(code, &["requested by queue:app-role-requests"]);
        let json = check(&world, &rows, &["--output", "json"]).await.json();
        assert_eq!(json["openIntents"][0]["overdue"], code == 6, "{json}");
    }
}

#[tokio::test]
async fn an_old_intent_is_no_finding_if_its_outcome_is_on_record() {
    for (status, suffix, code) in
        [("assigned", "", 0), ("unknown", "", 6), ("unknown", "-settled", 0), ("assigned", "0", 6)]
    {
        let (world, rows) = (world().await, RowWriter::with_audit_table().await);
        let age = Duration::hours(1);
        let row = assigned(age);
        let audit_row_key = json!({ "auditRowKey": row["RowKey"] });
        rows.add("AppRoleIntents", &with(intent(age), &audit_row_key)).await;
        let key = format!("{}{suffix}", row["RowKey"].as_str().unwrap());
        let is_settled = suffix == "-settled";
        let more = json!({ "RowKey": key, "status": status, "settledLater": is_settled });
        rows.record(&with(row, &more)).await;
        let json = check(&world, &rows, &["--output", "json"]).await.json();
        let open = json["openIntents"].as_array().unwrap().len();
        assert_eq!(open, usize::from(code == 6), "{status} {suffix}: {json}");
    }
}

#[tokio::test]
async fn an_intent_that_cannot_be_read_is_a_finding() {
    let (world, rows) = (world().await, RowWriter::with_audit_table().await);
    rows.add("AppRoleIntents", &json!({ "RowKey": "1", "future": "column" })).await;
    check(&world, &rows, &[])
        .await
        .assert_said(6, &["overdue intent: change ? on ?", "unknown age"]);
}

#[tokio::test]
async fn an_end_is_a_finding_when_it_is_late_by_a_quarter_of_an_hour() {
    for (late_by, code, text) in [
        (-60, 0, "0 late ends"),
        (14, 0, "0 late ends"),
        (17, 6, "late end: Orders.Read on Orders API to id-orders should have ended at"),
    ] {
        let (world, rows) = (world().await, RowWriter::with_audit_table().await);
        rows.add("AppRoleEnds", &end_row(Duration::minutes(late_by))).await;
        check(&world, &rows, &[]).await.assert_said(code, &[text]);
    }
    let (world, rows) = (world().await, RowWriter::with_audit_table().await);
    rows.add("AppRoleEnds", &with(end_row(Duration::ZERO), &json!({ "endDateTime": "soon" })))
        .await;
    check(&world, &rows, &[]).await.assert_said(6, &["has an end that cannot be read"]);
}

#[tokio::test]
async fn rows_that_were_settled_later_are_shown_and_are_no_finding() {
    let (world, rows) = (world().await, RowWriter::with_audit_table().await);
    let more = json!({ "status": "notWritten", "settledLater": true, "durationMs": null });
    rows.record(&with(assigned(Duration::hours(1)), &more)).await;
    let ended = check(&world, &rows, &[]).await;
    ended.assert_done(&["settled later: ", "notWritten", "; 0 open, 1 settled later"]);
    let old = check(&world, &rows, &["--since", "5s"]).await;
    assert!(old.stdout.contains("1 settled later"), "requests may take an hour: {old:?}");
}

#[tokio::test]
async fn a_change_without_an_intent_or_a_row_is_a_finding() {
    let (world, rows) = (world().await, RowWriter::with_audit_table().await);
    as_the_broker(&world, "assign", "id-orders", "Orders.Read").await;
    let ended = check(&world, &rows, &[]).await;
    ended.assert_said(
        6,
        &["unexplained change: ", "assign of role", ORDERS_IDENTITY, "1 of 1 changes"],
    );
    let json = check(&world, &rows, &["--output", "json"]).await.json();
    let change = &json["unexplained"][0];
    assert_eq!(
        (&change["action"], &change["apiId"]),
        (&json!("assign"), &json!(ORDERS_API)),
        "{json}"
    );
    rows.record(&assigned(Duration::ZERO)).await;
    check(&world, &rows, &[]).await.assert_done(&["0 of 1 changes in Entra unexplained"]);
}

#[tokio::test]
async fn an_open_intent_explains_a_change() {
    let (world, rows) = (world().await, RowWriter::with_audit_table().await);
    as_the_broker(&world, "assign", "id-orders", "Orders.Read").await;
    rows.add("AppRoleIntents", &intent(Duration::ZERO)).await;
    check(&world, &rows, &[]).await.assert_done(&["0 of 1 changes", "; 1 open"]);
}

#[tokio::test]
async fn a_row_explains_one_change_of_the_same_kind_at_about_its_time() {
    let (world, rows) = (world().await, RowWriter::with_audit_table().await);
    for (verb, principal) in [
        ("assign", "id-orders"),
        ("revoke", "id-orders"),
        ("assign", "id-orders"),
        ("assign", "id-reports"),
    ] {
        as_the_broker(&world, verb, principal, "Orders.Read").await;
    }
    rows.record(&assigned(Duration::ZERO)).await;
    check(&world, &rows, &[]).await.assert_said(6, &["3 of 4 changes"]);
    let again = |number| json!({ "RowKey": key(Duration::ZERO, number) });
    let revoked = json!({ "action": "revoke", "status": "revoked" });
    let of_reports = json!({ "PartitionKey": REPORTS_IDENTITY, "principalId": REPORTS_IDENTITY });
    for (row, number, left) in [
        (assigned(Duration::minutes(12)), "2", 3),
        (with(assigned(Duration::ZERO), &json!({ "status": "denied" })), "3", 3),
        (with(assigned(Duration::ZERO), &json!({ "appRoleId": ORDERS_API })), "4", 3),
        (assigned(Duration::minutes(8)), "5", 2),
        (with(assigned(Duration::ZERO), &revoked), "6", 1),
        (with(assigned(Duration::ZERO), &of_reports), "7", 0),
    ] {
        rows.record(&with(row, &again(number))).await;
        let ended = check(&world, &rows, &[]).await;
        let code = if left > 0 { 6 } else { 0 };
        ended.assert_said(code, &[&format!("{left} of 4 changes in Entra unexplained")]);
    }
}

#[tokio::test]
async fn changes_by_others_and_changes_before_the_time_are_not_the_brokers() {
    let (world, rows) = (world().await, RowWriter::with_audit_table().await);
    world.tenant.grant(ORDERS_IDENTITY, ORDERS_API, "Orders.Read").unwrap();
    let assign = ["assign", "id-orders", "api://orders", "Orders.Write", "--yes"];
    world.run(&assign).await.assert_done(&[]);
    check(&world, &rows, &[]).await.assert_done(&["0 of 0 changes"]);
    as_the_broker(&world, "assign", "id-reports", "Orders.Read").await;
    world.tenant.set_audit_log_lag(std::time::Duration::from_secs(3600));
    check(&world, &rows, &["--since", "1h"]).await.assert_done(&["0 of 0 changes"]);
}

#[tokio::test]
async fn more_changes_than_fit_a_page_are_compared() {
    let (world, rows) = (world().await, RowWriter::with_audit_table().await);
    as_the_broker(&world, "assign", "id-orders", "Orders.Read").await;
    for _ in 0..1_050 {
        let id = world.tenant.grant(REPORTS_IDENTITY, ORDERS_API, "Orders.Read").unwrap();
        world.tenant.revoke(&id);
    }
    check(&world, &rows, &[]).await.assert_said(6, &["1 of 1 changes"]);
}

#[tokio::test]
async fn what_cannot_be_checked_is_said_and_the_rest_still_counts() {
    let reader = [APPLICATION_READ_ALL];
    let world = World::with_roles(&reader).await;
    // A comparison that was asked for and not made is no success, unless something was found anyway.
    for (age, [denied, not_asked, unknown]) in [(1, [3, 0, 4]), (31, [6, 6, 6])] {
        let rows = RowWriter::with_audit_table().await;
        rows.add("AppRoleIntents", &intent(Duration::minutes(age))).await;
        let ended = check(&world, &rows, &[]).await;
        let reason = "not checked: the audit log of Entra: you may not read it: you need the Entra role \
                      Reports Reader";
        ended.assert_said(denied, &[reason, "changes in Entra not checked"]);
        let json = check(&world, &rows, &["--output", "json"]).await.json();
        assert_eq!(json["notChecked"].as_array().unwrap().len(), 1, "{json}");
        assert!(json.get("compared").is_none(), "{json}");
        let unnamed = world.run(&CHECK).await;
        unnamed.assert_said(not_asked, &["not checked", "--broker-identity"]);
        let misspelled = [&CHECK[..], &["--broker-identity", "id-brokr"]].concat();
        world.run(&misspelled).await.assert_said(unknown, &["not checked", "id-brokr"]);
        let mut signed_out = world.command(&[&CHECK[..], &BROKER].concat());
        signed_out.env_remove("IDENTITY_ENDPOINT").env_remove("IDENTITY_HEADER");
        signed_out.env("APP_ROLE_AUTH", "developer").env("PATH", "/nonexistent");
        let uncertain = if not_asked == 0 { 5 } else { 6 };
        end(signed_out, "").await.assert_said(uncertain, &["not checked", "you are not signed in"]);
    }
}

#[tokio::test]
async fn an_outage_of_graph_leaves_the_audit_log_unchecked() {
    let (world, rows) = (world().await, RowWriter::with_audit_table().await);
    let outage = Fault::error(503, "ServiceUnavailable", "The service is unavailable.");
    world.tenant.answer_every(Route::ListDirectoryAudits, outage);
    world.set("APP_ROLE_AUDIT", &rows.connection());
    let mut command = world.command(&[&CHECK[..], &BROKER].concat());
    command.env("PACE_FACTOR", "0.01");
    let told = "not checked: the audit log of Entra: Microsoft Graph ";
    end(command, "").await.assert_said(5, &[told]);
}

#[tokio::test]
async fn a_long_list_of_findings_is_cut_for_people_only() {
    let (world, rows) = (world().await, RowWriter::with_audit_table().await);
    let intents: Vec<_> = (0..25)
        .map(|number| with(intent(Duration::hours(3)), &json!({ "RowKey": number.to_string() })))
        .collect();
    rows.add_all("AppRoleIntents", &intents).await;
    let ended = check(&world, &rows, &[]).await;
    ended.assert_said(6, &["… and 5 more", "25 overdue intents"]);
    assert_eq!(ended.stdout.matches("overdue intent:").count(), 20);
    let json = check(&world, &rows, &["--output", "json"]).await.json();
    assert_eq!(json["openIntents"].as_array().unwrap().len(), 25);
}
