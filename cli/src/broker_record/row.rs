//! A row of one of the broker's tables.

use serde::Serialize;
use serde_json::{Map, Value};
use time::{Duration, OffsetDateTime};

use crate::{
    output::{Line, Tone},
    timestamps,
};

/// The longest text of a row that a line for people shows, in characters. Texts come from requesters.
const LONGEST_TEXT: usize = 120;

/// The value of `approvedBy` if the rule needs no approval. Lines for people leave it out.
const BY_POLICY: &str = "policy";

/// What a line shows for an unknown value.
const UNKNOWN: &str = "?";

/// A row as it is stored.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub(crate) struct Row(Map<String, Value>);

impl From<Map<String, Value>> for Row {
    fn from(entity: Map<String, Value>) -> Self {
        Self(entity)
    }
}

impl Row {
    /// The indent of the second line of [`Self::line`]: the width of a time and the space after it.
    pub(crate) const INDENT: usize = 22;

    /// The columns of rows that are printed one by one for programs, so the columns must be known in
    /// advance.
    pub(crate) const COLUMNS: [&str; 27] = [
        "startedAt",
        "status",
        "code",
        "action",
        "principalId",
        "principalDisplayName",
        "requestedPrincipal",
        "apiId",
        "apiDisplayName",
        "requestedApi",
        "appRoleId",
        "appRoleValue",
        "requestedRole",
        "requester",
        "rule",
        "approvedBy",
        "approvalId",
        "requestId",
        "reason",
        "message",
        "endDateTime",
        "effectiveBy",
        "graphRequestId",
        "invocationId",
        "policySha256",
        "PartitionKey",
        "RowKey",
    ];

    /// The columns.
    pub(crate) fn entity(&self) -> &Map<String, Value> {
        &self.0
    }

    /// Returns a text that is not empty.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    /// Returns a time in RFC 3339.
    pub(crate) fn time(&self, name: &str) -> Option<OffsetDateTime> {
        self.text(name).and_then(timestamps::parse)
    }

    /// Returns a number of milliseconds. The table service writes long numbers as texts.
    pub(crate) fn milliseconds(&self, name: &str) -> Option<Duration> {
        let number = match self.0.get(name)? {
            Value::String(text) => text.parse().ok()?,
            other => other.as_i64()?,
        };
        Some(Duration::milliseconds(number))
    }

    /// Returns whether a column is true.
    pub(crate) fn is(&self, name: &str) -> bool {
        self.0.get(name) == Some(&Value::Bool(true))
    }

    /// The key of the partition, and the key within it.
    pub(crate) fn keys(&self) -> (&str, &str) {
        (self.text("PartitionKey").unwrap_or_default(), self.text("RowKey").unwrap_or_default())
    }

    /// The order of rows in all partitions, newest first: the keys begin with an inverted time.
    pub(crate) fn newest_first(&self) -> (String, String) {
        let (partition, key) = self.keys();
        (key.to_owned(), partition.to_owned())
    }

    /// When the table service stored the row.
    pub(crate) fn stored(&self) -> Option<OffsetDateTime> {
        self.time("Timestamp")
    }

    /// Names the grant: the role, its API and the principal.
    pub(crate) fn grant(&self) -> String {
        let role = self.first_of(&["appRoleValue", "requestedRole", "appRoleId"]);
        let api = self.first_of(&["apiDisplayName", "requestedApi", "apiId", "apiAppId"]);
        let principal = self.first_of(&["principalDisplayName", "requestedPrincipal"]);
        let partition = || shortened(self.text("PartitionKey").unwrap_or(UNKNOWN));
        let principal = principal.unwrap_or_else(partition);
        let word = if self.text("action") == Some("revoke") { "from" } else { "to" };
        let [role, api] = [role, api].map(|text| text.unwrap_or_else(|| UNKNOWN.to_owned()));
        format!("{role} on {api} {word} {principal}")
    }

