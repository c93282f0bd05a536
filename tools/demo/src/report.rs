//! The demo's report: one entry for each step, and the tenant's assignments in the end.

use std::time::Duration;

use anyhow::{Result, bail};
use serde_json::{Value, json};
use storage_emulator::Entity;
use tenant_emulator::{
    Tenant,
    contoso::{BILLING_FUNCTION, ORDERS_IDENTITY, REPORTS_IDENTITY, contoso},
};

use crate::screen::{OutputError, Screen, columns, wrapped};

/// The margin of titles.
const MARGIN: usize = 2;
/// The margin of outcomes.
const OUTCOME_MARGIN: usize = 4;
/// The longest status is `alreadyAssigned`, and three blanks follow.
const STATUS_WIDTH: usize = 18;
/// In a narrower terminal, an explanation is below its status, so that ids and role values stay whole.
const NARROWEST_WITH_COLUMNS: usize = 72;

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

    fn print(&self, screen: &mut Screen) -> Result<(), OutputError> {
        let took = format!("{} ms", self.took.as_millis());
        let room = screen.width().saturating_sub(MARGIN + 1 + columns(&took));
        let mut title = wrapped(self.title, room);
        let last = title.pop().unwrap_or_default();
        for line in title {
            screen.line(format_args!("{:MARGIN$}{line}", ""))?;
        }
        screen.line(format_args!("{:MARGIN$}{last:<room$} {took}", ""))?;
        if self.roles.is_empty() {
            screen.indented(OUTCOME_MARGIN, "nothing: no rule of the policy is about it")?;
        }
        self.roles.iter().try_for_each(|role| role.print(screen))
    }
}

impl RoleOutcome {
    fn read(role: &Value) -> Self {
        let text = |name: &str| role.get(name).and_then(Value::as_str).map(str::to_owned);
        let rule = text("rule").map(|rule| format!("allowed by the rule \"{rule}\""));
        // The time of the day is enough for the demo.
        let end = text("endDateTime").and_then(|end| end.get(TIME_OF_DAY).map(str::to_owned));
        let end = end.map(|end| format!(", until {end} UTC")).unwrap_or_default();
        let approvers = text("approvedBy").filter(|by| by.starts_with(APPROVER));
        let approvers = approvers.map(|by| format!(", approved by {by}")).unwrap_or_default();
        let rule = rule.map(|rule| rule + &end + &approvers);
        let explanation = text("message").or(rule).unwrap_or_default();
        let explanation = match text("value").or_else(|| text("requested")) {
            Some(name) => format!("{name}: {explanation}"),
            None => explanation,
        };
        Self { status: text("status").unwrap_or_default(), explanation }
    }

