//! One invocation, decoded.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, de::Error as _};
use serde_json::{Value, value::RawValue};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

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
    /// Whether the envelope was larger than the server accepts. Nothing else is known then.
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
    #[serde(default)]
    metadata: Members,
}

impl Envelope {
    /// Parses an envelope that has a fault, and reports its JSON path.
    fn read_with_path(body: &[u8]) -> Result<Self, EnvelopeFault> {
        let mut deserializer = serde_json::Deserializer::from_slice(body);
        serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
            // The message of serde_json may repeat values, and a body is never logged. Below its two
            // members, an envelope has names that callers choose, such as those of query parameters.
            let category = error.inner().classify();
            let path = error.path().to_string();
            let known = ["Data", "Metadata"].into_iter().find(|known| is_below(&path, known));
            let place = known.unwrap_or("the document");
            EnvelopeFault(format!("{place} is not as expected ({category:?})"))
        })
    }
}

/// Whether a JSON path is this member or lies below it.
fn is_below(path: &str, member: &str) -> bool {
    path.strip_prefix(member).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// The metadata of a queue message.
///
/// It can be trusted only if the trigger's `dataType` is `binary`. Otherwise the host overwrites it with
/// properties of the message itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueMetadata {
    /// The message's id. Absent if the invocation came from the host's admin endpoint.
    pub message_id: Option<String>,
    /// The number of deliveries so far, including this one. 0 if the invocation came from the admin
    /// endpoint.
    pub dequeue_count: u32,
    /// When the message was sent.
    pub insertion_time: Option<OffsetDateTime>,
}

impl Invocation {
    /// Decodes the envelope of an invocation.
    pub fn decode(
        function: String,
        id: Option<String>,
        body: &[u8],
    ) -> Result<Self, EnvelopeFault> {
        // Tracking the path costs more than parsing, so it is done only after a fault.
        let json = str::from_utf8(body).map_err(serde_json::Error::custom);
        let Envelope { data, metadata } =
            json.and_then(serde_json::from_str).or_else(|_| Envelope::read_with_path(body))?;
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
        STANDARD.decode(text).map_err(|_| fault("is not base64"))
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

    /// The metadata of the queue message that caused this invocation.
    pub fn queue_metadata(&self) -> Result<QueueMetadata, EnvelopeFault> {
        let dequeue_count = self
            .scalar("DequeueCount")
            .map(|text| text.parse())
            .transpose()
            .map_err(|_| EnvelopeFault("Metadata.DequeueCount is not a number".to_owned()))?;
        Ok(QueueMetadata {
            message_id: self.scalar("Id"),
            dequeue_count: dequeue_count.unwrap_or(0),
            insertion_time: self
                .scalar("InsertionTime")
                .and_then(|text| OffsetDateTime::parse(&text, &Rfc3339).ok()),
        })
    }

    /// A value of `Metadata` as text. The host writes strings as JSON inside a string, and numbers as
    /// strings; plain values are accepted, too.
    fn scalar(&self, name: &str) -> Option<String> {
        match serde_json::from_str(self.metadata.get(name)?.get()).ok()? {
            Value::String(text) if text.starts_with('"') => {
                Some(serde_json::from_str(&text).unwrap_or(text))
            }
            Value::String(text) => Some(text),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_fault_of_an_envelope_repeats_a_name_or_a_value() {
        for envelope in [
            r#"{"SECRET":1"#,
            r#"{"Data":{"SECRET":tru}}"#,
            r#"{"Data":{},"Metadata":{"SECRET":"SECRET"#,
            r#"{"Data":{"a":1,"SECRET":}}"#,
            r#"{"Data":"SECRET"}"#,
            r#"{"Data":["SECRET"]}"#,
            r#"{"Data":{"SECRET":{"SECRET":[1,}}}"#,
            r#""SECRET""#,
        ] {
            let decoded = Invocation::decode("Echo".to_owned(), None, envelope.as_bytes());
            let fault = decoded.unwrap_err().to_string();
            assert!(!fault.contains("SECRET"), "{fault}");
        }
    }
}
