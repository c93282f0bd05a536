//! Joins what a principal holds with what is recorded about it.

use std::{collections::BTreeMap, sync::Arc};

use app_roles::{
    directory::{Api, Assignment},
    names::RoleName,
};
use serde::Serialize;

use crate::{
    broker_record::{End, Row, ShownEnd},
    output::{Line, Screen, Tone},
    timestamps::text_to_the_second,
};

/// The value of `approvedBy` if the rule needs no approval.
const BY_POLICY: &str = "policy";

/// The indent of the lines below a role.
const INDENT: usize = 2;

/// What to do about a change that the broker did not make.
const ELSEWHERE: &str = "Entra's audit log keeps who did it for 30 days";

/// The names of APIs and of their roles, as the tenant states them.
#[derive(Debug, Default)]
pub(super) struct Names(Vec<Arc<Api>>);

/// An assignment that exists now.
#[derive(Debug)]
pub(super) struct Holding {
    key: Key,
    api: Option<String>,
    role: Option<String>,
    assignment_id: String,
    created: Option<String>,
    end: Option<End>,
}

/// An API and one of its roles, by their ids as texts: rows may contain texts other than GUIDs.
type Key = (String, String);

/// A role of an API, and its history.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Grant {
    api: String,
    api_id: String,
    role: String,
    role_id: String,
    /// Whether the principal holds the role now.
    held: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<String>,
    #[serde(flatten)]
    shown_end: Option<ShownEnd>,
    /// The recorded changes, newest first.
    changes: Vec<Change>,
    /// What the record does not explain, in a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    not_on_record: Option<String>,
}

/// A change on record.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Change {
    at: String,
    status: String,
    requester: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    approved_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_date_time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    assignment_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    invocation_id: Option<String>,
}

impl Names {
    /// The names of these APIs.
    pub(super) fn of(apis: &[Arc<Api>]) -> Self {
        Self(apis.to_vec())
    }
}

impl Holding {
    /// An assignment, with the names of its parts.
    pub(super) fn new(assignment: &Assignment, names: &Names, end: Option<End>) -> Self {
        let api = names.0.iter().find(|api| api.object_id == assignment.api);
        let role = api.and_then(|api| api.role(&RoleName::from(assignment.role)).ok());
        Self {
            key: (assignment.api.to_string(), assignment.role.to_string()),
            api: api.map(|api| api.display_name.clone()),
            role: role.and_then(|role| role.value),
            assignment_id: assignment.id.clone(),
            created: assignment.created.clone(),
            end,
        }
    }
}

/// Joins what is held with rows, newest first. `is_known` says whether what is held was read.
pub(super) fn joined(held: Vec<Holding>, rows: &[Row], is_known: bool) -> Vec<Grant> {
    let mut grants: BTreeMap<Key, (Option<Holding>, Vec<&Row>)> = BTreeMap::new();
    for holding in held {
        let key = holding.key.clone();
        grants.entry(key).or_default().0 = Some(holding);
    }
    for row in rows {
        let text = |name| row.text(name).unwrap_or_default().to_ascii_lowercase();
        grants.entry((text("apiId"), text("appRoleId"))).or_default().1.push(row);
    }
    let mut grants: Vec<_> = grants
        .into_iter()
        .map(|(key, (holding, rows))| Grant::of(key, holding, &rows, is_known))
        .collect();
    grants.sort_by(|one, other| {
        (!one.held, &one.api, &one.role).cmp(&(!other.held, &other.api, &other.role))
    });
    grants
}

impl Grant {
    fn of(key: Key, holding: Option<Holding>, rows: &[&Row], is_known: bool) -> Self {
        let first = |name: &str| rows.iter().find_map(|row| row.text(name)).map(str::to_owned);
        let not_on_record = is_known.then(|| not_on_record(holding.as_ref(), rows)).flatten();
        let held = holding.is_some();
        let (api, role, since, end) =
            holding.map(|one| (one.api, one.role, one.created, one.end)).unwrap_or_default();
        let (api_id, role_id) = key;
        let api = api.or_else(|| first("apiDisplayName")).unwrap_or_else(|| api_id.clone());
        let role = role.or_else(|| first("appRoleValue")).unwrap_or_else(|| role_id.clone());
        let changes = rows.iter().map(|row| Change::of(row)).collect();
        let shown_end = end.map(End::shown);
        Self { api, api_id, role, role_id, held, since, shown_end, changes, not_on_record }
    }

    /// Prints the role, a line for each change, and what is not on record.
    pub(super) fn show(&self, screen: Screen) {
        let (tone, state) = if self.held { (Tone::Good, "held") } else { (Tone::Bad, "not held") };
        let mut line =
            Line::from(format!("{} on {}: ", self.role, self.api)).then_painted(tone, state);
        if let Some(since) = &self.since {
            line = line.then(&format!(" since {}", text_to_the_second(since)));
        }
        if let Some(end) = &self.shown_end {
            let end = text_to_the_second(&end.end_date_time);
            line = line.then(&format!(", ends at {end}"));
        }
        screen.entry(line, INDENT);
        for change in &self.changes {
            screen.entry(change.line(), Row::INDENT);
        }
        if let Some(sentence) = &self.not_on_record {
            screen.entry(format!("  not on record: {sentence}"), INDENT);
        }
    }
}

