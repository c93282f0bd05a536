//! What a report found, in numbers.

use serde::Serialize;

use super::document::{Coverage, Report, ReportedAssignment};

/// The numbers of a report.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Summary<'a> {
    files: Vec<String>,
    complete: bool,
    principals: usize,
    apis: usize,
    assignments: usize,
    privileged: usize,
    /// Assignments that end.
    ending: usize,
    #[serde(flatten)]
    policy: Option<PolicyNumbers>,
    #[serde(flatten)]
    changes: Option<Changes<'a>>,
    notes: &'a [String],
}

/// What the policy says.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PolicyNumbers {
    /// Assignments that no rule allows, apart from those of the broker itself.
    without_rule: usize,
    /// Roles of the baseline that identities lack.
    missing: usize,
    /// Rules that allow no assignment.
    unused_rules: usize,
}

/// What has changed since an earlier report.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Changes<'a> {
    since: &'a str,
    new: usize,
    gone: usize,
}

impl<'a> Summary<'a> {
    /// Counts what a report contains. `files` are the names of the files that have it.
    pub(super) fn of(report: &'a Report, files: Vec<String>) -> Self {
        let assignments = &report.assignments;
        let unused = report.rules.iter().filter(|rule| rule.assignments == 0).count();
        let without_rule = |one: &&_| is_without_rule(one);
        Self {
            files,
            complete: report.complete,
            principals: report.principals.len(),
            apis: report.apis.len(),
            assignments: assignments.len(),
            privileged: assignments.iter().filter(|one| one.privileged.is_some()).count(),
            ending: assignments.iter().filter(|one| one.end_date_time.is_some()).count(),
            policy: report.policy.as_ref().map(|_| PolicyNumbers {
                without_rule: assignments.iter().filter(without_rule).count(),
                missing: report.missing.len(),
                unused_rules: unused,
            }),
            changes: report.compared_with.as_ref().map(|earlier| Changes {
                since: &earlier.generated_at,
                new: assignments.iter().filter(|one| one.change.is_some()).count(),
                gone: report.gone.len(),
            }),
            notes: &report.notes,
        }
    }

    /// What the report does not say.
    pub(super) fn notes(&self) -> &[String] {
        self.notes
    }

    /// The numbers in one sentence.
    pub(super) fn sentence(&self) -> String {
        let Self { files, principals, apis, assignments, privileged, ending, .. } = self;
        let mut text = format!(
            "{}: {principals} principals, {apis} APIs, {assignments} assignments, {privileged} \
             privileged, {ending} with an end",
            files.join(", ")
        );
        if let Some(PolicyNumbers { without_rule, missing, unused_rules }) = &self.policy {
            text.push_str(&format!(
                "; {without_rule} without a rule, {missing} missing, {unused_rules} unused rules"
            ));
        }
        if let Some(Changes { since, new, gone }) = &self.changes {
            text.push_str(&format!("; {new} new and {gone} gone since {since}"));
        }
        text
    }
}

fn is_without_rule(one: &ReportedAssignment) -> bool {
    one.coverage == Some(Coverage::None)
}
