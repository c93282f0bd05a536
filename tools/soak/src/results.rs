//! The results of the requests, as they are taken from the queue of results.

use std::{collections::BTreeMap, fmt};

use serde::Deserialize;

/// The state of a role after a request, by one result.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum State {
    /// `assigned` or `alreadyAssigned`.
    Held,
    /// `revoked` or `alreadyRevoked`.
    NotHeld,
    /// `unknown`: the result says nothing about the state.
    Unknown,
    /// Any other status.
    Other(String),
}

/// One result: the state of each role, by the role's value.
pub(crate) type RoleStates = BTreeMap<String, State>;

/// A status with its error code.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub(crate) struct Status {
    pub(crate) status: String,
    pub(crate) code: Option<String>,
}

/// All results so far.
#[derive(Debug, Default)]
pub(crate) struct Results {
    by_request: BTreeMap<String, Vec<RoleStates>>,
    statuses: BTreeMap<Status, usize>,
    unreadable: usize,
}

/// The fields of a result that the checks need.
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
            "unknown" => Self::Unknown,
            other => Self::Other(other.to_owned()),
        }
    }
}

impl Results {
    /// Adds a message of the queue of results.
    pub(crate) fn add(&mut self, text: &str) {
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
        self.by_request.entry(message.request_id).or_default().push(states);
    }

    /// The number of requests that have a result.
    pub(crate) fn finished(&self) -> usize {
        self.by_request.len()
    }

    /// All results of a request.
    pub(crate) fn results_of(&self, request_id: &str) -> &[RoleStates] {
        self.by_request.get(request_id).map(Vec::as_slice).unwrap_or_default()
    }

    /// The number of results.
    pub(crate) fn count(&self) -> usize {
        self.by_request.values().map(Vec::len).sum()
    }

    /// The number of roles with each status.
    pub(crate) fn statuses(&self) -> &BTreeMap<Status, usize> {
        &self.statuses
    }

    /// The number of messages that are not results.
    pub(crate) fn unreadable(&self) -> usize {
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
    fn a_message_that_is_not_a_result_is_counted() {
        let mut results = Results::default();
        results.add("{}");
        assert_eq!((results.unreadable(), results.finished()), (1, 0));
    }

    #[test]
    fn results_are_kept_by_request_and_statuses_are_counted_over_all_requests() {
        let mut results = Results::default();
        for outcome in [
            r#""status":"assigned""#,
            r#""status":"alreadyAssigned""#,
            r#""status":"failed","code":"throttled""#,
        ] {
            results.add(&format!(
                r#"{{"requestId":"a","roles":[{{"requested":"Orders.Read",{outcome}}}]}}"#
            ));
        }
        let states: Vec<_> =
            results.results_of("a").iter().map(|roles| &roles["Orders.Read"]).collect();
        assert_eq!(states, [&State::Held, &State::Held, &State::Other("failed".to_owned())]);
        assert_eq!((results.finished(), results.count()), (1, 3));
        let statuses: Vec<_> = results.statuses().keys().map(ToString::to_string).collect();
        assert_eq!(statuses, ["alreadyAssigned", "assigned", "failed (throttled)"]);
    }
}
