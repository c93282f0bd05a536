//! `record follow`: decisions as they are recorded.

use std::{process::Stdio, time::Duration as WallDuration};

use loopback::until;
use serde_json::{Value, json};
use storage_emulator::{StorageProxy, Trouble};
use tenant_emulator::contoso::{ORDERS_IDENTITY, REPORTS_IDENTITY};
use time::{Duration, OffsetDateTime};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader, Lines},
    process::{Child, ChildStderr, ChildStdout, Command},
    time::timeout,
};

use super::rows::{RowWriter, assigned, with};
use crate::world::{Ended, World};

/// The longest wait of a failing test.
const FAR_TOO_LONG: WallDuration = WallDuration::from_secs(60);

/// A running `record follow`.
struct Following {
    child: Child,
    rows: Lines<BufReader<ChildStdout>>,
    remarks: Lines<BufReader<ChildStderr>>,
}

impl Following {
    /// Follows the record, in JSON, from an hour ago on. The first row must be there already.
    async fn start(world: &World, connection: &str, more: &[&str]) -> Self {
        let follow = ["record", "follow", "--output", "json"];
        world.set("APP_ROLE_AUDIT", connection);
        let mut command = world.command(&[&follow[..], more].concat());
        command.env("PACE_FACTOR", "0.01").stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let rows = BufReader::new(child.stdout.take().unwrap()).lines();
        let remarks = BufReader::new(child.stderr.take().unwrap()).lines();
        Self { child, rows, remarks }
    }

    /// The requester of the next row.
    async fn next(&mut self) -> String {
        let line = timeout(FAR_TOO_LONG, self.rows.next_line()).await.unwrap().unwrap().unwrap();
        let row: Value = serde_json::from_str(&line).unwrap();
        row["requester"].as_str().unwrap().to_owned()
    }

    /// Stops it with Ctrl-C. Returns the exit status and the rows that it printed meanwhile.
    #[cfg(unix)]
    async fn stop(mut self) -> (Option<i32>, Vec<String>) {
        send_signal(&self.child, "-INT").await;
        let status = timeout(FAR_TOO_LONG, self.child.wait()).await.unwrap().unwrap();
        let mut left = Vec::new();
        while let Some(line) = self.rows.next_line().await.unwrap() {
            left.push(line);
        }
        (status.code(), left)
    }
}

/// Interrupts a shell command that follows the record when it has printed a row of each of two requests.
pub(crate) async fn interrupted(mut command: Command) -> Ended {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut stdout = String::new();
    for _ in 0..2 {
        let line = timeout(FAR_TOO_LONG, lines.next_line()).await.unwrap().unwrap().unwrap();
        stdout.push_str(&format!("{line}\n"));
    }
    send_signal(&child, "-INT").await;
    let output = timeout(FAR_TOO_LONG, child.wait_with_output()).await.unwrap().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    Ended { code: output.status.code().unwrap(), stdout, stderr }
}

/// Sends a signal to a program.
pub(crate) async fn send_signal(child: &Child, signal: &str) {
    let id = child.id().unwrap().to_string();
    assert!(Command::new("kill").args([signal, &id]).status().await.unwrap().success());
}

/// A row of a requester, whose request began this number of minutes ago.
fn row(requester: &str, minutes: i64, partition: &str) -> Value {
    let more = json!({ "requester": requester, "PartitionKey": partition });
    with(assigned(Duration::minutes(minutes)), &more)
}

#[cfg(unix)]
#[tokio::test]
async fn every_new_row_is_printed_once_wherever_its_key_sorts() {
    let (world, rows) = (World::new().await, RowWriter::with_audit_table().await);
    rows.record(&row("queue:old", 50, REPORTS_IDENTITY)).await;
    let mut following = Following::start(&world, &rows.connection(), &["--since", "1h"]).await;
    assert_eq!(following.next().await, "queue:old");
    // Each one sorts before some that were printed, in its partition, in the other, or in both.
    for (requester, minutes, partition) in [
        ("queue:1", 10, ORDERS_IDENTITY),
        ("queue:2", 20, REPORTS_IDENTITY),
        ("queue:3", 5, REPORTS_IDENTITY),
        ("queue:4", 30, ORDERS_IDENTITY),
        ("queue:5", 300, ORDERS_IDENTITY),
        ("queue:6", 1, "unresolved"),
        ("queue:7", 2, "0"),
    ] {
        rows.record(&row(requester, minutes, partition)).await;
        assert_eq!(following.next().await, requester);
    }
    // Two that arrive together.
    for (requester, minutes, partition) in
        [("queue:8", 7, REPORTS_IDENTITY), ("queue:9", 40, ORDERS_IDENTITY)]
    {
        rows.record(&row(requester, minutes, partition)).await;
    }
    assert_eq!(following.next().await, "queue:8");
    assert_eq!(following.next().await, "queue:9");
    assert_eq!(following.stop().await, (Some(0), vec![]));
}

