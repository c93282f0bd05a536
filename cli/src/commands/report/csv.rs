//! A report as comma-separated values, for spreadsheets: one row for each assignment, and for each that is
//! missing or gone ("Common Format and MIME Type for Comma-Separated Values (CSV) Files", RFC 4180).

use app_roles::text::printable;

use super::document::{
    Change, Coverage, GoneAssignment, Kind, MissingRole, Origin, Report, ReportedAssignment,
    ReportedRule,
};

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

/// With these characters, spreadsheets begin a formula ("CSV Injection", OWASP). So do their full-width forms.
const FORMULA: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

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

fn add_row<T: AsRef<str>>(text: &mut String, cells: impl IntoIterator<Item = T>) {
    for (index, one) in cells.into_iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        add_cell(text, one.as_ref());
    }
    text.push_str("\r\n");
}

/// Adds a cell that no spreadsheet takes for a formula and no reader for several cells.
fn add_cell(text: &mut String, value: &str) {
    let value = printable(value);
    text.push('"');
    if value.trim_start().starts_with(FORMULA) {
        text.push('\'');
    }
    text.push_str(&value.replace('"', "\"\""));
    text.push('"');
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

#[cfg(test)]
mod tests {
    use app_roles::text::is_printable;
    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn cell(value: &str) -> String {
        let mut text = String::new();
        add_cell(&mut text, value);
        text
    }

    #[test]
    fn a_cell_that_spreadsheets_would_compute_begins_with_an_apostrophe() {
        for (value, expected) in [
            ("=cmd|' /C calc'!A0", "\"'=cmd|' /C calc'!A0\""),
            ("+1", "\"'+1\""),
            ("-1", "\"'-1\""),
            ("@SUM(A1)", "\"'@SUM(A1)\""),
            ("  =1", "\"'  =1\""),
            ("\u{a0}=1", "\"'\u{a0}=1\""),
            ("＝1", "\"'＝1\""),
            ("\"=1\"", "\"\"\"=1\"\"\""),
            ("id-orders", "\"id-orders\""),
            ("a=b", "\"a=b\""),
            ("", "\"\""),
        ] {
            assert_eq!(cell(value), expected, "{value:?}");
        }
        for value in ["\t=1", "\r=1", "\n=1", "\u{202e}=1"] {
            assert_eq!(cell(value), "\"\u{fffd}=1\"", "{value:?}");
        }
    }

    /// Reads a row as other programs do.
    fn read(line: &str) -> Vec<String> {
        let mut cells = vec![String::new()];
        let (mut is_quoted, mut rest) = (false, line.chars().peekable());
        while let Some(character) = rest.next() {
            match character {
                '"' if is_quoted && rest.next_if_eq(&'"').is_some() => {
                    cells.last_mut().unwrap().push('"');
                }
                '"' => is_quoted = !is_quoted,
                ',' if !is_quoted => cells.push(String::new()),
                other => cells.last_mut().unwrap().push(other),
            }
        }
        cells
    }

    proptest! {
        #[test]
        fn the_cells_of_a_row_are_read_again(values in vec("[=+@\"', \\t\\r\\na-c-]{0,6}", 1..5)) {
            let mut text = String::new();
            add_row(&mut text, &values);
            let line = text.strip_suffix("\r\n").unwrap();
            prop_assert!(line.chars().all(is_printable));
            let cells = read(line);
            prop_assert_eq!(cells.len(), values.len());
            for (cell, value) in cells.iter().zip(&values) {
                let value = printable(value);
                prop_assert!(*cell == value || cell.strip_prefix('\'') == Some(&*value));
                prop_assert!(!cell.trim_start().starts_with(FORMULA));
            }
        }
    }
}
