//! `record show`: the decisions on record, newest first.

use futures_util::future::join_all;
use serde_json::{Value, json};
use storage_emulator::Account;
use tenant_emulator::contoso::{
    ORDERS_IDENTITY, ORDERS_IDENTITY_CLIENT_ID, ORDERS_IDENTITY_RESOURCE_ID, REPORTS_IDENTITY,
};
use time::Duration;

use super::rows::{RowWriter, assigned, key, with};
use crate::world::{Ended, World};

const SHOW: [&str; 2] = ["record", "show"];

async fn show(world: &World, rows: &RowWriter, more: &[&str]) -> Ended {
    world.set("APP_ROLE_AUDIT", &rows.connection());
    world.run(&[&SHOW[..], more].concat()).await
}

/// The requesters of the rows that are shown, in order.
async fn requesters(world: &World, rows: &RowWriter, more: &[&str]) -> Vec<String> {
    let ended = show(world, rows, &[more, &["--output", "json"]].concat()).await;
    assert_eq!(ended.code, 0, "{ended:?}");
    let shown = ended.json();
    let of = |row: &Value| row["requester"].as_str().unwrap_or("none").to_owned();
    shown.as_array().unwrap().iter().map(of).collect()
}

/// A row of a requester with this name, from this number of minutes ago.
fn row(requester: &str, minutes: i64) -> Value {
    with(assigned(Duration::minutes(minutes)), &json!({ "requester": requester }))
}

#[tokio::test]
async fn an_account_that_cannot_be_read_is_a_sentence_without_the_key() {
    let (world, rows) = (World::new().await, RowWriter::with_audit_table().await);
    world.run(&SHOW).await.assert_failed(2, &["no storage account is named", "APP_ROLE_AUDIT"]);
    let text = rows.connection();
    let other_key = text.replace(rows.account.key(), "c2VjcmV0");
    let closed = Account::from_connection_string(&text).unwrap().with_table_port(1).unwrap();
    for (account, code, texts) in [
        (other_key.as_str(), 3, ["access denied", "Storage Table Data Reader"]),
        (&closed.connection_string(), 1, ["does not answer", "firewall"]),
        (&RowWriter::new().await.connection(), 4, ["no table AppRoleAudit", "AzureWebJobsStorage"]),
        ("https://stbroker.blob.core.windows.net", 2, ["--audit", "not a queue endpoint"]),
        ("AccountName=contoso", 2, ["APP_ROLE_AUDIT", "connection string"]),
    ] {
        for command in [SHOW, ["record", "follow"], ["record", "check"]] {
            world.set("APP_ROLE_AUDIT", account);
            let ended = world.run(&command).await;
            ended.assert_failed(code, &texts);
            let secret = format!("{ended:?}");
            assert!(
                !secret.contains("c2VjcmV0") && !secret.contains(rows.account.key()),
                "{ended:?}"
            );
            assert!(!secret.contains("sig="), "{ended:?}");
        }
    }
}

#[tokio::test]
async fn the_account_may_be_named_by_a_variable() {
    let (world, rows) = (World::new().await, RowWriter::with_audit_table().await);
    let mut command = world.command(&SHOW);
    command.env("APP_ROLE_AUDIT", rows.connection());
    assert_eq!(crate::world::end(command, "").await.code, 0);
    let mut command = world.command(&SHOW);
    command.env("APP_ROLE_AUDIT", "");
    crate::world::end(command, "").await.assert_failed(2, &["no storage account is named"]);
}

#[tokio::test]
async fn a_time_that_is_none_is_refused_with_examples() {
    let world = World::new().await;
    for command in ["show", "follow", "check"] {
        for text in ["", "yesterday", "2", "2x", "-2h", "0d", "2 h", "99999999999999999999d", "２h"]
        {
            let since = format!("--since={text}");
            let ended = world.run(&["record", command, "--audit", "x", &since]).await;
            ended.assert_failed(2, &["--since <TIME>", "30m, 2h or 7d"]);
        }
        let ended = world.run(&["record", command, "--since", "2999-01-01"]).await;
        ended.assert_failed(2, &["it is in the future"]);
    }
    for limit in ["0", "-1", "all"] {
        let limit = format!("--limit={limit}");
        world.run(&["record", "show", &limit]).await.assert_failed(2, &["--limit <ROWS>"]);
    }
}

