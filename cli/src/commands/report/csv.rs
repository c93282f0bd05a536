//! A report as comma-separated values, for spreadsheets: one row for each assignment, and for each that is
//! missing or gone ("Common Format and MIME Type for Comma-Separated Values (CSV) Files", RFC 4180).

use super::document::{
    Change, Coverage, GoneAssignment, Kind, MissingRole, Origin, Report, ReportedAssignment,
    ReportedRule,
};
use crate::output::csv::add_row;

/// Spreadsheets read the file as UTF-8 only with this mark.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// The names of the columns.
const COLUMNS: [&str; 22] = [
    "Principal",
    "Principal id",
    "Kind",
    "Resource id",
    "API",
    "API id",
    "Role",
    "Role id",
    "Privileged",
    "Since",
    "Until",
    "Tokens until",
    "Requested by",
    "Reason",
    "Request",
    "Approved by",
    "Rule in the record",
    "Allowed by",
    "Coverage",
    "Owner",
    "Origin",
    "Change",
];

/// Between several values in a cell.
const SEPARATOR: &str = "; ";

/// A row, by its columns. What is not known is empty.
#[derive(Debug, Default)]
struct Cells {
    principal: String,
    principal_id: String,
    kind: &'static str,
    resource_id: String,
    api: String,
    api_id: String,
    role: String,
    role_id: String,
    privileged: String,
    since: String,
    until: String,
    tokens_until: String,
    requested_by: String,
    reason: String,
    request: String,
    approved_by: String,
    recorded_rule: String,
    allowed_by: String,
    coverage: &'static str,
    owner: String,
    origin: &'static str,
    change: &'static str,
}

/// Writes a report.
pub(super) fn csv(report: &Report) -> String {
    let mut text = BYTE_ORDER_MARK.to_owned();
    add_row(&mut text, COLUMNS);
    for one in &report.assignments {
        add_row(&mut text, Cells::of_assignment(report, one).in_order());
    }
    for one in &report.missing {
        add_row(&mut text, Cells::of_missing(report, one).in_order());
    }
    for one in &report.gone {
        add_row(&mut text, Cells::of_gone(one).in_order());
    }
    text
}

impl Cells {
    /// The cells about the principal, the API and the role at these positions.
    fn about(report: &Report, principal: usize, api: usize, role: usize) -> Self {
        let principal = report.principals.get(principal);
        let api = report.apis.get(api);
        let role = api.and_then(|api| api.roles.get(role));
        let name_of_role = role.map(|role| {
            let name = role.value.as_deref().or(role.display_name);
            name.map_or_else(|| role.id.to_string(), str::to_owned)
        });
        Self {
            principal: principal.map(|one| one.name.clone()).unwrap_or_default(),
            principal_id: principal.map(|one| one.id.to_string()).unwrap_or_default(),
            kind: principal.map(|one| kind(one.kind)).unwrap_or_default(),
            resource_id: principal.and_then(|one| one.resource_id.clone()).unwrap_or_default(),
            api: api.map(|one| one.name.clone()).unwrap_or_default(),
            api_id: api.map(|one| one.id.to_string()).unwrap_or_default(),
            role: name_of_role.unwrap_or_default(),
            role_id: role.map(|one| one.id.to_string()).unwrap_or_default(),
            ..Self::default()
        }
    }

    fn of_assignment(report: &Report, one: &ReportedAssignment) -> Self {
        let rules = || one.rules.iter().filter_map(|rule| report.rules.get(*rule));
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        Self {
            privileged: text(&one.privileged),
            since: text(&one.created),
            until: text(&one.end_date_time),
            tokens_until: text(&one.tokens_until),
            requested_by: text(&one.request.requester),
            reason: text(&one.request.reason),
            request: text(&one.request.request_id),
            approved_by: one.request.approved_by.join(SEPARATOR),
            recorded_rule: text(&one.request.recorded_rule),
            allowed_by: rules().map(|rule| rule.name.as_str()).collect::<Vec<_>>().join(SEPARATOR),
            coverage: one.coverage.map(coverage).unwrap_or_default(),
            owner: owners(rules()),
            origin: origin(one.origin),
            change: one.change.map(change).unwrap_or_default(),
            ..Self::about(report, one.principal, one.api, one.role)
        }
    }

    fn of_missing(report: &Report, one: &MissingRole) -> Self {
        let rule = report.rules.get(one.rule);
        Self {
            allowed_by: rule.map(|rule| rule.name.clone()).unwrap_or_default(),
            coverage: coverage(Coverage::Baseline),
            owner: owners(rule.into_iter()),
            change: "missing",
            ..Self::about(report, one.principal, one.api, one.role)
        }
    }

    fn of_gone(one: &GoneAssignment) -> Self {
        Self {
            principal: one.principal_name.clone(),
            principal_id: one.principal_id.to_string(),
            api: one.api_name.clone(),
            role: one.role.clone(),
            since: one.created.clone().unwrap_or_default(),
            change: "gone",
            ..Self::default()
        }
    }

    /// The cells in the order of the columns.
    fn in_order(&self) -> [&str; COLUMNS.len()] {
        [
            &self.principal,
            &self.principal_id,
            self.kind,
            &self.resource_id,
            &self.api,
            &self.api_id,
            &self.role,
            &self.role_id,
            &self.privileged,
            &self.since,
            &self.until,
            &self.tokens_until,
            &self.requested_by,
            &self.reason,
            &self.request,
            &self.approved_by,
            &self.recorded_rule,
            &self.allowed_by,
            self.coverage,
            &self.owner,
            self.origin,
            self.change,
        ]
    }
}

/// The owners of rules, each once.
fn owners<'a>(rules: impl Iterator<Item = &'a ReportedRule>) -> String {
    let mut owners: Vec<&str> = Vec::new();
    for owner in rules.filter_map(|rule| rule.owner.as_deref()) {
        if !owners.contains(&owner) {
            owners.push(owner);
        }
    }
    owners.join(SEPARATOR)
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::ManagedIdentity => "managedIdentity",
        Kind::Application => "application",
        Kind::Agent => "agent",
        Kind::AgentBlueprint => "agentBlueprint",
        Kind::Other => "other",
    }
}

fn coverage(coverage: Coverage) -> &'static str {
    match coverage {
        Coverage::Baseline => "baseline",
        Coverage::Rule => "rule",
        Coverage::Broker => "broker",
        Coverage::None => "none",
    }
}

fn origin(origin: Origin) -> &'static str {
    match origin {
        Origin::Broker => "broker",
        Origin::Other => "other",
        Origin::Unknown => "unknown",
    }
}

fn change(change: Change) -> &'static str {
    match change {
        Change::New => "new",
    }
}
