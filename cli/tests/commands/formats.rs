//! Output for programs: formats, queries, errors, and output that cannot be written.

use serde_json::{Value, json};
use tenant_emulator::contoso::{ORDERS_API, REPORTS_IDENTITY};
use time::Duration;
use tokio::process::Command;

use crate::{
    fake_approvals::{APPROVAL, FakeApprovals, approval},
    fake_broker::{Answer, FakeBroker, health, result},
    record::{RowWriter, assigned, with},
    world::{Ended, World, end},
};

/// Commands that print a document, with the fixtures of [`Fixtures`].
const COMMANDS: [&[&str]; 19] = [
    &["list", "id-reports"],
    &["holders", "api://orders"],
    &["roles", "api://orders"],
    &["assign", "id-orders", "api://orders", "Orders.Read", "--dry-run"],
    &["revoke", "id-reports", "api://orders", "Orders.Read", "--dry-run"],
    &["plan", "request.json", "--requester", "queue:app-role-requests"],
    &["submit", "assign", "id-orders", "api://orders", "Orders.Read"],
    &["approvals", "list"],
    &["approvals", "show", APPROVAL],
    &["policy", "check"],
    &["policy", "diff", "policy.json", "policy.json"],
    &["policy", "explain", "id-orders", "api://orders", "Orders.Read"],
    &["policy", "init"],
    &["why", "id-reports", "api://orders", "Orders.Read"],
    &["record", "show"],
    &["record", "check"],
    &["drift"],
    &["doctor"],
    &["report", "-o", "access.html"],
];

/// A tenant, a broker and a record that every command can read.
struct Fixtures {
    world: World,
    broker: FakeBroker,
    approvals: FakeApprovals,
    rows: RowWriter,
}

impl Fixtures {
    async fn new() -> Self {
        let world = World::new().await;
        world.tenant.grant(REPORTS_IDENTITY, ORDERS_API, "Orders.Read").unwrap();
        let request =
            json!({ "principal": "id-orders", "api": "api://orders", "roles": ["Orders.Read"] });
        world.write("request.json", &request.to_string());
        let answers = vec![Answer(200, result("assigned", "")); 20];
        let rows = RowWriter::with_audit_table().await;
        rows.record(&assigned(Duration::minutes(5))).await;
        let late =
            json!({ "RowKey": "1", "status": "denied", "reason": "=1+1", "message": "a\tb" });
        rows.record(&with(assigned(Duration::minutes(3)), &late)).await;
        Self {
            world,
            broker: FakeBroker::serve(&answers, health("ok")).await,
            approvals: FakeApprovals::start(approval(1)).await,
            rows,
        }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        if arguments.first() == Some(&"approvals") {
            return self.approvals.command(&self.world, arguments.get(1..).unwrap());
        }
        let mut command = self.world.command(arguments);
        command
            .env("APP_ROLE_BROKER", format!("http://{}", self.broker.address))
            .env("APP_ROLE_BROKER_KEY", "secret-key")
            .env("APP_ROLE_AUDIT", self.rows.connection());
        command
    }

    async fn run(&self, arguments: &[&str], more: &[&str]) -> Ended {
        end(self.command(&[arguments, more].concat()), "").await
    }
}