#[tokio::test]
async fn rows_of_all_partitions_are_shown_newest_first() {
    let (world, rows) = (World::new().await, RowWriter::with_audit_table().await);
    for (requester, minutes, partition) in [
        ("queue:a", 30, ORDERS_IDENTITY),
        ("queue:b", 20, REPORTS_IDENTITY),
        ("queue:c", 10, ORDERS_IDENTITY),
        ("queue:d", 3 * 24 * 60, "unresolved"),
    ] {
        let row = with(row(requester, minutes), &json!({ "PartitionKey": partition }));
        rows.record(&row).await;
    }
    let all = requesters(&world, &rows, &[]).await;
    assert_eq!(all, ["queue:c", "queue:b", "queue:a", "queue:d"]);
    assert_eq!(requesters(&world, &rows, &["--limit", "2"]).await, ["queue:c", "queue:b"]);
    assert_eq!(requesters(&world, &rows, &["--since", "25m"]).await, ["queue:c", "queue:b"]);
    assert_eq!(requesters(&world, &rows, &["--since", "9m"]).await, [""; 0]);
    let limited = show(&world, &rows, &["--limit", "3"]).await;
    assert!(
        limited.stderr.contains("only the newest rows are shown, 3 at most; --limit shows more"),
        "{limited:?}"
    );
    let none = show(&world, &rows, &["--since", "9m"]).await;
    assert_eq!((none.code, none.stdout.as_str()), (0, ""), "{none:?}");
    assert!(none.stderr.contains("the record has no such row"), "{none:?}");
}

#[tokio::test]
async fn rows_of_one_moment_are_all_shown() {
    let (world, rows) = (World::new().await, RowWriter::with_audit_table().await);
    for (index, partition) in [ORDERS_IDENTITY, REPORTS_IDENTITY, "unresolved"].iter().enumerate() {
        for invocation in 0..2 {
            let key = format!("{}-{invocation}", key(Duration::minutes(5), "same"));
            let requester = format!("queue:{index}{invocation}");
            let keys = json!({ "PartitionKey": partition, "RowKey": key });
            rows.record(&with(row(&requester, 5), &keys)).await;
        }
    }
    assert_eq!(requesters(&world, &rows, &[]).await.len(), 6);
}

#[tokio::test]
async fn a_principal_is_found_by_every_name() {
    let (world, rows) = (World::new().await, RowWriter::with_audit_table().await);
    let client = json!({ "principalClientId": ORDERS_IDENTITY_CLIENT_ID });
    rows.record(&with(row("queue:a", 1), &client)).await;
    let other = json!({ "PartitionKey": REPORTS_IDENTITY });
    rows.record(&with(row("queue:b", 1), &other)).await;
    for name in
        ["id-orders", ORDERS_IDENTITY, ORDERS_IDENTITY_CLIENT_ID, ORDERS_IDENTITY_RESOURCE_ID]
    {
        let found = requesters(&world, &rows, &["--principal", name]).await;
        assert_eq!(found, ["queue:a"], "{name}");
    }
    let upper = ORDERS_IDENTITY.to_uppercase();
    assert_eq!(requesters(&world, &rows, &["--principal", &upper]).await, ["queue:a"]);
    let deleted = "c0a70500-0000-4000-8000-0000000000ff";
    rows.record(&with(row("queue:c", 1), &json!({ "PartitionKey": deleted }))).await;
    assert_eq!(requesters(&world, &rows, &["--principal", deleted]).await, ["queue:c"]);
    let misspelled = show(&world, &rows, &["--principal", "id-ordres"]).await;
    misspelled.assert_failed(4, &["id-ordres", "did you mean id-orders?"]);
}

#[tokio::test]
async fn a_requester_is_a_value_and_not_a_part_of_the_query() {
    let (world, rows) = (World::new().await, RowWriter::with_audit_table().await);
    let odd = "key:O'Brien & Söhne #1 +%27";
    for (requester, minutes) in [("queue:a", 3), (odd, 2), ("timer:EndAssignments", 1)] {
        rows.record(&row(requester, minutes)).await;
    }
    for requester in ["queue:a", odd, "timer:EndAssignments"] {
        assert_eq!(requesters(&world, &rows, &["--requester", requester]).await, [requester]);
    }
    for nothing in ["x' or 'a' eq 'a", "queue", "'"] {
        assert_eq!(requesters(&world, &rows, &["--requester", nothing]).await, [""; 0]);
    }
}

