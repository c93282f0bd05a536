//! The envelope of a timer (Azure `WebJobs` SDK extensions, `TimerInfo` and `ScheduleStatus`).

use time::{
    OffsetDateTime, UtcOffset, format_description::BorrowedFormatItem, macros::format_description,
};

use super::{body::body, system_data::SystemData, value::Metadata};
use crate::{ordered_json::Json, schedule_monitor::ScheduleStatus};

const WHOLE_SECONDS: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");
/// The precision of .NET's dates: ticks of 100 ns.
const TICKS: &[BorrowedFormatItem<'_>] = format_description!("[subsecond digits:7]");

/// A run of a timer.
pub(crate) struct TimerInput<'a> {
    pub(crate) binding: &'a str,
    pub(crate) adjusts_for_dst: bool,
    pub(crate) status: Option<ScheduleStatus>,
}

/// The envelope.
pub(crate) fn of_timer(input: &TimerInput<'_>, system: &SystemData) -> String {
    let status = input.status.map(|status| {
        Json::object([
            ("Last", moment(status.last)),
            ("Next", moment(status.next)),
            ("LastUpdated", moment(status.last_updated)),
        ])
    });
    let data = Json::object([
        ("Schedule", Json::object([("AdjustForDST", Json::Bool(input.adjusts_for_dst))])),
        ("ScheduleStatus", status.unwrap_or(Json::Null)),
        ("IsPastDue", Json::Bool(false)),
    ]);
    body(input.binding, data, Metadata::from([("sys".to_owned(), system.json())]))
}

/// Formats a time without trailing zeros in its fraction.
fn moment(time: OffsetDateTime) -> Json {
    let utc = time.to_offset(UtcOffset::UTC);
    // Formatting fails only for a time without a date.
    let seconds = utc.format(WHOLE_SECONDS).unwrap_or_default();
    let ticks = utc.format(TICKS).unwrap_or_default();
    let ticks = ticks.trim_end_matches('0');
    let dot = if ticks.is_empty() { "" } else { "." };
    Json::Text(format!("{seconds}{dot}{ticks}+00:00"))
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;
    use uuid::uuid;

    use super::*;
    use crate::envelope::documented::documented;

    fn envelope(status: Option<ScheduleStatus>) -> String {
        let input = TimerInput { binding: "timer", adjusts_for_dst: true, status };
        let system = SystemData {
            function: "Tick".to_owned(),
            now: datetime!(2026-01-09 03:05:00.0104321 UTC),
            random_guid: uuid!("f2a6a52c-3f58-4ed1-b2b7-7fd3f8f1b5a4"),
        };
        of_timer(&input, &system)
    }

    #[test]
    fn without_a_status_the_member_is_null() {
        let value: serde_json::Value = serde_json::from_str(&envelope(None)).unwrap();
        assert_eq!(value["Data"]["timer"]["ScheduleStatus"], serde_json::Value::Null);
    }

    #[test]
    fn the_envelope_equals_the_documented_one() {
        let last = datetime!(2026-01-09 03:00:00.0012345 UTC);
        let next = datetime!(2026-01-09 03:05:00 UTC);
        let body = envelope(Some(ScheduleStatus { last, next, last_updated: last }));
        assert_eq!(body, documented("timer-invocation.json"));
    }
}
