//! The body of an invocation request: `{"Data":…,"Metadata":…}`.
//!
//! The rules are the host's (Azure Functions host, `ScriptInvocationContextExtensions`), and not what
//! "Azure Functions custom handlers" shows: strings are encoded twice, numbers are strings.

use time::{
    OffsetDateTime, UtcOffset, format_description::BorrowedFormatItem, macros::format_description,
};
use uuid::Uuid;

use super::{base64_text, dates, function_folder::DataType, json::Json};

const WHOLE_SECONDS: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]+00:00");
const SEVEN_DECIMALS: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:7]Z");

/// What the service says of a message. A message that never was in a queue has neither id nor receipt.
#[derive(Clone, Debug)]
pub(super) struct MessageProperties {
    pub(super) id: Option<String>,
    pub(super) pop_receipt: Option<String>,
    pub(super) dequeue_count: i64,
    pub(super) insertion_time: OffsetDateTime,
    pub(super) expiration_time: OffsetDateTime,
    pub(super) next_visible_time: OffsetDateTime,
}

/// One invocation of a queue function.
pub(super) struct QueueInvocation<'a> {
    pub(super) function: &'a str,
    pub(super) binding: &'a str,
    pub(super) data_type: DataType,
    pub(super) content: &'a [u8],
    pub(super) properties: &'a MessageProperties,
    pub(super) now: OffsetDateTime,
    pub(super) random_guid: Uuid,
}

/// The request's body; an error if the function wants text and the message is not UTF-8.
pub(super) fn of_queue(invocation: &QueueInvocation<'_>) -> Result<String, std::str::Utf8Error> {
    let mut metadata = queue_metadata(invocation.properties);
    metadata.push(("sys".to_owned(), system_metadata(invocation)));
    let data = match invocation.data_type {
        DataType::Binary => Json::Text(base64_text::encode(invocation.content)),
        DataType::Text => {
            let text = std::str::from_utf8(invocation.content)?;
            copy_properties(text, &mut metadata);
            encoded_twice(text)
        }
    };
    metadata.retain(|(name, _)| !name.to_ascii_lowercase().ends_with("trigger"));
    let envelope = Json::Object(vec![
        ("Data".to_owned(), Json::Object(vec![(invocation.binding.to_owned(), data)])),
        ("Metadata".to_owned(), Json::Object(metadata)),
    ]);
    Ok(envelope.compact())
}

fn queue_metadata(properties: &MessageProperties) -> Vec<(String, Json)> {
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

fn system_metadata(invocation: &QueueInvocation<'_>) -> Json {
    Json::Object(vec![
        ("MethodName".to_owned(), Json::Text(invocation.function.to_owned())),
        ("UtcNow".to_owned(), date(invocation.now, SEVEN_DECIMALS)),
        ("RandGuid".to_owned(), Json::Text(invocation.random_guid.to_string())),
    ])
}

/// A text becomes JSON text, and that a JSON string.
fn encoded_twice(text: &str) -> Json {
    Json::Text(Json::Text(text.to_owned()).compact())
}

fn date(time: OffsetDateTime, format: &[BorrowedFormatItem<'_>]) -> Json {
    // Only a time without a date could not be formatted.
    Json::Text(time.to_offset(UtcOffset::UTC).format(format).unwrap_or_default())
}

/// The top-level properties of a message that is a JSON object become metadata, and replace what is
/// there, whatever the case of their names. This is how a message can forge its own `Id`.
fn copy_properties(text: &str, metadata: &mut Vec<(String, Json)>) {
    let trimmed = text.trim();
    if !(trimmed.starts_with('{') && trimmed.ends_with('}')) {
        return;
    }
    let Ok(Json::Object(members)) = Json::parse(trimmed.as_bytes()) else {
        return;
    };
    for (name, value) in members {
        let Some(value) = property(&value) else {
            continue;
        };
        match metadata.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(&name)) {
            Some((_, known)) => *known = value,
            None => metadata.push((name, value)),
        }
    }
}

/// Arrays and nulls are left out, objects stay objects, everything else goes through .NET's text.
fn property(value: &Json) -> Option<Json> {
    match value {
        Json::Null | Json::Array(_) => None,
        Json::Object(_) => Some(dates::rewrite(value)),
        Json::Bool(_) | Json::Number(_) | Json::Text(_) => Some(encoded_twice(&dotnet_text(value))),
    }
}

/// What .NET's `ToString` makes of a value: `True` and not `true`, and JSON of what has parts.
pub(super) fn dotnet_text(value: &Json) -> String {
    match value {
        Json::Null => String::new(),
        Json::Bool(true) => "True".to_owned(),
        Json::Bool(false) => "False".to_owned(),
        Json::Number(number) => number.to_string(),
        Json::Text(text) => dates::culture_text(text).unwrap_or_else(|| text.clone()),
        Json::Array(_) | Json::Object(_) => dates::rewrite(value).indented(),
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;
    use uuid::uuid;

    use super::*;

    fn body(data_type: DataType, content: &[u8]) -> String {
        try_body(data_type, content).unwrap()
    }

    fn try_body(data_type: DataType, content: &[u8]) -> Result<String, std::str::Utf8Error> {
        let properties = MessageProperties {
            id: Some("7d1b0f0e-3f0b-4f0a-8d56-1b2c3d4e5f60".to_owned()),
            pop_receipt: Some("AgAAAAMAAAAAAAAAqs2zT0zq2gE=".to_owned()),
            dequeue_count: 1,
            insertion_time: datetime!(2026-01-09 03:04:05 UTC),
            expiration_time: datetime!(2026-01-16 03:04:05 UTC),
            next_visible_time: datetime!(2026-01-09 03:14:06 UTC),
        };
        of_queue(&QueueInvocation {
            function: "ProcessJob",
            binding: "msg",
            data_type,
            content,
            properties: &properties,
            now: datetime!(2026-01-09 03:04:06.1234567 UTC),
            random_guid: uuid!("0a8f2c57-1d8c-4c1e-9a55-6f1b0a2d9b77"),
        })
    }

    fn value(text: &str) -> serde_json::Value {
        serde_json::from_str(&body(DataType::Text, text.as_bytes())).unwrap()
    }

    #[test]
    fn a_message_can_forge_its_metadata_if_the_binding_wants_text() {
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
    fn text_is_encoded_twice_whatever_it_holds() {
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
    fn a_message_that_is_not_utf_8_reaches_only_a_binary_binding() {
        assert!(body(DataType::Binary, &[0xff]).contains("\"/w==\""));
        try_body(DataType::Text, &[0xff]).unwrap_err();
    }

    #[test]
    fn the_body_is_the_documented_one_byte_for_byte() {
        const FOLDER: &str = "../tests/data/functions-host";
        let message = br#"{"job":"a1","n":5}"#;
        for (data_type, file) in [
            (DataType::Text, "queue-invocation-string.json"),
            (DataType::Binary, "queue-invocation-binary.json"),
        ] {
            let path = format!("{}/{FOLDER}/{file}", env!("CARGO_MANIFEST_DIR"));
            assert_eq!(body(data_type, message), std::fs::read_to_string(path).unwrap());
        }
    }
}
