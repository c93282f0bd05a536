//! What results say about assignments and their ends.

use serde::Deserialize;
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

/// A role in a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) request_id: String,
    pub(crate) status: String,
    /// The code of a failure; empty without one.
    pub(crate) code: String,
    /// The assignment; empty if the result names none.
    pub(crate) assignment_id: String,
    /// When the assignment ends, by the result.
    pub(crate) end: Option<OffsetDateTime>,
    /// When its delivery began.
    pub(crate) started: OffsetDateTime,
    /// When the result was made.
    pub(crate) finished: OffsetDateTime,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ResultMessage {
    request_id: String,
    started_at: String,
    duration_ms: i64,
    roles: Vec<RoleOutcome>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RoleOutcome {
    status: String,
    #[serde(default)]
    code: String,
    #[serde(default)]
    assignment_id: String,
    end_date_time: Option<String>,
}

impl Outcome {
    /// Reads a message of the queue of results; `None` if it is not a result.
    pub(crate) fn read(text: &str) -> Option<Vec<Self>> {
        let message: ResultMessage = serde_json::from_str(text).ok()?;
        let started = OffsetDateTime::parse(&message.started_at, &Rfc3339).ok()?;
        let finished = started + Duration::milliseconds(message.duration_ms);
        let outcomes = message.roles.into_iter().map(|role| {
            let end = match role.end_date_time {
                None => None,
                Some(text) => Some(OffsetDateTime::parse(&text, &Rfc3339).ok()?),
            };
            Some(Self {
                request_id: message.request_id.clone(),
                status: role.status,
                code: role.code,
                assignment_id: role.assignment_id,
                end,
                started,
                finished,
            })
        });
        outcomes.collect()
    }

    /// Whether the result says that the role is held.
    pub(crate) fn is_held(&self) -> bool {
        matches!(self.status.as_str(), "assigned" | "alreadyAssigned")
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_result_tells_when_it_was_made_and_when_each_assignment_ends() {
        let text = r#"{"requestId":"a","startedAt":"2026-11-26T10:00:00Z","durationMs":1500,
            "roles":[{"status":"assigned","assignmentId":"x","endDateTime":"2026-11-26T11:00:00Z"},
                {"status":"failed","code":"throttled"}]}"#;
        let [first, second] = <[Outcome; 2]>::try_from(Outcome::read(text).unwrap()).unwrap();
        assert_eq!(first.finished, datetime!(2026-11-26 10:00:01.5 UTC));
        assert_eq!(first.end, Some(datetime!(2026-11-26 11:00 UTC)));
        assert!(first.is_held() && !second.is_held());
        assert_eq!((&*second.code, &*second.assignment_id), ("throttled", ""));
        assert_eq!(Outcome::read("{}"), None);
    }
}
