//! Messages for a queue ("Azure Queue storage output bindings").

use super::items::items;
use crate::{base64_text, binding::BoundQueue, host::Host, host_json::MessageEncoding, json::Json};
use storage_emulator::{Queue, StorageError};

/// Writes a value of `Outputs`; the error is the reason why the invocation fails.
pub(super) async fn write(host: &Host, output: &BoundQueue, value: &Json) -> Result<(), String> {
    for message in items(value, output.data_type)? {
        let text = encode(&message, host.settings.queues.message_encoding);
        add(&output.queue, &text).await.map_err(|error| error.to_string())?;
        host.wakers.wake(&output.address);
    }
    Ok(())
}

/// Adds a message, and creates the queue if that is what is missing.
pub(crate) async fn add(queue: &Queue, text: &str) -> Result<(), StorageError> {
    match queue.send(text).await {
        Err(StorageError::NotFound { .. }) => {
            queue.create_if_missing().await?;
            queue.send(text).await
        }
        result => result,
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
pub(crate) fn decode(text: &str, encoding: MessageEncoding) -> Option<Vec<u8>> {
    match encoding {
        MessageEncoding::Base64 => base64_text::decode(text),
        MessageEncoding::None => Some(text.as_bytes().to_vec()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_cannot_be_decoded_as_base64() {
        assert_eq!(decode("hello", MessageEncoding::Base64), None);
        assert_eq!(decode("hello", MessageEncoding::None).unwrap(), b"hello");
        assert_eq!(encode(b"hello", MessageEncoding::Base64), "aGVsbG8=");
    }
}
