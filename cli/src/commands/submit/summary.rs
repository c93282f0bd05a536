//! What came of the requests of a file, as Markdown: for a pull request, or for the summary of a job.
//!
//! The report has no table, because a `|` splits a cell even inside a code span.

use std::{
    fs::{File, OpenOptions},
    io::Write as _,
    path::Path,
};

use serde_json::Value;

use super::{
    asked::{Asked, State},
    many::Report,
};
use crate::{
    broker_result::{self, text},
    failure::Failure,
    io_reason::io_reason,
    markdown::code,
    result::word,
    timestamps::text_to_the_second,
};

/// A file that the report is appended to.
pub(super) struct SummaryFile {
    file: File,
    name: String,
}

impl SummaryFile {
    /// Opens the file, before anything is sent. What it has already stays.
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        let name = path.display().to_string();
        match OpenOptions::new().append(true).create(true).open(path) {
            Ok(file) => Ok(Self { file, name }),
            Err(error) => Err(not_written(&name, &error)),
        }
    }

    /// Appends the report.
    pub(super) fn append(&mut self, lines: &[String]) -> Result<(), Failure> {
        let text = format!("{}\n\n", lines.join("\n"));
        self.file.write_all(text.as_bytes()).map_err(|error| not_written(&self.name, &error))
    }
}

fn not_written(name: &str, error: &std::io::Error) -> Failure {
    Failure::failed(format!("{name} cannot be written: {}", io_reason(error)))
        .hint("name another --summary")
}

/// Returns the lines of the report.
pub(super) fn lines(report: &Report<'_>, file: &str, is_plan: bool) -> Vec<String> {
    let title = if is_plan { "What would come of the app roles in" } else { "App roles of" };
    let mut lines = vec![format!("### {title} {}", code(file)), String::new()];
    for asked in report.all {
        lines.extend(items(report, asked));
    }
    lines.extend([String::new(), format!("{}.", report.tally())]);
    for (label, field) in [("Requester", "requester"), ("SHA-256 of the policy", "policySha256")] {
        if let Some(text) = report.all.iter().find_map(|asked| stated(asked, field)) {
            lines.extend([String::new(), format!("{label}: {}.", code(&text))]);
        }
    }
    lines
}

/// What a result states in a field.
fn stated(asked: &Asked, field: &str) -> Option<String> {
    match &*asked.state() {
        State::Pending(result) | State::Answered(result) => text(result, field).map(str::to_owned),
        _ => None,
    }
}

/// The items of a request, one for each role.
fn items(report: &Report<'_>, asked: &Asked) -> Vec<String> {
    let [principal, api, roles] = asked.names();
    let verb = word(&asked.written.request().action);
    match &*asked.state() {
        State::Pending(result) | State::Answered(result) => {
            let item = |role: &Value| {
                let what =
                    what(&verb, [broker_result::name(role).unwrap_or_default(), &api, &principal]);
                format!("- {what}: {}{}", status(role), details(role))
            };
            broker_result::roles(result).iter().map(item).collect()
        }
        state => {
            let outcome = asked.phrase(report.outcome(asked));
            let reason = match state {
                State::Failed(failure) | State::Lost(failure) => {
                    format!(": {}", code(&failure.sentence))
                }
                State::Queued(id) => format!(" as message {}", code(id)),
                _ => String::new(),
            };
            vec![format!("- {}: ❌ {outcome}{reason}", what(&verb, [&roles, &api, &principal]))]
        }
    }
}

fn what(verb: &str, names: [&str; 3]) -> String {
    let [role, api, principal] = names.map(code);
    format!("{verb} {role} of {api} for {principal}")
}

/// The status of a role in words, with a sign.
fn status(role: &Value) -> String {
    let status = text(role, "status").unwrap_or_default();
    let phrase = match status {
        "assigned" => "✅ assigned",
        "alreadyAssigned" => "✅ held already",
        "revoked" => "✅ revoked",
        "alreadyRevoked" => "✅ not held",
        "wouldAssign" => "✅ would be assigned",
        "wouldRevoke" => "✅ would be revoked",
        "pendingApproval" => "⏳ waits for approval",
        "denied" => "❌ denied",
        "notFound" => "❌ not found",
        "notAttempted" => "❌ not attempted",
        "unknown" => "❌ outcome unknown",
        other => return format!("❌ {}", code(other)),
    };
    phrase.to_owned()
}

/// The end, the rule and the message of a role.
fn details(role: &Value) -> String {
    let mut details = String::new();
    if let Some(end) = text(role, "endDateTime") {
        details.push_str(&format!(", until {}", code(&text_to_the_second(end))));
    }
    if let Some(rule) = text(role, "rule") {
        details.push_str(&format!(", by the rule {}", code(rule)));
    }
    match broker_result::message(role).as_str() {
        "" => {}
        message => details.push_str(&format!(": {}", code(message))),
    }
    details
}
