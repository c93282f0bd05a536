//! The body that the Functions host posts for a message of the queue of requests.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use time::{
    Duration, OffsetDateTime, format_description::BorrowedFormatItem, macros::format_description,
};
use uuid::Uuid;

const WHOLE_SECONDS: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]+00:00");
const SEVEN_DECIMALS: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:7]Z");

/// A message's lifetime, and its visibility timeout while it is processed.
const LIFE: Duration = Duration::days(7);
const LEASE: Duration = Duration::minutes(10);

/// The envelope of the first delivery of a message that is sent now.
pub(crate) fn envelope(message: &str) -> String {
    of("AssignRole", "request", message, OffsetDateTime::now_utc())
}

fn of(function: &str, binding: &str, message: &str, now: OffsetDateTime) -> String {
    let id = Uuid::new_v4;
    let seconds = |moment: OffsetDateTime| moment.format(WHOLE_SECONDS).unwrap_or_default();
    let precise = now.format(SEVEN_DECIMALS).unwrap_or_default();
    let (data, receipt) = (STANDARD.encode(message), STANDARD.encode(id().as_bytes()));
    let (sent, expires, visible) = (seconds(now), seconds(now + LIFE), seconds(now + LEASE));
    let (message_id, random) = (id(), id());
    format!(
        r#"{{"Data":{{"{binding}":"{data}"}},"Metadata":{{"DequeueCount":"1","ExpirationTime":"{expires}","Id":"\"{message_id}\"","InsertionTime":"{sent}","NextVisibleTime":"{visible}","PopReceipt":"\"{receipt}\"","sys":{{"MethodName":"{function}","UtcNow":"{precise}","RandGuid":"{random}"}}}}}}"#
    )
}

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use time::macros::datetime;

    use super::*;

    const DOCUMENTED: &str = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/data/functions-host/queue-invocation-binary.json"
    );

    /// An envelope without the values that differ from message to message.
    fn shape(mut envelope: Value) -> Value {
        for pointer in [
            "/Metadata/Id",
            "/Metadata/NextVisibleTime",
            "/Metadata/PopReceipt",
            "/Metadata/sys/RandGuid",
        ] {
            *envelope.pointer_mut(pointer).unwrap() = Value::Null;
        }
        envelope
    }

    #[test]
    fn the_envelope_equals_the_documented_one() {
        let documented: Value =
            serde_json::from_str(&std::fs::read_to_string(DOCUMENTED).unwrap()).unwrap();
        let now = datetime!(2026-01-09 03:04:05 UTC);
        let message = r#"{"job":"a1","n":5}"#;
        let made = of("ProcessJob", "msg", message, now);
        let mut made: Value = serde_json::from_str(&made).unwrap();
        let now = made.pointer_mut("/Metadata/sys/UtcNow").unwrap().take();
        assert_eq!(now.as_str().map(str::len), Some("2026-01-09T03:04:06.1234567Z".len()));
        *made.pointer_mut("/Metadata/sys/UtcNow").unwrap() =
            documented["Metadata"]["sys"]["UtcNow"].clone();
        assert_eq!(shape(made), shape(documented));
    }
}
