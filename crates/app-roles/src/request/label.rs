//! The requester's own id in a document that may not be a valid request.

use serde::{Deserialize, de::IgnoredAny};
use wire_formats::json;

use crate::text::RequestId;

/// The only field that is read. Its value may be anything.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Label {
    request_id: Option<LabelValue>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum LabelValue {
    Text(String),
    Other(IgnoredAny),
}

/// The `requestId` of a JSON object, or of the only object in an array, if it is valid. It tells a
/// requester which request an answer is about, even if the document is not a valid request.
#[must_use]
pub fn request_id_of(document: &[u8]) -> Option<RequestId> {
    let labels = json::from_slice(document)
        .map(|label| vec![label])
        .or_else(|_| json::from_slice::<Vec<Label>>(document));
    let [label] = labels.ok()?.try_into().ok()?;
    match label {
        Label { request_id: Some(LabelValue::Text(text)) } => RequestId::parse(&text).ok(),
        Label { request_id: Some(LabelValue::Other(_)) | None } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proper_id_is_read_from_any_json_object() {
        for document in [
            r#"{"requestId":"INC-7"}"#,
            "\u{feff}{\"requestId\":\"INC-7\"}",
            r#"{"requestId":"INC-7","roles":7,"deep":[[[{}]]],"":null}"#,
            r#"{"unknown":{"requestId":"no"},"requestId":"INC-7"}"#,
            r#"[{"requestId":"INC-7"}]"#,
        ] {
            let id = request_id_of(document.as_bytes()).map(|id| id.to_string());
            assert_eq!(id.as_deref(), Some("INC-7"), "{document}");
        }
    }

    #[test]
    fn nothing_else_is_an_id() {
        for document in [
            "",
            "null",
            "\"INC-7\"",
            r#"["INC-7"]"#,
            r#"{"requestId":"INC-7""#,
            r#"{"requestId":7}"#,
            r#"{"requestId":null}"#,
            r#"{"requestId":["INC-7"]}"#,
            r#"{"requestId":"two words"}"#,
            r#"{"requestId":"\u001b[2J"}"#,
            r#"{"requestid":"INC-7"}"#,
            r#"{"request":{"requestId":"INC-7"}}"#,
            r#"{"requestId":"INC-7","requestId":"INC-8"}"#,
            r#"[{"requestId":"INC-7"},{"requestId":"INC-8"}]"#,
        ] {
            assert_eq!(request_id_of(document.as_bytes()), None, "{document}");
        }
    }
}
