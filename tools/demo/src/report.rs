//! The demo's report: one entry for each step, and the tenant's assignments in the end.

#![expect(clippy::print_stdout, reason = "the demo speaks to a person at a terminal")]

use std::time::Duration;

use anyhow::{Result, bail};
use comfy_table::{ColumnConstraint, ContentArrangement, Table, Width, presets::NOTHING};
use serde_json::{Value, json};
use storage_emulator::Entity;
use tenant_emulator::{
    Tenant,
    contoso::{BILLING_FUNCTION, ORDERS_IDENTITY, REPORTS_IDENTITY, contoso},
};

/// The report fits into the narrowest usual terminal.
const WIDTH: u16 = 80;
/// The longest status is `alreadyAssigned`; a blank on either side and the indentation come on top.
const STATUS_WIDTH: u16 = 19;

/// The time of the day in a time of RFC 3339.
const TIME_OF_DAY: std::ops::Range<usize> = 11..19;

/// The prefix of approvers. Without an approver, `policy` stands in their place.
const APPROVER: &str = "http:";

/// What one step of the demo did.
pub(crate) struct Step {
    title: &'static str,
    expected: &'static [&'static str],
    roles: Vec<RoleOutcome>,
    took: Duration,
}

/// The outcome for one role: its status and a sentence about it.
struct RoleOutcome {
    status: String,
    explanation: String,
}

impl Step {
    /// Reads the outcome from a result.
    pub(crate) fn new(
        title: &'static str,
        expected: &'static [&'static str],
        result: &Value,
        took: Duration,
    ) -> Self {
        let roles = result.get("roles").and_then(Value::as_array).into_iter().flatten();
        Self { title, expected, roles: roles.map(RoleOutcome::read).collect(), took }
    }

    fn is_as_expected(&self) -> bool {
        self.roles.iter().map(|role| role.status.as_str()).eq(self.expected.iter().copied())
    }

    fn print(&self) {
        let took = format!("{} ms", self.took.as_millis());
        let width = usize::from(WIDTH).saturating_sub(took.len());
        println!("  {:<width$}{took}", self.title, width = width - 2);
        let mut table = Table::new();
        table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
        table.set_width(WIDTH);
        for role in &self.roles {
            table.add_row([format!("   {}", role.status), role.explanation.clone()]);
        }
        if let Some(column) = table.column_mut(0) {
            column.set_constraint(ColumnConstraint::Absolute(Width::Fixed(STATUS_WIDTH + 2)));
        }
        println!("{}", table.trim_fmt());
        if !self.is_as_expected() {
            println!("    UNEXPECTED: the demo expects {}", self.expected.join(", "));
        }
        println!();
    }
}

impl RoleOutcome {
    fn read(role: &Value) -> Self {
        let text = |name: &str| role.get(name).and_then(Value::as_str).map(str::to_owned);
        let rule = text("rule").map(|rule| format!("allowed by the rule \"{rule}\""));
        // The time of the day is enough for the demo.
        let end = text("endDateTime").map(|end| format!(", until {} UTC", &end[TIME_OF_DAY]));
        let approvers = text("approvedBy").filter(|by| by.starts_with(APPROVER));
        let approvers = approvers.map(|by| format!(", approved by {by}")).unwrap_or_default();
        let rule = rule.map(|rule| rule + &end.unwrap_or_default() + &approvers);
        let explanation = text("message").or(rule).unwrap_or_default();
        let explanation = match text("value").or_else(|| text("requested")) {
            Some(name) => format!("{name}: {explanation}"),
            None => explanation,
        };
        Self { status: text("status").unwrap_or_default(), explanation }
    }
}

/// A row of the audit record in the form in which a result has it.
pub(crate) fn role_outcome(row: &Entity) -> Value {
    let text = |name: &str| row.properties.get(name).and_then(|value| value.as_str());
    json!({
        "status": text("status"),
        "value": text("appRoleValue"),
        "rule": text("rule"),
        "message": text("message"),
    })
}

/// All steps so far.
#[derive(Default)]
pub(crate) struct Report {
    steps: Vec<Step>,
}

impl Report {
    /// Prints a step and keeps it for the verdict.
    pub(crate) fn add(&mut self, step: Step) {
        step.print();
        self.steps.push(step);
    }

    /// An error if a step had another outcome than the expected one.
    pub(crate) fn verdict(&self) -> Result<()> {
        let unexpected = self.steps.iter().filter(|step| !step.is_as_expected());
        let titles: Vec<_> = unexpected.map(|step| step.title).collect();
        if titles.is_empty() {
            return Ok(());
        }
        bail!("not as expected: {}", titles.join("; "));
    }
}

/// Prints the roles that the identities of the demo hold now.
pub(crate) fn print_assignments(tenant: &Tenant, new_identity: &str) {
    let directory = contoso();
    println!("The tenant now\n");
    for principal in [ORDERS_IDENTITY, REPORTS_IDENTITY, BILLING_FUNCTION, new_identity] {
        let assignments = tenant.assignments_of(principal);
        if let (true, Some(identity)) =
            (assignments.is_empty(), directory.service_principal(principal))
        {
            println!("  {} holds no role", identity.display_name);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn explanation(role: &Value) -> String {
        RoleOutcome::read(role).explanation
    }

    #[test]
    fn a_role_names_its_approvers_and_no_policy() {
        let mut role = json!({ "value": "Mail.Send", "rule": "mail", "approvedBy": "policy",
                               "endDateTime": "2026-11-26T18:21:30Z" });
        let by_policy = "Mail.Send: allowed by the rule \"mail\", until 18:21:30 UTC";
        assert_eq!(explanation(&role), by_policy);
        role["approvedBy"] = json!("http:anna, http:ben");
        assert_eq!(explanation(&role), format!("{by_policy}, approved by http:anna, http:ben"));
    }
}
