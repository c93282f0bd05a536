//! The envelope of a timer (Azure `WebJobs` SDK extensions, `TimerInfo` and `ScheduleStatus`).

use time::{
    OffsetDateTime, UtcOffset, format_description::BorrowedFormatItem, macros::format_description,
};

use super::{body::body, system_data::SystemData, value::Metadata};
use crate::ordered_json::Json;

const WHOLE_SECONDS: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");
/// The precision of .NET's dates: ticks of 100 ns.
const TICKS: &[BorrowedFormatItem<'_>] = format_description!("[subsecond digits:7]");

/// The status of a schedule at the end of a run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ScheduleStatus {
    pub(crate) last: OffsetDateTime,
    pub(crate) next: OffsetDateTime,
    pub(crate) last_updated: OffsetDateTime,
}

/// A run of a timer.
pub(crate) struct TimerInput<'a> {
    pub(crate) binding: &'a str,
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
        ("Schedule", Json::object([("AdjustForDST", Json::Bool(true))])),
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

    #[test]
    fn the_envelope_equals_the_documented_one() {
        let last = datetime!(2026-01-09 03:00:00.0012345 UTC);
        let next = datetime!(2026-01-09 03:05:00 UTC);
        let status = Some(ScheduleStatus { last, next, last_updated: last });
        let system = SystemData {
            function: "Tick".to_owned(),
            now: datetime!(2026-01-09 03:05:00.0104321 UTC),
            random_guid: uuid!("f2a6a52c-3f58-4ed1-b2b7-7fd3f8f1b5a4"),
        };
        let body = of_timer(&TimerInput { binding: "timer", status }, &system);
        assert_eq!(body, documented("timer-invocation.json"));
    }
}