#[cfg(unix)]
#[tokio::test]
async fn only_rows_that_match_are_printed() {
    let (world, rows) = (World::new().await, RowWriter::with_audit_table().await);
    rows.record(&row("queue:a", 50, ORDERS_IDENTITY)).await;
    let more = ["--since", "1h", "--principal", "id-orders", "--requester", "queue:a"];
    let mut following = Following::start(&world, &rows.connection(), &more).await;
    assert_eq!(following.next().await, "queue:a");
    rows.record(&row("queue:a", 4, REPORTS_IDENTITY)).await;
    rows.record(&row("queue:b", 3, ORDERS_IDENTITY)).await;
    rows.record(&row("queue:a", 2, ORDERS_IDENTITY)).await;
    assert_eq!(following.next().await, "queue:a");
    assert_eq!(following.stop().await, (Some(0), vec![]));
}

#[cfg(unix)]
#[tokio::test]
async fn rows_from_before_the_start_are_left_out_unless_they_are_asked_for() {
    let (world, rows) = (World::new().await, RowWriter::with_audit_table().await);
    rows.record(&row("queue:old", 50, ORDERS_IDENTITY)).await;
    // The service tells its time to the second.
    let began = OffsetDateTime::now_utc();
    let is_over = async || OffsetDateTime::now_utc() - began > Duration::SECOND;
    until(FAR_TOO_LONG, is_over).await.unwrap();
    let mut following = Following::start(&world, &rows.connection(), &["--since", "1s"]).await;
    for number in 0..50 {
        rows.record(&row(&format!("queue:{number}"), number + 60, ORDERS_IDENTITY)).await;
    }
    // The start may be after some of them.
    let mut last = following.next().await;
    assert_ne!(last, "queue:old");
    while last != "queue:49" {
        last = following.next().await;
    }
    assert_eq!(following.stop().await, (Some(0), vec![]));
}

#[cfg(unix)]
#[tokio::test]
async fn an_outage_is_told_once_and_no_row_is_lost() {
    let (world, rows) = (World::new().await, RowWriter::with_audit_table().await);
    rows.record(&row("queue:old", 50, ORDERS_IDENTITY)).await;
    let upstream = rows.account.table_endpoint().port().unwrap();
    let proxy = StorageProxy::start(upstream, 1).await.unwrap();
    let through = rows.account.clone().with_table_port(proxy.port()).unwrap();
    let connection = through.connection_string();
    let mut following = Following::start(&world, &connection, &["--since", "1h"]).await;
    assert_eq!(following.next().await, "queue:old");
    proxy.set_trouble(Some(Trouble { refuse: 1.0, reset: 0.0 }));
    let remark = timeout(FAR_TOO_LONG, following.remarks.next_line()).await.unwrap();
    let remark = remark.unwrap().unwrap();
    assert!(remark.contains("AppRoleAudit") && remark.contains("trying again"), "{remark}");
    rows.record(&row("queue:new", 49, ORDERS_IDENTITY)).await;
    proxy.set_trouble(None);
    assert_eq!(following.next().await, "queue:new");
    assert_eq!(following.stop().await, (Some(0), vec![]));
}

#[cfg(unix)]
#[tokio::test]
async fn it_ends_when_its_reader_does() {
    let (world, rows) = (World::new().await, RowWriter::with_audit_table().await);
    for minutes in [50, 51] {
        rows.record(&row("queue:old", minutes, ORDERS_IDENTITY)).await;
    }
    let mut following = Following::start(&world, &rows.connection(), &["--since", "1h"]).await;
    following.next().await;
    let Following { mut child, rows: reader, .. } = following;
    drop(reader);
    // A text goes into the pipe until the program notices.
    let status = async {
        let mut minutes = 0;
        loop {
            minutes += 1;
            rows.record(&row("queue:new", minutes, ORDERS_IDENTITY)).await;
            let wait = timeout(WallDuration::from_millis(200), child.wait()).await;
            if let Ok(status) = wait {
                return status.unwrap();
            }
        }
    };
    let status = timeout(FAR_TOO_LONG, status).await.unwrap();
    assert_eq!(status.code(), Some(0));
}
