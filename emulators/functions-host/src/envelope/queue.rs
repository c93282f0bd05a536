//! The envelope of a queue message.

use time::{OffsetDateTime, format_description::BorrowedFormatItem, macros::format_description};

use super::{
    body::body,
    system_data::SystemData,
    value::{Metadata, copy_properties, date, encoded_twice},
};
use crate::{dotnet_base64, function_folder::DataType, ordered_json::Json};

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
    pub(crate) data_type: DataType,
    pub(crate) content: &'a [u8],
    pub(crate) properties: &'a MessageProperties,
}

/// The envelope; an error if the binding is for text and the message is not UTF-8.
pub(crate) fn of_queue(input: &QueueInput<'_>, system: &SystemData) -> Result<String, String> {
    let mut metadata = queue_metadata(input.properties);
    metadata.insert("sys".to_owned(), system.json());
    let data = match input.data_type {
        DataType::Binary => Json::Text(dotnet_base64::encode(input.content)),
        DataType::Text => {
            let text =
                std::str::from_utf8(input.content).map_err(|error| not_text(input, error))?;
            copy_properties(text, &mut metadata);
            encoded_twice(text)
        }
    };
    Ok(body(input.binding, data, metadata))
}

fn not_text(input: &QueueInput<'_>, error: std::str::Utf8Error) -> String {
    format!("Exception binding parameter '{}': the message is not text: {error}", input.binding)
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

    fn body(data_type: DataType, content: &[u8]) -> String {
        try_body(data_type, content).unwrap()
    }

    fn try_body(data_type: DataType, content: &[u8]) -> Result<String, String> {
        let properties = MessageProperties {
            id: Some("7d1b0f0e-3f0b-4f0a-8d56-1b2c3d4e5f60".to_owned()),
            pop_receipt: Some("AgAAAAMAAAAAAAAAqs2zT0zq2gE=".to_owned()),
            dequeue_count: 1,
            insertion_time: datetime!(2026-01-09 03:04:05 UTC),
            expiration_time: datetime!(2026-01-16 03:04:05 UTC),
            next_visible_time: datetime!(2026-01-09 03:14:06 UTC),
        };
        let input = QueueInput { binding: "msg", data_type, content, properties: &properties };
        let system = SystemData {
            function: "ProcessJob".to_owned(),
            now: datetime!(2026-01-09 03:04:06.1234567 UTC),
            random_guid: uuid!("0a8f2c57-1d8c-4c1e-9a55-6f1b0a2d9b77"),
        };
        of_queue(&input, &system)
    }

    fn value(text: &str) -> serde_json::Value {
        serde_json::from_str(&body(DataType::Text, text.as_bytes())).unwrap()
    }

    #[test]
    fn a_message_can_forge_its_metadata_if_the_binding_is_for_text() {
        let forged = value(r#"{"id":"mine","dequeueCount":99,"SYS":{"a":1},"fooTrigger":1}"#);
        assert_eq!(forged["Metadata"]["Id"], "\"mine\"");
        assert_eq!(forged["Metadata"]["DequeueCount"], "\"99\"");
        assert_eq!(forged["Metadata"]["sys"]["a"], 1);
        assert_eq!(forged["Metadata"]["id"], serde_json::Value::Null);
        assert_eq!(forged["Metadata"]["fooTrigger"], serde_json::Value::Null);
    }

    #[test]
    fn properties_are_copied_as_dotnet_text() {
        let text = r#" {"t":true,"e":"","d":"2026-01-02T03:04:05Z","o":{"d":"2026-01-02T03:04:05.0Z"},"a":[1],"n":null} "#;
        let metadata = value(text)["Metadata"].clone();
        assert_eq!(metadata["t"], "\"True\"");
        assert_eq!(metadata["e"], "\"\"");
        assert_eq!(metadata["d"], "\"01/02/2026 03:04:05\"");
        assert_eq!(metadata["o"]["d"], "2026-01-02T03:04:05Z");
        assert!(metadata.get("a").is_none() && metadata.get("n").is_none());
    }

    #[test]
    fn text_is_always_encoded_twice() {
        for (text, expected) in [
            ("hello", r#""hello""#),
            (r#"{"a":1}"#, r#""{\"a\":1}""#),
            ("[1,2]", r#""[1,2]""#),
            (r#""hi""#, r#""\"hi\"""#),
            ("42", r#""42""#),
            ("", r#""""#),
        ] {
            assert_eq!(value(text)["Data"]["msg"], expected);
        }
    }

    #[test]
    fn a_message_that_is_not_utf_8_needs_a_binary_binding() {
        assert!(body(DataType::Binary, &[0xff]).contains("\"/w==\""));
        try_body(DataType::Text, &[0xff]).unwrap_err();
    }

    #[test]
    fn the_envelope_equals_the_documented_one() {
        let message = br#"{"job":"a1","n":5}"#;
        for (data_type, file) in [
            (DataType::Text, "queue-invocation-string.json"),
            (DataType::Binary, "queue-invocation-binary.json"),
        ] {
            assert_eq!(body(data_type, message), documented(file));
        }
    }
}
