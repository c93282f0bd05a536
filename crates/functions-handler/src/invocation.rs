//! One invocation, decoded.

use std::{collections::BTreeMap, num::NonZeroU32};

use serde::{
    Deserialize,
    de::{Error as _, IgnoredAny},
};
use serde_json::{Value, value::RawValue};
use time::OffsetDateTime;
use wire_formats::{base64, byte_order_mark::without_byte_order_mark, json, timestamp};

use crate::http_request::HttpRequest;

/// One invocation: the function, and what its trigger delivered.
///
/// ```json
/// { "Data": { "request": "eyJwcmlu…" }, "Metadata": { "DequeueCount": "1", "Id": "\"7d1b…\"" } }
/// ```
#[derive(Debug, Clone)]
pub struct Invocation {
    /// The function's name, from the path of the URL.
    pub function: String,
    /// The host's id of the invocation, from the header.
    pub id: Option<String>,
    /// The trace id of the operation that the invocation is part of: `OperationId` in Application Insights.
    /// Absent if Application Insights is not connected.
    pub trace_id: Option<String>,
    /// Whether the envelope was larger than the server accepts. Its content is then unknown.
    pub is_too_large: bool,
    data: Members,
    metadata: Members,
}

/// Values by name. They are parsed on demand, because no function needs all of them.
type Members = BTreeMap<String, Box<RawValue>>;

/// An envelope that does not follow the host's protocol.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the host's envelope: {0}")]
pub struct EnvelopeFault(String);

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Envelope {
    data: Members,
    metadata: Option<Members>,
}

/// The form of an envelope, to describe a fault. Only its two members are described: below them are names
/// that callers choose, such as those of query parameters.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct EnvelopeForm {
    #[serde(rename = "Data")]
    _data: BTreeMap<String, IgnoredAny>,
    #[serde(rename = "Metadata")]
    _metadata: Option<BTreeMap<String, IgnoredAny>>,
}

impl EnvelopeFault {
    /// What is wrong with an envelope that cannot be read.
    fn of(body: &[u8]) -> Self {
        Self(match json::from_slice::<EnvelopeForm>(body) {
            Err(fault) => fault.in_document("the document"),
            Ok(_) => "the document cannot be read".to_owned(),
        })
    }
}

/// The metadata of an invocation of a queue function.
///
/// It can be trusted only if the trigger's `dataType` is `binary`. Otherwise the host overwrites it with
/// properties of the message itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QueueMetadata {
    /// The host's admin endpoint was called. There is no message in a queue.
    ByHand,
    /// A message caused the invocation.
    Message {
        /// The message's id.
        id: String,
        /// The number of deliveries so far, including this one.
        dequeue_count: NonZeroU32,
        /// When the message was sent. `None` if the host does not say it, or in a form that cannot be read.
        insertion_time: Option<OffsetDateTime>,
    },
}

impl Invocation {
    /// Decodes the envelope of an invocation.
    pub fn decode(
        function: String,
        id: Option<String>,
        body: &[u8],
    ) -> Result<Self, EnvelopeFault> {
        let json = str::from_utf8(without_byte_order_mark(body)).map_err(serde_json::Error::custom);
        let Envelope { data, metadata } =
            json.and_then(serde_json::from_str).map_err(|_| EnvelopeFault::of(body))?;
        let metadata = metadata.unwrap_or_default();
        Ok(Self { function, id, trace_id: None, is_too_large: false, data, metadata })
    }

    /// An invocation whose envelope was too large.
    #[must_use]
    pub fn too_large(function: String, id: Option<String>) -> Self {
        let (data, metadata) = (Members::new(), Members::new());
        Self { function, id, trace_id: None, is_too_large: true, data, metadata }
    }

    /// The bytes of a binding whose `dataType` is `binary`.
    pub fn binary(&self, binding: &str) -> Result<Vec<u8>, EnvelopeFault> {
        let fault = |problem: &str| EnvelopeFault(format!("Data.{binding} {problem}"));
        let text: String =
            serde_json::from_str(self.datum(binding)?).map_err(|_| fault("is not a string"))?;
        base64::decode(text.as_bytes()).ok_or_else(|| fault("is not base64"))
    }

