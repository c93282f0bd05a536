//! The envelope of a queue message.

use time::{OffsetDateTime, format_description::BorrowedFormatItem, macros::format_description};

use super::{
    body::body,
    system_data::SystemData,
    value::{Metadata, date, encoded_twice},
};
use crate::{dotnet_base64, ordered_json::Json};

const WHOLE_SECONDS: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]+00:00");

/// The service's properties of a message. A message that was never in a queue has no id and no receipt.
#[derive(Clone, Debug)]
pub(crate) struct MessageProperties {
    pub(crate) id: Option<String>,
    pub(crate) pop_receipt: Option<String>,
    pub(crate) dequeue_count: i64,
    pub(crate) insertion_time: OffsetDateTime,
    pub(crate) expiration_time: OffsetDateTime,
    pub(crate) next_visible_time: OffsetDateTime,
}

/// A message for a queue function.
pub(crate) struct QueueInput<'a> {
    pub(crate) binding: &'a str,
    pub(crate) text: &'a str,
    pub(crate) properties: &'a MessageProperties,
}

/// The envelope for a binding with `"dataType": "binary"`. Otherwise a message could forge its metadata.
pub(crate) fn of_queue(input: &QueueInput<'_>, system: &SystemData) -> String {
    let mut metadata = queue_metadata(input.properties);
    metadata.insert("sys".to_owned(), system.json());
    let data = Json::Text(dotnet_base64::encode(input.text.as_bytes()));
    body(input.binding, data, metadata)
}

fn queue_metadata(properties: &MessageProperties) -> Metadata {
    let optional = |value: &Option<String>| value.as_deref().map(encoded_twice);
    [
        ("DequeueCount", Some(Json::Text(properties.dequeue_count.to_string()))),
        ("ExpirationTime", Some(date(properties.expiration_time, WHOLE_SECONDS))),
        ("Id", optional(&properties.id)),
        ("InsertionTime", Some(date(properties.insertion_time, WHOLE_SECONDS))),
        ("NextVisibleTime", Some(date(properties.next_visible_time, WHOLE_SECONDS))),
        ("PopReceipt", optional(&properties.pop_receipt)),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name.to_owned(), value?)))
    .collect()
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;
    use uuid::uuid;

    use super::*;
    use crate::envelope::documented::documented;

    #[test]
    fn the_envelope_equals_the_documented_one() {
        let properties = MessageProperties {
            id: Some("7d1b0f0e-3f0b-4f0a-8d56-1b2c3d4e5f60".to_owned()),
            pop_receipt: Some("AgAAAAMAAAAAAAAAqs2zT0zq2gE=".to_owned()),
            dequeue_count: 1,
            insertion_time: datetime!(2026-01-09 03:04:05 UTC),
            expiration_time: datetime!(2026-01-16 03:04:05 UTC),
            next_visible_time: datetime!(2026-01-09 03:14:06 UTC),
        };
        let text = r#"{"job":"a1","n":5}"#;
        let input = QueueInput { binding: "msg", text, properties: &properties };
        let system = SystemData {
            function: "ProcessJob".to_owned(),
            now: datetime!(2026-01-09 03:04:06.1234567 UTC),
            random_guid: uuid!("0a8f2c57-1d8c-4c1e-9a55-6f1b0a2d9b77"),
        };
        assert_eq!(of_queue(&input, &system), documented("queue-invocation-binary.json"));
    }
}