/// Runs a command whose standard output cannot be written: the device is full.
#[cfg(target_os = "linux")]
async fn run_without_space(mut command: Command) -> (Option<i32>, String) {
    use std::process::Stdio;
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    command.stdin(Stdio::null()).stdout(full).stderr(Stdio::piped());
    let output = command.spawn().unwrap().wait_with_output().await.unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn output_that_cannot_be_written_is_a_failure_of_every_command() {
    let fixtures = Fixtures::new().await;
    let others: [&[&str]; 4] =
        [&["--help"], &["list", "--help"], &["--version"], &["completions", "bash"]];
    for arguments in COMMANDS.into_iter().chain(others) {
        let is_report = arguments.first() == Some(&"report");
        for format in ["table", "json"] {
            // A report in the default format goes to its file only, and help has no format.
            if (is_report && format == "table")
                || (others.contains(&arguments) && format != "table")
            {
                continue;
            }
            let command = fixtures.command(&[arguments, &["--output", format]].concat());
            let (code, stderr) = run_without_space(command).await;
            assert_eq!(code, Some(1), "{arguments:?} {format}: {stderr}");
            let message = "standard output cannot be written: no space is left on the device";
            assert!(stderr.contains(message), "{arguments:?} {format}: {stderr}");
        }
    }
}

#[tokio::test]
async fn a_reader_that_has_gone_is_no_failure() {
    let fixtures = Fixtures::new().await;
    for line in [
        "app-role roles graph | head -n 1",
        "app-role roles graph -o json | head -n 1",
        "app-role --help | true",
        "app-role completions bash | true",
    ] {
        let line = format!("set -o pipefail; {line}");
        // `sh` need not know pipefail.
        let ended = end(fixtures.world.shell_named("/bin/bash", &line), "").await;
        assert_eq!((ended.code, ended.stderr.as_str()), (0, ""), "{line}: {ended:?}");
    }
}

#[tokio::test]
async fn every_command_prints_its_document_in_every_format() {
    let fixtures = Fixtures::new().await;
    for arguments in COMMANDS {
        let json = fixtures.run(arguments, &["-o", "json"]).await;
        let document = without_times(json.json());
        let yaml = fixtures.run(arguments, &["-o", "yaml"]).await;
        let read: Value = serde_saphyr::from_str(&yaml.stdout).unwrap();
        assert_eq!(without_times(read), document, "{arguments:?}: {yaml:?}");
        assert_eq!(yaml.code, json.code, "{arguments:?}");
        let rows = document.as_array().map_or(1, Vec::len);
        let tsv = fixtures.run(arguments, &["-o", "tsv"]).await;
        assert_eq!(
            (tsv.code, tsv.stdout.lines().count()),
            (json.code, rows),
            "{arguments:?}: {tsv:?}"
        );
        let csv = fixtures.run(arguments, &["-o", "csv"]).await;
        let header = usize::from(rows > 0);
        assert_eq!(csv.stdout.lines().count(), rows + header, "{arguments:?}: {csv:?}");
        for ended in [json, yaml, tsv, csv] {
            for line in ended.stderr.lines() {
                let line: Value =
                    serde_json::from_str(line).unwrap_or_else(|_| panic!("{ended:?}"));
                assert!(line["note"].is_string(), "{line}");
            }
        }
    }
}

/// Removes what differs between two runs.
fn without_times(mut document: Value) -> Value {
    match &mut document {
        Value::Array(items) => items.iter_mut().for_each(|one| *one = without_times(one.take())),
        Value::Object(fields) => {
            fields.retain(|name, _| {
                !matches!(
                    name.as_str(),
                    "durationMs"
                        | "startedAt"
                        | "ageSeconds"
                        | "invocationId"
                        | "effectiveBy"
                        | "found"
                )
            });
            fields.values_mut().for_each(|one| *one = without_times(one.take()));
        }
        _ => {}
    }
    document
}

#[tokio::test]
async fn cells_are_those_of_az_and_harmless_to_spreadsheets() {
    let fixtures = Fixtures::new().await;
    let query = "[?status=='denied'].{Reason: reason, Status: status, text: message}";
    for (format, expected) in [
        ("tsv", "=1+1\tdenied\ta b\n"),
        ("csv", "\"Reason\",\"Status\",\"text\"\r\n\"'=1+1\",\"denied\",\"a\u{fffd}b\"\n"),
        ("table", "REASON  STATUS  TEXT\n=1+1    denied  a b\n"),
        ("yaml", "- Reason: \"=1+1\"\n  Status: denied\n  text: \"a\\u0009b\"\n"),
    ] {
        let ended = fixtures.run(&["record", "show", "--query", query], &["-o", format]).await;
        assert_eq!((ended.code, ended.stdout.as_str()), (0, expected), "{format}");
    }
}

#[tokio::test]
async fn a_query_selects_from_the_document_of_a_command() {
    let fixtures = Fixtures::new().await;
    let world = &fixtures.world;
    let ended = world.run(&["list", "id-reports", "--query", "[].role"]).await;
    assert_eq!(ended.stdout, "[\n  \"Orders.Read\"\n]\n");
    let ended = world.run(&["list", "id-reports", "--query", "[0].role", "-o", "tsv"]).await;
    assert_eq!(ended.stdout, "Orders.Read\n");
    let ended = world.run(&["list", "id-reports", "--query", "[?role=='x']", "-o", "tsv"]).await;
    assert_eq!((ended.code, ended.stdout.as_str()), (0, ""));
    let table =
        world.run(&["roles", "api://orders", "--query", "[].{role: value}", "-o", "table"]).await;
    table.assert_done(&["ROLE\n", "Orders.Read\n"]);
    let ended = world.run(&["list", "id-reports", "--query", "[?role"]).await;
    ended.assert_failed(2, &["--query <JMESPATH>", "it ends too early", "\"exitStatus\":2"]);
    let ended = world.run(&["list", "id-reports", "--query", "length(`5`)"]).await;
    ended.assert_failed(1, &["\"code\":\"queryFailed\"", "argument 1 is a number"]);
}

#[tokio::test]
async fn an_error_for_programs_is_one_json_document_on_standard_error() {
    let world = World::new().await;
    for (arguments, code, status) in [
        (&["list", "id-nobody"][..], "notFound", 4),
        (&["list"], "usage", 2),
        (&["grant"], "usage", 2),
        (&["list", "id-orders", "--page", "0"], "usage", 2),
        (&["list", "id-orders", "--graph-endpoint", "https://example.com"], "usage", 2),
        (&["assign", "id-orders", "api://orders", "Orders.Read"], "usage", 2),
        (&["drift", "--policy", "missing.json"], "failed", 1),
    ] {
        for format in ["json", "yaml", "tsv", "csv"] {
            let ended = world.run(&[&["-o", format], arguments].concat()).await;
            assert_eq!((ended.code, ended.stdout.as_str()), (status, ""), "{ended:?}");
            let last: Value = serde_json::from_str(ended.stderr.lines().last().unwrap()).unwrap();
            let error = &last["error"];
            assert_eq!(
                (&error["code"], &error["exitStatus"]),
                (&json!(code), &json!(status)),
                "{last}"
            );
            assert!(
                error["message"].as_str().is_some_and(|text| !text.starts_with("error")),
                "{last}"
            );
        }
        let ended = world.run(arguments).await;
        assert!(
            ended.stderr.starts_with("error: ") || ended.stderr.contains("\nerror: "),
            "{ended:?}"
        );
    }
}

#[tokio::test]
async fn only_a_report_takes_a_file_as_its_output() {
    let world = World::new().await;
    world.run(&["list", "id-orders", "-o", "roles.json"]).await.assert_failed(
        2,
        &["--output roles.json is no format", "the formats are table, json, yaml, tsv and csv"],
    );
    world
        .run(&["list", "id-orders", "-o", "xml"])
        .await
        .assert_failed(2, &["table, json, yaml, tsv, csv"]);
    let twice = ["list", "id-orders", "-o", "json", "--output", "table"];
    world.run(&twice).await.assert_failed(2, &["names two formats"]);
    world.run(&["report"]).await.assert_failed(2, &["has no file to write", "-o access.html"]);
    let report = ["report", "-o", "access.json", "--output", "json", "--file", "access.csv"];
    let ended = world.run(&report).await;
    assert_eq!(ended.json()["files"], json!(["access.json", "access.csv"]), "{ended:?}");
    assert!(world.path("access.csv").exists());
}

/// Returns whether a word is one that operators copy: an ID, a role or a path.
#[cfg(unix)]
fn is_identifier(word: &str) -> bool {
    let is_id = word.len() == 36 && word.matches('-').count() == 4;
    is_id || word.contains("Orders.") || word.starts_with("/subscriptions/")
}

#[cfg(unix)]
#[tokio::test]
async fn no_identifier_is_broken_however_narrow_the_terminal_is() {
    use crate::terminal::{Input, seen_in};
    let fixtures = Fixtures::new().await;
    for arguments in [
        &["list", "id-reports"][..],
        &["list", "id-orders"],
        &["holders", "api://orders"],
        &["roles", "api://orders"],
        &["assign", "id-orders", "api://orders", "Orders.Read", "--dry-run"],
        &["approvals", "list"],
        &["approvals", "show", APPROVAL],
        &["policy", "explain", "id-orders", "api://orders", "Orders.Read"],
        &["record", "show"],
        &["doctor"],
    ] {
        let whole = fixtures.run(arguments, &[]).await.stdout;
        let identifiers: Vec<_> =
            whole.split_whitespace().filter(|word| is_identifier(word)).collect();
        assert!(!identifiers.is_empty() || arguments[0] == "doctor", "{arguments:?}: {whole}");
        for columns in [40, 60, 80, 100] {
            let seen = seen_in(columns, fixtures.command(arguments), Input::Pipe("")).await;
            for identifier in &identifiers {
                assert!(seen.contains(identifier), "{identifier} at {columns} columns: {seen}");
            }
        }
    }
}
