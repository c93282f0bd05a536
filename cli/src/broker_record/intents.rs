//! Writes that the broker has announced but not finished.

use broker::timing::Timing;
use serde::Serialize;
use time::{Duration, OffsetDateTime};

use super::row::Row;
use crate::timestamps::to_the_second;

/// An intent whose outcome is not on record yet.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OpenIntent {
    /// When the write was announced.
    #[serde(skip_serializing_if = "Option::is_none")]
    intended_at: Option<String>,
    age_seconds: Option<i64>,
    /// Whether it is so old that the broker logs an error: it was forgotten, or cannot be settled.
    pub(crate) overdue: bool,
    row: Row,
}

impl OpenIntent {
    /// Reads a row. An intent without a readable time counts as overdue, because it would never become due.
    pub(crate) fn of(row: Row, now: OffsetDateTime) -> Self {
        let at = row.time("intendedAt");
        let age = at.map(|at| now - at);
        Self {
            intended_at: at.map(to_the_second),
            age_seconds: age.map(Duration::whole_seconds),
            overdue: age.is_none_or(|age| age > Timing::default().intent_late),
            row,
        }
    }

    /// Describes the intent: how old it is, what it was about, and for which requester.
    pub(crate) fn sentence(&self) -> String {
        let age = self.age_seconds.map_or_else(
            || "of unknown age".to_owned(),
            |seconds| format!("{} old", duration(seconds)),
        );
        let action = self.row.text("action").unwrap_or("change");
        let requester = self.row.text("requester").unwrap_or("an unknown requester");
        format!("{action} {}, {age}, requested by {requester}", self.row.grant())
    }
}

/// Formats a duration for people.
pub(crate) fn duration(seconds: i64) -> String {
    match seconds.max(0) {
        seconds @ 0..60 => format!("{seconds} s"),
        seconds @ 60..7_200 => format!("{} min", seconds / 60),
        seconds @ 7_200..172_800 => format!("{} h", seconds / 3_600),
        seconds => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use time::macros::datetime;

    use super::*;

    #[test]
    fn an_intent_is_overdue_after_half_an_hour_or_without_a_time() {
        let now = datetime!(2026-08-20 10:30 UTC);
        for (at, overdue) in [
            (json!("2026-08-20T10:29:59Z"), false),
            (json!("2026-08-20T10:00:00.0000000Z"), false),
            (json!("2026-08-20T09:59:59Z"), true),
            (json!("2026-08-20T10:31:00Z"), false),
            (json!("soon"), true),
            (json!(5), true),
            (Value::Null, true),
        ] {
            let Value::Object(entity) = json!({ "intendedAt": at }) else { panic!() };
            assert_eq!(OpenIntent::of(Row::from(entity), now).overdue, overdue, "{at}");
        }
    }
}
