//! Rows of the workspace that the alert reads: Entra's entries and the broker's lines.

use std::{collections::BTreeSet, path::Path, rc::Rc};

use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    repository::kusto::{Row, Tables, run},
    world::ROOT,
};

pub(crate) const BROKER: &str = "c0a70500-0000-4000-8000-0000000000f0";
pub(crate) const ORDERS: &str = "c0a70500-0000-4000-8000-0000000000b0";
pub(crate) const INVOICES: &str = "c0a70500-0000-4000-8000-0000000000e0";
pub(crate) const READ: &str = "c0a70500-0000-4000-8000-0000000000b3";
pub(crate) const WRITE: &str = "c0a70500-0000-4000-8000-0000000000b4";
pub(crate) const MINUTE: i64 = 60;
pub(crate) const HOUR: i64 = 60 * MINUTE;
/// The time of most changes, and the next time at which the alert reads them.
pub(crate) const THEN: i64 = 1_000 * HOUR;
pub(crate) const NOW: i64 = THEN + HOUR;

fn file(path: &str) -> String {
    std::fs::read_to_string(Path::new(ROOT).join(path)).unwrap()
}

fn data(name: &str) -> Value {
    serde_json::from_str(&file(&format!("tests/data/log-analytics/{name}.json"))).unwrap()
}

/// What is assigned or revoked.
#[derive(Clone, Copy)]
pub(crate) struct Change {
    pub(crate) action: &'static str,
    pub(crate) principal: &'static str,
    pub(crate) api: &'static str,
    pub(crate) role: &'static str,
}

pub(crate) const ASSIGN: Change = Change {
    action: "assign",
    principal: "c0a70500-0000-4000-8000-0000000000c0",
    api: ORDERS,
    role: READ,
};
pub(crate) const REVOKE: Change = Change { action: "revoke", ..ASSIGN };

/// The rows of the workspace. A row is in the workspace from its arrival on.
#[derive(Default)]
pub(crate) struct Workspace {
    pub(crate) entries: Vec<(i64, Row)>,
    pub(crate) lines: Vec<(i64, Row)>,
    invocations: usize,
}

fn row(value: Value, at: i64) -> Row {
    let Value::Object(columns) = value else { panic!("{value} is no row") };
    let time = ("TimeGenerated".to_owned(), json!(at));
    columns.into_iter().chain([time]).collect()
}

impl Workspace {
    /// Entra's entry of a change by the broker's identity.
    pub(crate) fn entry(&mut self, id: &str, change: Change, at: i64) -> &mut Value {
        let name = match change.action {
            "assign" => "audit-logs-assignment-added",
            _ => "audit-logs-assignment-removed",
        };
        let text = data(name).to_string();
        let names = [
            ("\"ID\"", format!("\"{id}\"")),
            ("AUTHOR", BROKER.to_owned()),
            ("PRINCIPAL", change.principal.to_owned()),
            ("\"API\"", format!("\"{}\"", change.api)),
            ("ROLE", change.role.to_owned()),
        ];
        let text = names.iter().fold(text, |text, (name, value)| text.replace(name, value));
        self.entries.push((at, row(serde_json::from_str(&text).unwrap(), at)));
        let (_, row) = self.entries.last_mut().unwrap();
        row.get_mut("TargetResources").unwrap()
    }

    pub(crate) fn column(&mut self, name: &str, value: Value) {
        self.entries.last_mut().unwrap().1.insert(name.to_owned(), value);
    }

    /// A line of the broker. `fields` overwrites what a change does not say.
    fn line(&mut self, event: &str, change: Change, fields: &Value, at: i64) {
        let name = match event {
            "audit" => "app-traces-audit",
            _ => "app-traces-grant-intent",
        };
        let mut trace = data(name);
        let mut line: Value = serde_json::from_str(trace["Message"].as_str().unwrap()).unwrap();
        assert_eq!(line["event"], event);
        line["invocation_id"] = json!(format!("invocation-{}", self.invocations));
        line["action"] = json!(change.action);
        line["principal_id"] = json!(change.principal);
        line["resource_id"] = json!(change.api);
        line["app_role_id"] = json!(change.role);
        for (name, value) in fields.as_object().unwrap() {
            line[name] = value.clone();
        }
        trace["Message"] = json!(line.to_string());
        self.lines.push((at, row(trace, at)));
    }

    pub(crate) fn intent(&mut self, change: Change, at: i64) {
        self.invocations += 1;
        self.line("grant.intent", change, &json!({}), at);
    }

    pub(crate) fn outcome(&mut self, change: Change, status: &str, at: i64) {
        self.line("audit", change, &json!({ "status": status }), at);
    }

    /// The line of an interrupted write whose outcome was read later. Times are those of the intent and of
    /// the line.
    pub(crate) fn settle(&mut self, change: Change, status: &str, (intended, at): (i64, i64)) {
        let intended = OffsetDateTime::from_unix_timestamp(intended).unwrap();
        let intended = intended.format(&Rfc3339).unwrap();
        let fields =
            json!({ "event": "intent.settled", "status": status, "intended_at": intended });
        self.line("audit", change, &fields, at);
    }

    /// An interrupted write that was made.
    pub(crate) fn settled(&mut self, change: Change, intended: i64, at: i64) {
        self.settle(change, done(change), (intended, at));
    }

    /// The audit line of an interrupted write that was made.
    pub(crate) fn settled_audit(&mut self, change: Change, at: i64) {
        let fields = json!({ "status": done(change), "settled_later": true });
        self.line("audit", change, &fields, at);
    }

    /// The two lines of a write.
    pub(crate) fn write(&mut self, change: Change, at: i64) {
        self.intent(change, at);
        self.outcome(change, done(change), at + 1);
    }

    /// The ids of the entries that the alert reports at a time.
    pub(crate) fn unexplained(&self, now: i64) -> Vec<String> {
        let query = file("infra/queries/alerts/unexplained-assignment.kql")
            .replace("BROKER_PRINCIPAL_ID", BROKER);
        // The alert reads the day before it runs.
        let arrived = |rows: &[(i64, Row)]| {
            let is_read = |(at, row): &&(i64, Row)| {
                *at <= now && row["TimeGenerated"].as_i64().unwrap() > now - 24 * HOUR
            };
            rows.iter().filter(is_read).map(|(_, row)| Rc::new(row.clone())).collect()
        };
        let tables = Tables::from([
            ("AuditLogs".to_owned(), arrived(&self.entries)),
            ("AppTraces".to_owned(), arrived(&self.lines)),
        ]);
        let rows = run(&query, tables, now);
        let ids = rows.iter().map(|row| row["Id"].as_str().unwrap().to_owned());
        ids.collect::<BTreeSet<_>>().into_iter().collect()
    }
}

fn done(change: Change) -> &'static str {
    if change.action == "assign" { "assigned" } else { "revoked" }
}

/// Asserts which entries the alert reports an hour after `THEN`.
#[track_caller]
pub(crate) fn assert_unexplained(expected: &[&str], fill: impl FnOnce(&mut Workspace)) {
    let mut workspace = Workspace::default();
    fill(&mut workspace);
    assert_eq!(workspace.unexplained(NOW), expected);
}