    fn print(&self, screen: &mut Screen) -> Result<(), OutputError> {
        let beside = OUTCOME_MARGIN + STATUS_WIDTH;
        if screen.width() < NARROWEST_WITH_COLUMNS {
            screen.line(format_args!("{:OUTCOME_MARGIN$}{}", "", self.status))?;
            return screen.indented(OUTCOME_MARGIN + MARGIN, &self.explanation);
        }
        let lines = wrapped(&self.explanation, screen.width() - beside);
        let mut status = self.status.as_str();
        for line in &lines {
            screen.line(format_args!("{:OUTCOME_MARGIN$}{status:<STATUS_WIDTH$}{line}", ""))?;
            status = "";
        }
        Ok(())
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
pub(crate) struct Report {
    steps: Vec<Step>,
    /// Whether outcomes are compared with those that the demo's policy causes.
    judges: bool,
}

impl Report {
    /// A report without steps. With the reader's own policy, it shows outcomes and does not judge them.
    #[must_use]
    pub(crate) fn new(has_own_policy: bool) -> Self {
        Self { steps: Vec::new(), judges: !has_own_policy }
    }

    /// Prints a step and keeps it for the verdict.
    ///
    /// # Errors
    ///
    /// If the output accepts no more.
    pub(crate) fn add(&mut self, screen: &mut Screen, step: Step) -> Result<(), OutputError> {
        step.print(screen)?;
        if self.judges && !step.is_as_expected() {
            let expected = step.expected.join(", ");
            screen.indented(OUTCOME_MARGIN, &format!("UNEXPECTED: the demo expects {expected}"))?;
        }
        self.steps.push(step);
        screen.line("")
    }

    /// The verdict on all steps.
    ///
    /// # Errors
    ///
    /// If a step had another outcome than the expected one.
    pub(crate) fn verdict(&self) -> Result<()> {
        let unexpected = self.steps.iter().filter(|step| self.judges && !step.is_as_expected());
        let titles: Vec<_> = unexpected.map(|step| step.title).collect();
        if titles.is_empty() {
            return Ok(());
        }
        bail!("not as expected: {}", titles.join("; "));
    }
}

/// Prints the roles that the identities of the demo hold now.
pub(crate) fn print_assignments(
    screen: &mut Screen,
    tenant: &Tenant,
    new_identity: &str,
) -> Result<(), OutputError> {
    let directory = contoso();
    screen.line("The tenant now\n")?;
    for principal in [ORDERS_IDENTITY, REPORTS_IDENTITY, BILLING_FUNCTION, new_identity] {
        let assignments = tenant.assignments_of(principal);
        if let (true, Some(identity)) =
            (assignments.is_empty(), directory.service_principal(principal))
        {
            screen.indented(MARGIN, &format!("{} holds no role", identity.display_name))?;
        }
        for held in assignments {
            let api = directory.service_principal(&held.resource_id);
            let role = api.and_then(|api| api.app_role(&held.app_role_id));
            let value = role.and_then(|role| role.value.clone()).unwrap_or(held.app_role_id);
            let (name, api) = (held.principal_display_name, held.resource_display_name);
            screen.indented(MARGIN, &format!("{name} holds {value} on {api}"))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::{
        io::{self, Write},
        sync::{Arc, Mutex},
    };

    use super::*;

    const ROLE: &str = "RoleManagement.ReadWrite.Directory";
    const REQUESTER: &str = "http:c0a70500-0000-4000-8000-00000000e001";

    /// An output that can be read afterwards.
    #[derive(Clone, Default)]
    struct Paper(Arc<Mutex<Vec<u8>>>);

    impl Write for Paper {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn step() -> Step {
        let message = format!("no rule for {REQUESTER}, this API and this principal names {ROLE}");
        let role = json!({ "status": "denied", "value": ROLE, "message": message });
        let title = "RoleManagement.ReadWrite.Directory on Microsoft Graph for func-billing";
        Step::new(title, &["assigned"], &json!({ "roles": [role] }), Duration::from_millis(1234))
    }

    fn printed(width: usize, has_own_policy: bool) -> String {
        let paper = Paper::default();
        let mut report = Report::new(has_own_policy);
        report.add(&mut Screen::new(paper.clone(), width), step()).unwrap();
        String::from_utf8(paper.0.lock().unwrap().clone()).unwrap()
    }

    fn explanation(role: &Value) -> String {
        RoleOutcome::read(role).explanation
    }

    #[test]
    fn every_line_fits_the_terminal_and_no_identifier_is_broken() {
        for width in 40..=120 {
            let text = printed(width, false);
            assert!(text.contains(ROLE) && text.contains(REQUESTER), "{width}:\n{text}");
            let longest = text.lines().map(columns).max().unwrap();
            // The longest word with its margin may be longer than the narrowest terminal.
            assert!(longest <= width.max(48), "{width}:\n{text}");
        }
    }

    #[test]
    fn a_title_that_does_not_fit_has_its_time_on_the_last_line() {
        let text = printed(60, false);
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines[0], "  RoleManagement.ReadWrite.Directory on Microsoft");
        assert!(lines[1].starts_with("  Graph for func-billing  "), "{text}");
        assert!(lines[1].ends_with(" 1234 ms"), "{text}");
        assert_eq!(columns(lines[1]), 60);
    }

    #[test]
    fn an_own_policy_is_shown_and_not_judged() {
        assert!(printed(80, false).contains("UNEXPECTED: the demo expects assigned"));
        assert!(!printed(80, true).contains("UNEXPECTED"));
        for (has_own_policy, is_accepted) in [(false, false), (true, true)] {
            let mut report = Report::new(has_own_policy);
            report.add(&mut Screen::new(io::sink(), 80), step()).unwrap();
            assert_eq!(report.verdict().is_ok(), is_accepted);
        }
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
