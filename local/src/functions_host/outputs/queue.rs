//! What an output value becomes in a queue (Azure Functions host, `FunctionBinding`; "Azure Queue
//! storage output bindings").

use crate::{
    functions_host::{
        base64_text, binding::BoundQueue, envelope::dotnet_text, function_folder::DataType,
        host::Host, host_json::MessageEncoding, json::Json,
    },
    storage::{Queue, QueueError},
};

/// Writes a value of `Outputs`; the error is the reason why the invocation fails.
pub(super) async fn write(host: &Host, output: &BoundQueue, value: &Json) -> Result<(), String> {
    for message in messages(value, output.data_type)? {
        let text = encode(&message, host.settings.queues.message_encoding);
        add(&output.queue, &text).await.map_err(|error| error.to_string())?;
        host.wakers.wake(&output.address);
    }
    Ok(())
}

/// Adds a message, and creates the queue if that is what is missing.
pub(in crate::functions_host) async fn add(queue: &Queue, text: &str) -> Result<(), QueueError> {
    match queue.send(text).await {
        Err(QueueError::NotFound { .. }) => {
            queue.create_if_missing().await?;
            queue.send(text).await
        }
        result => result,
    }
}

/// The messages that a value writes, before the extension encodes them.
fn messages(value: &Json, data_type: DataType) -> Result<Vec<Vec<u8>>, String> {
    match value {
        Json::Null => Ok(Vec::new()),
        Json::Array(items) => Ok(items.iter().map(message).collect()),
        Json::Object(_) | Json::Bool(_) | Json::Number(_) => Ok(vec![message(value)]),
        Json::Text(text) => {
            // Text that happens to be base64 is taken for bytes, unless the binding says otherwise.
            let bytes = (data_type == DataType::Text).then(|| base64_text::decode(text)).flatten();
            bytes.map_or_else(|| text_messages(text), |bytes| Ok(vec![bytes]))
        }
    }
}

fn text_messages(text: &str) -> Result<Vec<Vec<u8>>, String> {
    let trimmed = text.trim();
    let enclosed = |open, close| trimmed.starts_with(open) && trimmed.ends_with(close);
    if !enclosed('{', '}') && !enclosed('[', ']') {
        return Ok(vec![dotnet_text(&Json::Text(text.to_owned())).into_bytes()]);
    }
    match Json::parse(trimmed.as_bytes()) {
        Ok(Json::Array(items)) => Ok(items.iter().map(message).collect()),
        Ok(value) => Ok(vec![message(&value)]),
        Err(error) => Err(format!("the output looks like JSON and is not: {error}")),
    }
}

/// One message: exact text, indented JSON, or the text of a scalar.
fn message(value: &Json) -> Vec<u8> {
    match value {
        Json::Text(text) => text.clone().into_bytes(),
        other => dotnet_text(other).into_bytes(),
    }
}

/// The text that is stored for a message.
fn encode(content: &[u8], encoding: MessageEncoding) -> String {
    match encoding {
        MessageEncoding::Base64 => base64_text::encode(content),
        MessageEncoding::None => String::from_utf8_lossy(content).into_owned(),
    }
}

/// The content of a stored text, or `None` if it cannot be decoded.
pub(in crate::functions_host) fn decode(text: &str, encoding: MessageEncoding) -> Option<Vec<u8>> {
    match encoding {
        MessageEncoding::Base64 => base64_text::decode(text),
        MessageEncoding::None => Some(text.as_bytes().to_vec()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(json: &str) -> Vec<String> {
        texts_of(json, DataType::Text)
    }

    fn texts_of(json: &str, data_type: DataType) -> Vec<String> {
        let value = Json::parse(json.as_bytes()).unwrap();
        let messages = messages(&value, data_type).unwrap();
        messages.into_iter().map(|m| String::from_utf8_lossy(&m).into_owned()).collect()
    }

    #[test]
    fn text_that_looks_like_json_and_is_not_fails() {
        let value = Json::Text("{oops}".to_owned());
        messages(&value, DataType::Text).unwrap_err();
    }

    #[test]
    fn text_that_happens_to_be_base64_is_garbled() {
        assert_eq!(texts(r#""aGVsbG8=""#), ["hello"]);
        assert_ne!(texts(r#""test""#), ["test"]);
    }

    #[test]
    fn a_one_element_array_or_a_binary_binding_keeps_the_text() {
        assert_eq!(texts(r#"["test"]"#), ["test"]);
        assert_eq!(texts(r#"["{\"a\":1}"]"#), [r#"{"a":1}"#]);
        assert_eq!(texts_of(r#""test""#, DataType::Binary), ["test"]);
    }

    #[test]
    fn objects_are_indented_and_their_dates_rewritten() {
        let indented = "{\n  \"b\": 1,\n  \"a\": \"2026-01-02T03:04:05Z\"\n}";
        assert_eq!(texts(r#"{"b":1,"a":"2026-01-02T03:04:05.000Z"}"#), [indented]);
        assert_eq!(texts(r#""{\"b\":1,\"a\":\"2026-01-02T03:04:05.000Z\"}""#), [indented]);
    }

    #[test]
    fn arrays_are_one_message_per_element() {
        assert_eq!(
            texts(r#"["a",{"b":1},null,5,true]"#),
            ["a", "{\n  \"b\": 1\n}", "", "5", "True"]
        );
        assert_eq!(texts(r#""[\"a\",\"b\"]""#), ["a", "b"]);
    }

    #[test]
    fn scalars_are_dotnet_text_and_nothing_is_no_message() {
        assert_eq!(texts("5"), ["5"]);
        assert_eq!(texts("true"), ["True"]);
        assert_eq!(texts(r#""2026-01-02T03:04:05Z""#), ["01/02/2026 03:04:05"]);
        assert_eq!(texts(r#""plain text!""#), ["plain text!"]);
        assert_eq!(texts("null"), [""; 0]);
        assert_eq!(texts(r#""""#), [""]);
    }

    #[test]
    fn plain_text_cannot_be_decoded_as_base64() {
        assert_eq!(decode("hello", MessageEncoding::Base64), None);
        assert_eq!(decode("hello", MessageEncoding::None).unwrap(), b"hello");
        assert_eq!(encode(b"hello", MessageEncoding::Base64), "aGVsbG8=");
    }
}