#[tokio::test]
async fn a_row_with_other_columns_is_shown_and_kept_as_it_is_in_json() {
    let (world, rows) = (World::new().await, RowWriter::with_audit_table().await);
    rows.record(&json!({ "RowKey": "0", "future": "column", "status": 5, "settledLater": "yes" }))
        .await;
    let more = json!({ "endDateTime": "2026-08-20T10:11:12.5Z", "settledLater": true,
                       "message": "a message", "PartitionKey": "unresolved" });
    rows.record(&with(assigned(Duration::minutes(1)), &more)).await;
    let ended = show(&world, &rows, &[]).await;
    ended.assert_done(&[
        "? on ? to ",
        "Orders.Read on Orders API to id-orders, until 2026-08-20T10:11:12Z: a message (settled \
         later); requested by queue:app-role-requests, rule \"orders workloads\", reason \"reads its \
         own API\"",
    ]);
    let shown = show(&world, &rows, &["--output", "json"]).await.json();
    assert_eq!(shown[0]["future"], "column");
    assert_eq!(shown[0]["status"], 5);
    assert_eq!(shown[1]["durationMs"], 1200);
}

#[tokio::test]
async fn rows_about_approvals_say_who_decided() {
    let (world, rows) = (World::new().await, RowWriter::with_audit_table().await);
    let approver = "http:c0a70500-0000-4000-8000-000000000200";
    let approval = "5f0a7d0e-0000-4000-8000-000000000001";
    for (minutes, columns) in [
        (4, json!({ "status": "pendingApproval" })),
        (3, json!({ "status": "approvalGiven", "requester": approver, "rule": null })),
        (2, json!({ "status": "approvalDenied", "requester": approver, "rule": null })),
        (1, json!({ "approvedBy": approver })),
    ] {
        let row = with(assigned(Duration::minutes(minutes)), &json!({ "approvalId": approval }));
        rows.record(&with(row, &columns)).await;
    }
    let by_policy = json!({ "approvedBy": "policy", "requester": "queue:by-policy" });
    rows.record(&with(assigned(Duration::minutes(5)), &by_policy)).await;
    let ended = show(&world, &rows, &[]).await;
    let decided =
        format!("to id-orders; decided by {approver}, approval {approval}, reason \"reads");
    let waits = format!("requested by queue:app-role-requests, approval {approval}, rule");
    let done = format!(
        "requested by queue:app-role-requests, approved by {approver}, approval {approval}, rule"
    );
    let texts = [
        &format!("pendingApproval  Orders.Read on Orders API to id-orders; {waits}"),
        &format!("approvalGiven  Orders.Read on Orders API {decided}"),
        &format!("approvalDenied  Orders.Read on Orders API {decided}"),
        &format!("assigned  Orders.Read on Orders API to id-orders; {done}"),
        "requested by queue:by-policy, rule",
    ];
    ended.assert_done(&texts);
}

#[tokio::test]
async fn ten_thousand_rows_are_read_and_the_newest_are_shown() {
    let (world, rows) = (World::new().await, RowWriter::with_audit_table().await);
    let writers = (0..20).map(async |partition| {
        for batch in 0..5 {
            let rows_of_batch: Vec<_> = (0..100)
                .map(|index| {
                    let number = batch * 100 + index;
                    let began = Duration::seconds(number * 20 + partition);
                    let key = key(began, &format!("{number:03}"));
                    let partition = format!("partition-{partition}");
                    json!({ "PartitionKey": partition, "RowKey": key, "status": "denied" })
                })
                .collect();
            rows.add_all("AppRoleAudit", &rows_of_batch).await;
        }
    });
    join_all(writers).await;
    let shown = show(&world, &rows, &["--limit", "100000", "--output", "json"]).await.json();
    let keys: Vec<_> = shown.as_array().unwrap().iter().map(|row| row["RowKey"].as_str()).collect();
    assert_eq!(keys.len(), 10_000);
    assert!(keys.is_sorted());
    let newest = show(&world, &rows, &["--limit", "7", "--output", "json"]).await.json();
    assert_eq!(newest.as_array().unwrap()[..], shown.as_array().unwrap()[..7]);
}

#[cfg(unix)]
#[tokio::test]
async fn rows_fit_a_terminal_of_80_columns_and_continue_under_the_status() {
    use crate::terminal::{Input, seen_in};

    let (world, rows) = (World::new().await, RowWriter::with_audit_table().await);
    rows.record(&assigned(Duration::minutes(1))).await;
    world.set("APP_ROLE_AUDIT", &rows.connection());
    let arguments = [&SHOW[..], &["--no-color"]].concat();
    let shown = seen_in(80, world.command(&arguments), Input::Pipe("")).await;
    let shown = shown.replace("\r\u{1b}[K", "\n");
    let lines: Vec<_> =
        shown.lines().map(str::trim_end).filter(|line| line.contains("  ")).collect();
    assert!(lines.len() >= 2, "{shown:?}");
    assert!(lines[0].contains("Z  assigned  Orders.Read on Orders API to id-orders;"), "{shown:?}");
    for line in &lines[1..] {
        assert!(line.starts_with(&" ".repeat(22)) && line.len() <= 80, "{line:?}");
    }
}
