//! Rows of a Log Analytics workspace: captured ones, and ones made like them.

use std::rc::Rc;

use serde_json::{Value, from_str, json};

use crate::{
    repository::{
        alerts::times::{HOUR, LATEST, MINUTE},
        kusto::{Row, Tables, run},
    },
    world::ROOT,
};

/// The object id of the broker's identity.
pub(crate) const BROKER: &str = "c0a70500-0000-4000-8000-0000000000f0";

/// The timers of the app, and the time between two runs of each.
pub(crate) const TIMERS: [(&str, i64); 5] = [
    ("EndAssignments", MINUTE),
    ("FinishApprovals", MINUTE),
    ("CheckHealth", 5 * MINUTE),
    ("SettleIntents", 10 * MINUTE),
    ("ReconcileRoles", 6 * HOUR),
];

const TABLES: [&str; 6] = [
    "AppTraces",
    "AppRequests",
    "AppExceptions",
    "StorageQueueLogs",
    "StorageBlobLogs",
    "AuditLogs",
];

/// A row, and the times when it was generated and when it arrived.
struct Stored {
    table: String,
    generated: i64,
    arrival: i64,
    row: Rc<Row>,
}

/// The rows of a workspace.
#[derive(Default)]
pub(crate) struct Log {
    stored: Vec<Stored>,
    /// The time that the next rows take to arrive.
    pub(crate) delay: i64,
    operations: usize,
}

/// The rows that the real host sent, by the name of a file.
fn captured(file: &str) -> Vec<Value> {
    let path = format!("{ROOT}/tests/data/application-insights/{file}.ndjson");
    std::fs::read_to_string(path).unwrap().lines().map(|line| from_str(line).unwrap()).collect()
}

/// The columns of the workspace for what Application Insights gets.
fn columns(envelope: &Value) -> Value {
    let data = &envelope["data"]["baseData"];
    let severity = match data["severityLevel"].as_str() {
        Some("Information") => json!(1),
        Some("Warning") => json!(2),
        Some("Error") => json!(3),
        _ => Value::Null,
    };
    json!({
        "OperationId": envelope["tags"]["ai.operation.id"].as_str().unwrap_or_default(),
        "Properties": data["properties"],
        "Message": data["message"],
        "SeverityLevel": severity,
        "Name": data["name"],
        "Success": data["success"],
        "ResultCode": data["responseCode"],
        "ExceptionType": data["exceptions"][0]["typeName"],
        "OuterMessage": data["exceptions"][0]["message"],
    })
}

impl Log {
    /// A log whose rows take this long to arrive.
    pub(crate) fn with_delay(delay: i64) -> Self {
        Self { delay, ..Self::default() }
    }

    /// Adds a row.
    pub(crate) fn add(&mut self, table: &str, generated: i64, row: Value) {
        assert!(TABLES.contains(&table), "{table}");
        let Value::Object(columns) = row else { panic!("{row} is no row") };
        let mut row: Row = columns.into_iter().collect();
        row.insert("TimeGenerated".to_owned(), json!(generated));
        let arrival = generated + self.delay;
        self.stored.push(Stored { table: table.to_owned(), generated, arrival, row: Rc::new(row) });
    }

    /// The number of rows.
    pub(crate) fn len(&self) -> usize {
        self.stored.len()
    }

    /// Runs a query on the rows of a time window that have arrived. A table exists from its first row on.
    pub(crate) fn run(&self, query: &str, now: i64, window: i64) -> Vec<Row> {
        let mut tables = Tables::from([("AppTraces".to_owned(), Vec::new())]);
        for name in ["AppRequests", "AuditLogs"] {
            tables.insert(name.to_owned(), Vec::new());
        }
        // Copying only what the query names makes days of rows bearable.
        let named: Vec<_> = TABLES.into_iter().filter(|table| query.contains(table)).collect();
        let is_read = |stored: &&Stored| {
            stored.arrival <= now
                && stored.generated > now - window
                && named.contains(&stored.table.as_str())
        };
        for stored in self.stored.iter().filter(is_read) {
            tables.entry(stored.table.clone()).or_default().push(stored.row.clone());
        }
        run(query, tables, now)
    }

    /// Adds the captured rows of a fault.
    pub(crate) fn captured_fault(&mut self, case: &str, at: i64) {
        let rows = captured("faults").into_iter().filter(|row| row["case"] == case);
        for (second, row) in (0..).zip(rows) {
            self.add(row["name"].as_str().unwrap(), at + second, columns(&row));
        }
    }

    /// Adds the captured rows that contain a text.
    pub(crate) fn captured_rows(&mut self, text: &str, at: i64) {
        let rows = captured("invocations").into_iter();
        for row in rows.filter(|row| row.to_string().contains(text)) {
            self.add(row["name"].as_str().unwrap(), at, columns(&row));
        }
    }

    /// An operation that no other row belongs to.
    pub(crate) fn operation(&mut self) -> String {
        self.operations += 1;
        format!("{:032x}", self.operations)
    }

    /// Adds a line of the handler.
    pub(crate) fn line(&mut self, at: i64, (level, event): (&str, &str), fields: &Value) {
        let mut line = json!({ "level": level, "event": event, "message": "a sentence" });
        for (name, value) in fields.as_object().unwrap() {
            line[name] = value.clone();
        }
        self.console(at, level, &line.to_string());
    }

    /// Adds a line that the handler's process wrote, with the severity that the host gives it.
    pub(crate) fn console(&mut self, at: i64, level: &str, text: &str) {
        let severity = match level {
            "ERROR" => 3,
            "WARN" => 2,
            _ => 1,
        };
        let row = json!({ "Message": text, "SeverityLevel": severity, "OperationId": "",
            "Properties": { "Category": "Host.Function.Console" } });
        self.add("AppTraces", at, row);
    }

    /// Adds an invocation. The result code of one that is not HTTP is 0.
    pub(crate) fn request(&mut self, at: i64, name: &str, (success, code): (bool, &str)) -> String {
        let operation = self.operation();
        let row = json!({ "Name": name, "Success": success, "ResultCode": code,
            "OperationId": operation, "Properties": {} });
        self.add("AppRequests", at, row);
        operation
    }

    /// Adds a delivery that failed, with the lines that say why.
    pub(crate) fn failed_delivery(&mut self, at: i64, events: &[(&str, &str)]) {
        let trace_id = self.request(at, "AssignRole", (false, "0"));
        for event in events {
            let fields = json!({ "trace_id": trace_id, "function": "AssignRole", "again": true });
            self.line(at + 1, *event, &fields);
        }
    }

    /// Adds a write to a queue, as storage logs it.
    pub(crate) fn queued(&mut self, at: i64, queue: &str) {
        let uri = format!("https://streq.queue.core.windows.net:443/{queue}/messages");
        let row = json!({ "OperationName": "PutMessage", "StatusCode": "201", "Uri": uri });
        self.add("StorageQueueLogs", at, row);
    }

    /// Adds runs of a timer.
    pub(crate) fn timer(&mut self, name: &str, period: i64, (from, to): (i64, i64)) {
        for at in (from..=to).step_by(usize::try_from(period).unwrap()) {
            self.request(at, name, (true, "0"));
        }
    }

    /// Adds what a healthy app logs by itself, which arrives as late as possible.
    pub(crate) fn healthy_app(&mut self, from: i64, to: i64) {
        let delay = std::mem::replace(&mut self.delay, LATEST);
        self.line(from, ("INFO", "handler.started"), &json!({}));
        for (timer, period) in TIMERS {
            self.timer(timer, period, (from, to));
        }
        self.delay = delay;
    }
}
