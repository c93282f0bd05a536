//! What came of the demo's messages and of its call, as a table that people like to read.

#![expect(clippy::print_stdout, reason = "the demo speaks to a person at a terminal")]

use std::time::Duration;

use comfy_table::{ContentArrangement, Table, presets::UTF8_FULL};
use serde_json::Value;
use tenant_emulator::{
    Tenant,
    contoso::{BILLING_FUNCTION, ORDERS_IDENTITY, REPORTS_IDENTITY, contoso},
};

use crate::Outcome;

/// Width of the table where the terminal does not say its own.
const TABLE_WIDTH: u16 = 110;

/// What was asked and what came of it.
pub(super) struct Row {
    asked: &'static str,
    expected: &'static str,
    status: String,
    what_happened: String,
    took: Duration,
}

/// All rows.
#[derive(Default)]
pub(super) struct Report {
    rows: Vec<Row>,
}

impl Row {
    /// Reads a result.
    pub(super) fn new(
        asked: &'static str,
        expected: &'static str,
        result: &Value,
        took: Duration,
    ) -> Self {
        let roles = result.get("roles").and_then(Value::as_array).cloned().unwrap_or_default();
        let lines: Vec<_> = roles.iter().map(what_happened).collect();
        let statuses: Vec<_> = roles.iter().filter_map(|role| text(role, "status")).collect();
        Self { asked, expected, status: statuses.join("\n"), what_happened: lines.join("\n"), took }
    }

    /// Whether the outcome is the one that the demo wants to show.
    fn is_as_expected(&self) -> bool {
        self.expected == self.status
    }
}

fn text(role: &Value, name: &str) -> Option<String> {
    role.get(name).and_then(Value::as_str).map(str::to_owned)
}

/// One role of a result, in a line.
fn what_happened(role: &Value) -> String {
    let name = text(role, "value").or_else(|| text(role, "requested"));
    let what = text(role, "rule").map(|rule| format!("by the rule \"{rule}\""));
    let what = text(role, "message").or(what).unwrap_or_default();
    name.map_or(what.clone(), |name| format!("{name}: {what}"))
}

impl Report {
    /// Adds a row, and says that there is one.
    pub(super) fn add(&mut self, row: Row) {
        println!("  {} {}", if row.is_as_expected() { "ok  " } else { "WRONG" }, row.asked);
        self.rows.push(row);
    }

    /// The rows as a table.
    pub(super) fn table(&self) -> Table {
        let mut table = Table::new();
        table
            .load_style(UTF8_FULL)
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(TABLE_WIDTH)
            .set_header(["what was asked", "outcome", "what happened", "took"]);
        for row in &self.rows {
            let took = format!("{} ms", row.took.as_millis());
            table.add_row([row.asked, &row.status, &row.what_happened, &took]);
        }
        table
    }

    /// An error if an outcome was not the expected one.
    pub(super) fn verdict(&self) -> Outcome {
        let wrong: Vec<_> = self
            .rows
            .iter()
            .filter(|row| !row.is_as_expected())
            .map(|row| {
                format!("{}: expected {}, came out as {}", row.asked, row.expected, row.status)
            })
            .collect();
        if wrong.is_empty() { Ok(()) } else { Err(wrong.join("; ").into()) }
    }
}

/// Prints what the tenant holds in the end.
pub(super) fn print_assignments(tenant: &Tenant, new_identity: &str) {
    let directory = contoso();
    println!("\nThe tenant now:");
    for principal in [ORDERS_IDENTITY, REPORTS_IDENTITY, BILLING_FUNCTION, new_identity] {
        let assignments = tenant.assignments_of(principal);
        if let (true, Some(identity)) =
            (assignments.is_empty(), directory.service_principal(principal))
        {
            println!("  {} holds nothing", identity.display_name);
        }
        for held in assignments {
            let api = directory.service_principal(&held.resource_id);
            let role = api.and_then(|api| api.app_role(&held.app_role_id));
            let value = role.and_then(|role| role.value.clone()).unwrap_or(held.app_role_id);
            println!(
                "  {} holds {value} on {}",
                held.principal_display_name, held.resource_display_name
            );
        }
    }
}
