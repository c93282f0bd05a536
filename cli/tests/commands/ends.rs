//! Assignments that end, in `list`, `holders`, `why` and `drift`.

use serde_json::{Value, json};
use tenant_emulator::contoso::{
    BILLING_FUNCTION, ORDERS_API, ORDERS_API_APP_ID, ORDERS_IDENTITY, ORDERS_READ, PAYMENTS_API,
    PAYMENTS_READ, REPORTS_IDENTITY,
};
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    record::{INVOCATION, RowWriter, ago, with},
    world::{Ended, POLICY, World, end},
};

/// What a command says of an assignment that ends.
const END_COLUMNS: [&str; 2] = ["endDateTime", "tokensUntil"];

/// A row of the table of ends about an assignment that was bound to it.
pub(crate) fn end_row(assignment_id: &str, late_by: Duration) -> Value {
    json!({
        "RowKey": format!("{ORDERS_API}_{ORDERS_READ}"), "assignmentId": assignment_id,
        "boundAt": ago(Duration::hours(2)),
        "endDateTime": ago(late_by), "requester": "queue:app-role-requests",
        "function": "AssignRole", "rule": "orders workloads", "invocationId": INVOCATION,
        "requestId": "INC-1234", "messageId": INVOCATION, "reason": "reads its own API",
        "appRoleValue": "Orders.Read", "apiAppId": ORDERS_API_APP_ID,
        "apiDisplayName": "Orders API", "principalDisplayName": "id-orders",
    })
}

/// A row about a write of the broker between two moments, relative to now.
fn unbound(from: Duration, to: Duration) -> Value {
    let window = json!({ "assignmentId": null, "boundAt": null, "writtenBy": INVOCATION, "since": ago(from),
                         "until": ago(to) });
    with(end_row("", Duration::hours(-1)), &window)
}

/// A tenant in which id-orders holds Orders.Read, and the ID of the assignment.
async fn world() -> (World, String) {
    let world = World::new().await;
    let id = world.tenant.grant(ORDERS_IDENTITY, ORDERS_API, "Orders.Read").unwrap();
    (world, id)
}

/// The commands that show one assignment.
const COMMANDS: [&[&str]; 3] = [
    &["list", "id-orders"],
    &["holders", "api://orders"],
    &["why", "id-orders", "api://orders", "Orders.Read"],
];

/// Runs a command with an account.
async fn run(world: &World, rows: &RowWriter, command: &[&str]) -> Ended {
    let mut command = world.command(command);
    command.env("APP_ROLE_AUDIT", rows.connection());
    end(command, "").await
}

/// What a command says of the assignment, in JSON.
async fn shown(world: &World, rows: &RowWriter, command: &[&str]) -> Value {
    let json = run(world, rows, &[command, &["--output", "json"]].concat()).await.json();
    json.as_array().map_or_else(|| json.clone(), |all| all[0].clone())
}

#[tokio::test]
async fn an_end_that_does_not_cover_the_assignment_is_not_shown() {
    let hour = Duration::hours(1);
    for row in [
        end_row("another assignment", -hour),
        unbound(2 * hour, hour),
        unbound(-hour, -2 * hour),
        with(end_row("id", -hour), &json!({ "RowKey": format!("{PAYMENTS_API}_{PAYMENTS_READ}") })),
    ] {
        let ((world, _), rows) = (world().await, RowWriter::new().await);
        rows.add("AppRoleEnds", &row).await;
        for command in COMMANDS {
            let shown = shown(&world, &rows, command).await;
            assert!(END_COLUMNS.iter().all(|name| shown.get(name).is_none()), "{row} {shown}");
            let Ended { stdout: text, stderr, .. } = run(&world, &rows, command).await;
            assert!(!stderr.contains("cannot be read"), "{stderr}");
            assert!(!text.contains("ENDS") && !text.contains("ends at"), "{text}");
        }
    }
}

#[tokio::test]
async fn an_end_is_shown_with_the_time_until_when_tokens_may_carry_the_role() {
    for is_bound in [true, false] {
        let ((world, id), rows) = (world().await, RowWriter::new().await);
        let row = if is_bound {
            end_row(&id, Duration::hours(-1))
        } else {
            unbound(Duration::minutes(1), Duration::minutes(-1))
        };
        rows.add("AppRoleEnds", &row).await;
        for command in COMMANDS {
            let shown = shown(&world, &rows, command).await;
            let [end, tokens] = END_COLUMNS.map(|name| {
                OffsetDateTime::parse(shown[name].as_str().unwrap(), &Rfc3339).unwrap()
            });
            assert_eq!(shown["endDateTime"], row["endDateTime"], "{shown}");
            assert_eq!(tokens - end, Duration::hours(24), "{shown}");
            let text = run(&world, &rows, command).await;
            text.assert_done(&[
                row["endDateTime"].as_str().unwrap(),
                shown["tokensUntil"].as_str().unwrap(),
            ]);
            let without = world.run(command).await.stdout;
            assert!(!without.contains(row["endDateTime"].as_str().unwrap()), "{without}");
        }
    }
}

#[tokio::test]
async fn a_late_end_is_told_by_why() {
    let ((world, id), rows) = (world().await, RowWriter::new().await);
    rows.add("AppRoleEnds", &end_row(&id, Duration::minutes(20))).await;
    run(&world, &rows, COMMANDS[2]).await.assert_done(&["late: the grant should have ended at"]);
}

