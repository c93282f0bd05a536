//! What came of the requests: every result, as it is taken from the results queue.

use std::{collections::BTreeMap, fmt};

use serde::Deserialize;

/// Where a role stands, by one result.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum State {
    /// `assigned` or `alreadyAssigned`.
    Held,
    /// `revoked` or `alreadyRevoked`.
    NotHeld,
    /// Any other status.
    Other(String),
}

/// One result: the state of each role, by the role's value.
pub(super) type RoleStates = BTreeMap<String, State>;

/// A status, and the code that says more of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub(super) struct Status {
    pub(super) status: String,
    pub(super) code: Option<String>,
}

/// All results.
#[derive(Debug, Default)]
pub(super) struct Book {
    results: BTreeMap<String, Vec<RoleStates>>,
    statuses: BTreeMap<Status, usize>,
    unreadable: usize,
}

/// What is read of a result.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ResultMessage {
    request_id: String,
    roles: Vec<RoleOutcome>,
}

#[derive(Deserialize)]
struct RoleOutcome {
    requested: Option<String>,
    value: Option<String>,
    #[serde(flatten)]
    status: Status,
}

impl State {
    fn of(status: &str) -> Self {
        match status {
            "assigned" | "alreadyAssigned" => Self::Held,
            "revoked" | "alreadyRevoked" => Self::NotHeld,
            other => Self::Other(other.to_owned()),
        }
    }
}

impl Book {
    /// Takes a message of the results queue.
    pub(super) fn note(&mut self, text: &str) {
        let Ok(message) = serde_json::from_str::<ResultMessage>(text) else {
            self.unreadable += 1;
            return;
        };
        let mut states = RoleStates::new();
        for role in message.roles {
            let name = role.requested.or(role.value).unwrap_or_default();
            states.insert(name, State::of(&role.status.status));
            *self.statuses.entry(role.status).or_default() += 1;
        }
        self.results.entry(message.request_id).or_default().push(states);
    }

    /// How many requests have a result.
    pub(super) fn finished(&self) -> usize {
        self.results.len()
    }

    /// All results of a request.
    pub(super) fn results_of(&self, request_id: &str) -> &[RoleStates] {
        self.results.get(request_id).map(Vec::as_slice).unwrap_or_default()
    }

    /// How many results there are.
    pub(super) fn result_count(&self) -> usize {
        self.results.values().map(Vec::len).sum()
    }

    /// How often each status was given to a role.
    pub(super) fn statuses(&self) -> &BTreeMap<Status, usize> {
        &self.statuses
    }

    /// How many messages were no results of this run.
    pub(super) fn unreadable(&self) -> usize {
        self.unreadable
    }
}

impl fmt::Display for Status {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.code {
            Some(code) => write!(formatter, "{} ({code})", self.status),
            None => formatter.write_str(&self.status),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_that_is_no_result_is_counted() {
        let mut book = Book::default();
        book.note("{}");
        assert_eq!((book.unreadable(), book.finished()), (1, 0));
    }

    #[test]
    fn results_of_a_request_are_kept_apart_and_statuses_counted_together() {
        let mut book = Book::default();
        for outcome in [
            r#""status":"assigned""#,
            r#""status":"alreadyAssigned""#,
            r#""status":"failed","code":"throttled""#,
        ] {
            book.note(&format!(
                r#"{{"requestId":"a","roles":[{{"requested":"Orders.Read",{outcome}}}]}}"#
            ));
        }
        let states: Vec<_> =
            book.results_of("a").iter().map(|roles| &roles["Orders.Read"]).collect();
        assert_eq!(states, [&State::Held, &State::Held, &State::Other("failed".to_owned())]);
        assert_eq!((book.finished(), book.result_count()), (1, 3));
        let statuses: Vec<_> = book.statuses().keys().map(ToString::to_string).collect();
        assert_eq!(statuses, ["alreadyAssigned", "assigned", "failed (throttled)"]);
    }
}