/// Says what the record does not know: rows are newest first.
fn not_on_record(holding: Option<&Holding>, rows: &[&Row]) -> Option<String> {
    let decided = rows.iter().find(|row| row.text("status") != Some("unknown"));
    let is_assigned = decided.is_some_and(|row| row.text("status") == Some("assigned"));
    let Some(holding) = holding else {
        return is_assigned.then(|| {
            format!("who removed it: the broker did not; {ELSEWHERE}, and a deleted API takes its roles along")
        });
    };
    let recorded = decided.and_then(|row| row.text("assignmentId"));
    let is_same = recorded.is_none_or(|id| id == holding.assignment_id);
    match (rows.is_empty(), is_assigned) {
        (_, true) if is_same => None,
        (_, true) => Some(format!(
            "who assigned it: what the broker assigned is gone, and this is another assignment; {ELSEWHERE}"
        )),
        (true, false) => Some(format!(
            "who assigned it: it was not the broker, or it was before its record began; {ELSEWHERE}"
        )),
        (false, false) => Some(format!(
            "who assigned it after the last change on record: it was not the broker; {ELSEWHERE}"
        )),
    }
}

impl Change {
    fn of(row: &Row) -> Self {
        let text = |name| row.text(name).map(str::to_owned);
        Self {
            at: text("startedAt").or_else(|| text("Timestamp")).unwrap_or_default(),
            status: text("status").unwrap_or_default(),
            requester: text("requester").unwrap_or_default(),
            rule: text("rule"),
            approved_by: text("approvedBy"),
            reason: text("reason"),
            request_id: text("requestId"),
            end_date_time: text("endDateTime"),
            assignment_id: text("assignmentId"),
            invocation_id: text("invocationId"),
        }
    }

    /// When, what, by whom and why.
    fn line(&self) -> Line {
        let tone = match self.status.as_str() {
            "assigned" | "revoked" => Tone::Good,
            _ => Tone::Warning,
        };
        let at = match self.at.as_str() {
            "" => "at an unknown time".to_owned(),
            at => text_to_the_second(at),
        };
        let line = Line::from(format!("  {at}  ")).then_painted(tone, &self.status);
        let requester = match self.requester.as_str() {
            "" => "an unknown requester",
            requester => requester,
        };
        let mut text = format!(" for {requester}");
        let approvers = self.approved_by.as_deref().filter(|by| *by != BY_POLICY);
        let end = self.end_date_time.as_deref().map(text_to_the_second);
        for (word, value) in [
            ("until", end.as_deref()),
            ("approved by", approvers),
            ("rule", self.rule.as_deref()),
            ("request", self.request_id.as_deref()),
            ("reason", self.reason.as_deref()),
        ] {
            if let Some(value) = value {
                text.push_str(&format!(", {word} {value}"));
            }
        }
        line.then(&text)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const API: &str = "c0a70500-0000-4000-8000-0000000000b0";
    const ROLE: &str = "c0a70500-0000-4000-8000-0000000000b2";

    fn row(status: &str, assignment: &str) -> Row {
        let columns = json!({ "apiId": API.to_uppercase(), "appRoleId": ROLE, "status": status,
                              "assignmentId": assignment, "requester": "queue:app-role-requests" });
        let Value::Object(columns) = columns else { panic!() };
        Row::from(columns)
    }

    fn holding(assignment: &str) -> Holding {
        Holding {
            key: (API.to_owned(), ROLE.to_owned()),
            api: Some("Orders API".to_owned()),
            role: Some("Orders.Read".to_owned()),
            assignment_id: assignment.to_owned(),
            created: None,
            end: None,
        }
    }

    #[test]
    fn what_the_record_does_not_know_is_said() {
        for (held, rows, expected) in [
            (None, vec![], None),
            (None, vec![row("revoked", "a"), row("assigned", "a")], None),
            (None, vec![row("unknown", "a"), row("revoked", "a")], None),
            (None, vec![row("assigned", "a")], Some("who removed it")),
            (None, vec![row("unknown", ""), row("assigned", "a")], Some("who removed it")),
            (Some("a"), vec![row("assigned", "a"), row("revoked", "b")], None),
            (Some("a"), vec![row("assigned", "")], None),
            (Some("a"), vec![row("assigned", "b")], Some("another assignment")),
            (Some("a"), vec![], Some("before its record began")),
            (
                Some("a"),
                vec![row("revoked", "b"), row("assigned", "b")],
                Some("after the last change"),
            ),
            (Some("a"), vec![row("unknown", "b")], Some("after the last change")),
        ] {
            let is_empty = held.is_none() && rows.is_empty();
            let grants = joined(held.map(holding).into_iter().collect(), &rows, true);
            let [grant] = grants.as_slice() else {
                assert!(is_empty && grants.is_empty());
                continue;
            };
            assert_eq!((grant.held, grant.changes.len()), (held.is_some(), rows.len()));
            let said = grant.not_on_record.as_deref();
            assert_eq!(said.is_some(), expected.is_some(), "{said:?} {expected:?}");
            assert!(said.unwrap_or_default().contains(expected.unwrap_or_default()), "{said:?}");
        }
    }

    #[test]
    fn nothing_is_said_about_a_principal_whose_roles_were_not_read() {
        let grants = joined(Vec::new(), &[row("assigned", "a")], false);
        assert!(grants.iter().all(|grant| grant.not_on_record.is_none() && !grant.held));
    }
}
