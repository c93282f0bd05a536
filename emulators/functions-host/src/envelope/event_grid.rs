//! The envelope of an event, in either schema (Azure SDK for .NET,
//! `EventGridTriggerAttributeBindingProvider`).

use super::{body::body, system_data::SystemData, value::Metadata};
use crate::{dotnet_dates, ordered_json::Json};

/// The envelope. The event is unchanged except for its dates.
pub(crate) fn of_event(binding: &str, event: &Json, system: &SystemData) -> String {
    let event = dotnet_dates::rewrite(event);
    let mut metadata = Metadata::new();
    match event.get("data") {
        None | Some(Json::Null) => {}
        Some(data @ Json::Object(_)) => drop(metadata.insert("data".to_owned(), data.clone())),
        Some(other) => drop(metadata.insert("data".to_owned(), Json::Text(other.compact()))),
    }
    metadata.insert("sys".to_owned(), system.json());
    body(binding, event, metadata)
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;
    use uuid::uuid;

    use super::*;
    use crate::envelope::documented::documented;

    fn envelope(event: &Json) -> String {
        let system = SystemData {
            function: "OnEvent".to_owned(),
            now: datetime!(2026-01-09 03:04:06.1234567 UTC),
            random_guid: uuid!("2b6f3b2e-8a70-4d5f-86a0-6c9f4b1f9d10"),
        };
        of_event("event", event, &system)
    }

    fn value(event: &str) -> serde_json::Value {
        let event = Json::parse(event.as_bytes()).unwrap();
        serde_json::from_str(&envelope(&event)).unwrap()
    }

    #[test]
    fn data_that_is_not_an_object_becomes_a_text_of_json_in_the_metadata() {
        for (data, expected) in [(r#""x""#, r#""x""#), ("5", "5"), ("[1]", "[1]")] {
            let value = value(&format!(r#"{{"data":{data}}}"#));
            assert_eq!(value["Metadata"]["data"], expected);
            assert_eq!(value["Data"]["event"]["data"].to_string(), data);
        }
        assert_eq!(value("{}")["Metadata"].get("data"), None);
        assert_eq!(value(r#"{"data":null}"#)["Metadata"].get("data"), None);
    }

    #[test]
    fn dates_are_rewritten() {
        let event = value(
            r#"{"time":"2026-01-09T03:04:05.1200000Z","data":{"t":"2026-01-09T05:04:05+02:00"}}"#,
        );
        assert_eq!(event["Data"]["event"]["time"], "2026-01-09T03:04:05.12Z");
        assert_eq!(event["Metadata"]["data"]["t"], "2026-01-09T03:04:05+00:00");
    }

    #[test]
    fn the_envelope_equals_the_documented_one() {
        for file in ["event-grid-invocation.json", "event-grid-invocation-cloud-event.json"] {
            let documented = documented(file);
            let whole = Json::parse(documented.as_bytes()).unwrap();
            let event = whole.get("Data").and_then(|data| data.get("event")).unwrap();
            assert_eq!(envelope(event), documented);
        }
    }
}