    /// Describes a row of the audit table: when, what, about which grant, and for which requester.
    pub(crate) fn line(&self) -> Line {
        let at = self.first_of(&["startedAt", "Timestamp"]);
        let at = at.as_deref().map(timestamps::text_to_the_second);
        let at = at.unwrap_or_else(|| "at an unknown time".to_owned());
        let status = self.first_of(&["status"]).unwrap_or_else(|| UNKNOWN.to_owned());
        let line = Line::from(format!("{at}  ")).then_painted(tone(&status), &status);
        line.then(&format!("  {}{}", self.grant(), self.details()))
    }

    fn details(&self) -> String {
        let mut text = String::new();
        if let Some(end) = self.first_of(&["endDateTime"]) {
            text.push_str(&format!(", until {}", timestamps::text_to_the_second(&end)));
        }
        if let Some(message) = self.first_of(&["message", "code"]) {
            text.push_str(&format!(": {message}"));
        }
        // The message of such a row also states this, unless another version wrote it.
        if self.is("settledLater") && !text.contains("settled later") {
            text.push_str(" (settled later)");
        }
        let requester = self.first_of(&["requester"]).unwrap_or_else(|| UNKNOWN.to_owned());
        let by = if self.is_of_approver() { "decided by" } else { "requested by" };
        text.push_str(&format!("; {by} {requester}"));
        let approvers = self.first_of(&["approvedBy"]).filter(|by| by != BY_POLICY);
        for (word, value) in
            [("approved by", approvers), ("approval", self.first_of(&["approvalId"]))]
        {
            if let Some(value) = value {
                text.push_str(&format!(", {word} {value}"));
            }
        }
        for (name, word) in [("rule", "rule"), ("requestId", "request"), ("reason", "reason")] {
            if let Some(value) = self.first_of(&[name]) {
                text.push_str(&format!(", {word} \"{value}\""));
            }
        }
        text
    }

    /// Returns whether the row is the decision of an approver, who is then its requester.
    fn is_of_approver(&self) -> bool {
        matches!(self.text("status"), Some("approvalGiven" | "approvalDenied"))
    }

    /// Returns the first of these columns that has a text, shortened for people.
    fn first_of(&self, names: &[&str]) -> Option<String> {
        names.iter().find_map(|name| self.text(name)).map(shortened)
    }
}

/// The color of a status.
fn tone(status: &str) -> Tone {
    match status {
        "assigned" | "revoked" | "alreadyAssigned" | "alreadyRevoked" | "approvalGiven" => {
            Tone::Good
        }
        "wouldAssign" | "wouldRevoke" | "notAttempted" | "notWritten" | "pendingApproval" => {
            Tone::Warning
        }
        _ => Tone::Bad,
    }
}

/// Shortens a text for people.
fn shortened(text: &str) -> String {
    let mut characters = text.chars();
    let mut short: String = characters.by_ref().take(LONGEST_TEXT).collect();
    if characters.next().is_some() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn row(value: Value) -> Row {
        let Value::Object(map) = value else { panic!("{value}") };
        Row(map)
    }

    #[test]
    fn a_row_without_any_known_column_is_still_a_line() {
        for empty in [json!({}), json!({ "status": 5, "startedAt": null, "x": [] })] {
            let line = row(empty).line();
            let expected = Line::from("at an unknown time  ".to_owned())
                .then_painted(Tone::Bad, "?")
                .then("  ? on ? to ?; requested by ?");
            assert_eq!(line, expected);
        }
    }

    #[test]
    fn a_long_text_is_shortened_between_characters() {
        assert_eq!(shortened(&"ü".repeat(LONGEST_TEXT)).chars().count(), LONGEST_TEXT);
        let cut = shortened(&"ü".repeat(LONGEST_TEXT + 1));
        assert_eq!((cut.chars().count(), cut.ends_with('…')), (LONGEST_TEXT + 1, true));
    }

    #[test]
    fn long_numbers_are_read_from_texts_too() {
        for value in [json!(1500), json!("1500")] {
            let duration = row(json!({ "durationMs": value })).milliseconds("durationMs");
            assert_eq!(duration, Some(Duration::milliseconds(1500)));
        }
        for value in [json!("x"), json!(null), json!(1.5), json!(true)] {
            assert_eq!(row(json!({ "durationMs": value })).milliseconds("durationMs"), None);
        }
    }
}
