//! What a check of the record finds.

use microsoft_graph::directory_audits::DirectoryAudit;
use serde::Serialize;
use time::OffsetDateTime;

use crate::{
    broker_record::{End, OpenIntent, Row, duration},
    output::{Line, Screen, Tone},
    timestamps::to_the_second,
};

/// The largest number of rows of one kind that are shown to people.
const MAX_SHOWN: usize = 20;

/// The record, as far as it needs attention.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Record {
    /// Announced writes whose outcome is not on record.
    pub(super) open_intents: Vec<OpenIntent>,
    /// Outcomes that were found out after the request had been cut.
    pub(super) settled_later: Vec<Row>,
    /// Assignments that should have ended.
    pub(super) late_ends: Vec<LateEnd>,
    /// The number of changes by the broker's identity that were compared with the record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) compared: Option<usize>,
    /// Changes by the broker's identity that have neither an intent nor a row.
    pub(super) unexplained: Vec<Unexplained>,
    /// What was not checked, and why.
    pub(super) not_checked: Vec<String>,
}

/// An assignment that should have ended.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LateEnd {
    #[serde(skip_serializing_if = "Option::is_none")]
    end_date_time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    late_by_seconds: Option<i64>,
    row: Row,
}

/// A change that the record does not explain.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Unexplained {
    /// Entra's id of the entry.
    id: String,
    at: Option<String>,
    action: &'static str,
    principal_id: Option<String>,
    api_id: Option<String>,
    app_role_id: Option<String>,
    correlation_id: Option<String>,
}

impl LateEnd {
    /// Reads a row; `None` if the assignment need not have ended yet. One without a readable time will
    /// never end.
    pub(super) fn of(row: Row, now: OffsetDateTime) -> Option<Self> {
        let end = row.end();
        if end.is_some_and(|end| !end.is_late(now)) {
            return None;
        }
        Some(Self {
            end_date_time: end.map(End::cell),
            late_by_seconds: end.map(|end| (now - end.at()).whole_seconds()),
            row,
        })
    }

    fn sentence(&self) -> String {
        let grant = self.row.grant();
        match (&self.end_date_time, self.late_by_seconds) {
            (Some(end), Some(late_by)) => {
                format!("{grant} should have ended at {end}, {} ago", duration(late_by))
            }
            _ => format!("{grant} has an end that cannot be read"),
        }
    }
}

impl From<DirectoryAudit> for Unexplained {
    fn from(entry: DirectoryAudit) -> Self {
        let id = |id: Option<app_roles::ids::ObjectId>| id.map(|id| id.to_string());
        Self {
            id: entry.id,
            at: entry.at.map(to_the_second),
            action: entry.action.verb(),
            principal_id: id(entry.principal),
            api_id: id(entry.api),
            app_role_id: entry.role.map(|role| role.to_string()),
            correlation_id: entry.correlation_id,
        }
    }
}

impl Unexplained {
    fn sentence(&self) -> String {
        let known = |text: &Option<String>| text.clone().unwrap_or_else(|| "?".to_owned());
        let Self { id, at, action, principal_id, api_id, app_role_id, .. } = self;
        format!(
            "{} {action} of role {} of API {}, principal {} (entry {id})",
            known(at),
            known(app_role_id),
            known(api_id),
            known(principal_id)
        )
    }
}

impl Record {
    /// Returns whether something must be looked at.
    pub(super) fn has_findings(&self) -> bool {
        self.overdue() > 0 || !self.late_ends.is_empty() || !self.unexplained.is_empty()
    }

    fn overdue(&self) -> usize {
        self.open_intents.iter().filter(|intent| intent.overdue).count()
    }

    /// Prints the findings, what else is open, and a summary.
    pub(super) fn show(&self, screen: Screen) {
        let (overdue, open): (Vec<_>, Vec<_>) =
            self.open_intents.iter().partition(|intent| intent.overdue);
        let intents = |all: &[&OpenIntent]| all.iter().map(|one| one.sentence()).collect();
        list(screen, (Tone::Bad, "overdue intent"), intents(&overdue));
        let late = self.late_ends.iter().map(LateEnd::sentence).collect();
        list(screen, (Tone::Bad, "late end"), late);
        let unexplained = self.unexplained.iter().map(Unexplained::sentence).collect();
        list(screen, (Tone::Bad, "unexplained change"), unexplained);
        list(screen, (Tone::Warning, "open intent"), intents(&open));
        for row in self.settled_later.iter().take(MAX_SHOWN) {
            let line = Line::painted(Tone::Warning, "settled later:").then(" ");
            screen.say(line.then_line(row.line()));
        }
        rest(screen, self.settled_later.len());
        for sentence in &self.not_checked {
            screen.say(Line::painted(Tone::Warning, "not checked:").then(" ").then(sentence));
        }
        self.summary(screen, open.len());
    }

    fn summary(&self, screen: Screen, open: usize) {
        let (overdue, late) = (self.overdue(), self.late_ends.len());
        let changes = match self.compared {
            Some(compared) => {
                format!("{} of {compared} changes in Entra unexplained", self.unexplained.len())
            }
            None => "changes in Entra not checked".to_owned(),
        };
        let tone = match self.compared {
            _ if self.has_findings() => Tone::Bad,
            Some(_) => Tone::Good,
            None => Tone::Warning,
        };
        let text = format!(
            "{}, {}, {changes}",
            counted(overdue, "overdue intent"),
            counted(late, "late end")
        );
        let settled = self.settled_later.len();
        screen.say(
            Line::painted(tone, &text).then(&format!("; {open} open, {settled} settled later")),
        );
    }
}

/// Formats a number of things.
fn counted(count: usize, thing: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {thing}{plural}")
}

/// Prints a line for each of the first sentences.
fn list(screen: Screen, (tone, word): (Tone, &str), sentences: Vec<String>) {
    let count = sentences.len();
    for sentence in sentences.into_iter().take(MAX_SHOWN) {
        screen.say(Line::painted(tone, &format!("{word}:")).then(" ").then(&sentence));
    }
    rest(screen, count);
}

/// Says how many are not shown.
fn rest(screen: Screen, count: usize) {
    if let Some(more) = count.checked_sub(MAX_SHOWN).filter(|more| *more > 0) {
        screen.say(format!("… and {more} more; --output json has all of them"));
    }
}