    /// The JSON of a binding whose value the host passes unchanged, such as an event. With the
    /// `cardinality` `many`, the host passes it as a string.
    pub fn json(&self, binding: &str) -> Result<Vec<u8>, EnvelopeFault> {
        let json = self.datum(binding)?;
        let text = serde_json::from_str::<String>(json);
        Ok(text.unwrap_or_else(|_| json.to_owned()).into_bytes())
    }

    /// The HTTP request that a binding of type `httpTrigger` delivers.
    pub fn http_request(&self, binding: &str) -> Result<HttpRequest, EnvelopeFault> {
        // The message of serde_json may repeat values, and a request may contain keys.
        let fault = |_| EnvelopeFault(format!("Data.{binding} is not an HTTP request"));
        serde_json::from_str(self.datum(binding)?).map_err(fault)
    }

    /// The JSON of a binding's value.
    fn datum(&self, binding: &str) -> Result<&str, EnvelopeFault> {
        if self.is_too_large {
            return Err(EnvelopeFault("it is larger than 1 MiB".to_owned()));
        }
        let datum = self.data.get(binding).map(|datum| datum.get());
        datum.ok_or_else(|| EnvelopeFault(format!("Data.{binding} is missing")))
    }

    /// The metadata of an invocation of a queue function.
    ///
    /// The error means that it is unknown whether there is a message, or how often it was delivered.
    pub fn queue_metadata(&self) -> Result<QueueMetadata, EnvelopeFault> {
        let fault = |problem: &str| Err(EnvelopeFault(problem.to_owned()));
        let count = self.scalar("DequeueCount")?.map(|text| text.trim().parse::<u32>());
        let Ok(count) = count.transpose() else {
            return fault("Metadata.DequeueCount is not a number of deliveries");
        };
        match (self.scalar("Id")?, count.and_then(NonZeroU32::new)) {
            (None, None) => Ok(QueueMetadata::ByHand),
            (Some(id), Some(dequeue_count)) => {
                let insertion_time = self.scalar("InsertionTime").ok().flatten();
                let insertion_time = insertion_time.and_then(|text| timestamp::parse(&text));
                Ok(QueueMetadata::Message { id, dequeue_count, insertion_time })
            }
            (Some(_), None) => fault(
                "Metadata.DequeueCount must be at least 1, because Metadata.Id names a message",
            ),
            (None, Some(_)) => {
                fault("Metadata.Id is missing, although Metadata.DequeueCount counts deliveries")
            }
        }
    }