#[tokio::test]
async fn a_row_that_cannot_be_read_is_told_and_hides_no_assignment() {
    let ((world, id), rows) = (world().await, RowWriter::new().await);
    let row = with(end_row(&id, Duration::ZERO), &json!({ "endDateTime": "soon" }));
    rows.add("AppRoleEnds", &row).await;
    for command in COMMANDS {
        let ended = run(&world, &rows, command).await;
        ended.assert_done(&["Orders.Read"]);
        assert!(ended.stderr.contains("rows of the table of ends cannot be read: 1"), "{ended:?}");
    }
    run(&world, &rows, &["drift"]).await.assert_said(6, &["unknown: some ends may be missing"]);
}

#[tokio::test]
async fn an_account_that_cannot_be_read_is_no_list_without_ends() {
    let ((world, _), rows) = (world().await, RowWriter::with_audit_table().await);
    let other_key = rows.connection().replace(rows.account.key(), "c2VjcmV0");
    world.set("APP_ROLE_AUDIT", &other_key);
    for command in [COMMANDS[0], COMMANDS[1], COMMANDS[2], &["drift"]] {
        let ended = world.run(command).await;
        ended.assert_failed(3, &["access denied", "Storage Table Data Reader"]);
        assert_eq!(ended.stdout, "", "{ended:?}");
    }
}

/// Runs drift with an account, in JSON.
async fn drift(world: &World, rows: &RowWriter) -> (i32, Value) {
    let ended = run(world, rows, &["drift", "--output", "json"]).await;
    (ended.code, ended.json())
}

fn count(drift: &Value, kind: &str) -> usize {
    drift.get(kind).map_or(0, |all| all.as_array().unwrap().len())
}

#[tokio::test]
async fn an_assignment_whose_rule_is_gone_is_not_unexpected_until_its_end_is_late() {
    let rule_of_reports = POLICY.replace("rg-orders-dev", "rg-reports");
    for (late_by, code, kind) in [(-60, 0, "ending"), (14, 0, "ending"), (17, 6, "late")] {
        for (policy, no_rule) in [(POLICY, Value::Null), (&rule_of_reports, json!(true))] {
            let ((world, id), rows) = (world().await, RowWriter::new().await);
            world.write("policy.json", policy);
            rows.add("AppRoleEnds", &end_row(&id, Duration::minutes(late_by))).await;
            let (exit, drift) = drift(&world, &rows).await;
            assert_eq!(
                (exit, count(&drift, "unexpected"), count(&drift, kind)),
                (code, 0, 1),
                "{drift}"
            );
            assert_eq!(drift[kind][0]["noRule"], no_rule, "{drift}");
            assert_eq!(drift[kind][0]["principalId"], ORDERS_IDENTITY);
        }
    }
    let ((world, id), rows) = (world().await, RowWriter::new().await);
    world.write("policy.json", &rule_of_reports);
    rows.add("AppRoleEnds", &end_row(&id, Duration::hours(-1))).await;
    let text = run(&world, &rows, &["drift"]).await;
    text.assert_done(&[
        "ends  ",
        "no rule allows it any more",
        "0 unexpected, 0 unknown, 0 late, 1 end",
    ]);
    world.run(&["drift"]).await.assert_said(6, &["1 unexpected, 0 unknown\n"]);
}

#[tokio::test]
async fn an_end_of_another_assignment_excuses_nothing() {
    let ((world, _), rows) = (world().await, RowWriter::new().await);
    world.write("policy.json", &POLICY.replace("rg-orders-dev", "rg-reports"));
    rows.add("AppRoleEnds", &end_row("another assignment", Duration::hours(-1))).await;
    let (exit, drift) = drift(&world, &rows).await;
    assert_eq!((exit, count(&drift, "unexpected"), count(&drift, "ending")), (6, 1, 0), "{drift}");
}

#[tokio::test]
async fn an_end_of_what_is_not_held_any_more_is_no_finding() {
    let (world, rows) = (World::new().await, RowWriter::new().await);
    for (partition, key) in [
        (ORDERS_IDENTITY, format!("{ORDERS_API}_{ORDERS_READ}")),
        (REPORTS_IDENTITY, format!("{PAYMENTS_API}_{PAYMENTS_READ}")),
        ("c0a70500-0000-4000-8000-0000000000ff", format!("{PAYMENTS_API}_{PAYMENTS_READ}")),
    ] {
        let keys = json!({ "PartitionKey": partition, "RowKey": key });
        rows.add("AppRoleEnds", &with(end_row("gone", Duration::hours(1)), &keys)).await;
    }
    let (exit, drift) = drift(&world, &rows).await;
    assert_eq!((exit, count(&drift, "late"), count(&drift, "ending")), (0, 0, 0), "{drift}");
}

#[tokio::test]
async fn a_late_end_is_found_although_the_policy_does_not_name_the_api_any_more() {
    let (world, rows) = (World::new().await, RowWriter::new().await);
    let id = world.tenant.grant(BILLING_FUNCTION, PAYMENTS_API, "Payments.Read").unwrap();
    let keys = json!({ "PartitionKey": BILLING_FUNCTION,
                       "RowKey": format!("{PAYMENTS_API}_{PAYMENTS_READ}") });
    rows.add("AppRoleEnds", &with(end_row(&id, Duration::hours(1)), &keys)).await;
    let (exit, drift) = drift(&world, &rows).await;
    assert_eq!((exit, count(&drift, "late")), (6, 1), "{drift}");
    assert_eq!(drift["late"][0]["role"], "Payments.Read");
    let text = run(&world, &rows, &["drift"]).await;
    text.assert_said(6, &["late   func-billing", "1 late, 0 end"]);
}