    /// A value of `Metadata` as text; `None` if it is absent or `null`. The host writes strings as JSON
    /// inside a string, and numbers as strings; plain values are accepted, too.
    fn scalar(&self, name: &str) -> Result<Option<String>, EnvelopeFault> {
        let json = self.metadata.get(name).map_or("null", |value| value.get());
        match serde_json::from_str(json) {
            Ok(Value::Null) => Ok(None),
            Ok(Value::String(text)) if text.starts_with('"') => {
                Ok(Some(serde_json::from_str(&text).unwrap_or(text)))
            }
            Ok(Value::String(text)) => Ok(Some(text)),
            Ok(Value::Number(number)) => Ok(Some(number.to_string())),
            _ => Err(EnvelopeFault(format!("Metadata.{name} is neither a text nor a number"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use time::macros::datetime;

    use super::*;

    const ID: &str = "3b1f0c5e-7d0f-4f0a-8d56-1b2c3d4e5f60";

    fn invocation(envelope: &Value) -> Invocation {
        Invocation::decode("Echo".to_owned(), None, envelope.to_string().as_bytes()).unwrap()
    }

    fn metadata(metadata: &Value) -> Result<QueueMetadata, EnvelopeFault> {
        invocation(&json!({ "Data": {}, "Metadata": metadata })).queue_metadata()
    }

    #[test]
    fn no_fault_of_an_envelope_repeats_a_name_or_a_value() {
        for envelope in [
            "",
            "5",
            "[]",
            "null",
            r#"{"SECRET":1"#,
            r#"{"SECRET":1}"#,
            r#"{"Data":{"SECRET":tru}}"#,
            r#"{"Data":{},"Metadata":{"SECRET":"SECRET"#,
            r#"{"Data":{"a":1,"SECRET":}}"#,
            r#"{"Data":"SECRET"}"#,
            r#"{"Data":["SECRET"]}"#,
            r#"{"Data":{},"Metadata":["SECRET"]}"#,
            r#"{"Data":{"SECRET":{"SECRET":[1,}}}"#,
            r#""SECRET""#,
        ] {
            let decoded = Invocation::decode("Echo".to_owned(), None, envelope.as_bytes());
            let fault = decoded.unwrap_err().to_string();
            for word in ["SECRET", "expected", "Syntax", "Eof", "EOF", "struct", "map", "sequence"]
            {
                assert!(!fault.contains(word), "{envelope}: {fault}");
            }
        }
    }

    #[test]
    fn an_envelope_is_the_same_with_a_byte_order_mark_and_with_null_for_absent_members() {
        for envelope in [r#"{"Data":{}}"#, r#"{"Data":{},"Metadata":null}"#] {
            for envelope in [envelope.to_owned(), format!("\u{feff}{envelope}")] {
                let decoded = Invocation::decode("Echo".to_owned(), None, envelope.as_bytes());
                assert_eq!(decoded.unwrap().queue_metadata(), Ok(QueueMetadata::ByHand));
            }
        }
        let nulls = json!({ "Id": null, "DequeueCount": null, "InsertionTime": null });
        assert_eq!(metadata(&nulls), Ok(QueueMetadata::ByHand));
    }

    #[test]
    fn a_count_and_an_id_are_read_in_every_form_that_the_host_can_write() {
        let quoted = format!("\"{ID}\"");
        for (id, count) in [
            (json!(quoted), json!("7")),
            (json!(ID), json!(7)),
            (json!(quoted), json!("\"7\"")),
            (json!(ID), json!(" 7 ")),
        ] {
            let read = metadata(&json!({ "Id": id, "DequeueCount": count })).unwrap();
            let dequeue_count = NonZeroU32::new(7).unwrap();
            let id = ID.to_owned();
            assert_eq!(read, QueueMetadata::Message { id, dequeue_count, insertion_time: None });
        }
    }

    #[test]
    fn a_message_whose_deliveries_cannot_be_counted_is_a_fault() {
        for count in [
            json!(null),
            json!(0),
            json!("0"),
            json!(-1),
            json!("-1"),
            json!(1.5),
            json!("one"),
            json!(""),
            json!("1e1"),
            json!("99999999999"),
            json!([1]),
            json!({}),
            json!(true),
        ] {
            let fault = metadata(&json!({ "Id": ID, "DequeueCount": count })).unwrap_err();
            assert!(fault.to_string().contains("Metadata.DequeueCount"), "{count}: {fault}");
        }
        for id in [json!(null), json!([ID]), json!({}), json!(true)] {
            let fault = metadata(&json!({ "Id": id, "DequeueCount": "1" })).unwrap_err();
            assert!(fault.to_string().contains("Metadata.Id"), "{id}: {fault}");
        }
        for by_hand in [json!({}), json!({ "DequeueCount": "0" }), json!({ "DequeueCount": 0 })] {
            assert_eq!(metadata(&by_hand), Ok(QueueMetadata::ByHand), "{by_hand}");
        }
    }

    #[test]
    fn an_insertion_time_is_read_in_every_form_that_the_host_can_write() {
        let moment = Some(datetime!(2026-01-09 03:04:05 UTC));
        for (time, expected) in [
            (json!("2026-01-09T03:04:05+00:00"), moment),
            (json!("\"2026-01-09T03:04:05+00:00\""), moment),
            (json!("2026-01-09T03:04:05.0000000Z"), moment),
            (json!("01/09/2026 03:04:05"), moment),
            (json!("01/09/2026 03:04:05 +00:00"), moment),
            (json!("1/9/2026 3:04:05 AM"), moment),
            (json!("9. Januar 2026"), None),
            (json!(1_767_927_845), None),
            (json!({}), None),
            (json!(""), None),
            (json!(null), None),
        ] {
            let read = metadata(&json!({ "Id": ID, "DequeueCount": 1, "InsertionTime": time }));
            let Ok(QueueMetadata::Message { insertion_time, .. }) = read else {
                panic!("{read:?}")
            };
            assert_eq!(insertion_time, expected, "{time}");
        }
    }
}
