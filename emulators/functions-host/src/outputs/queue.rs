//! Messages for a queue ("Azure Queue storage output bindings").

use storage_emulator::{Queue, StorageError};

use super::items::items;
use crate::{
    binding::BoundQueue, dotnet_base64, host::Host, host_json::MessageEncoding, ordered_json::Json,
};

/// Writes a value of `Outputs`. The error is the reason why the invocation fails.
pub(crate) async fn write(host: &Host, output: &BoundQueue, value: &Json) -> Result<(), String> {
    for message in items(value, output.data_type)? {
        let text = encode(&message, host.settings.queues.message_encoding);
        send(&output.queue, &text).await.map_err(|error| error.to_string())?;
        host.wakers.wake(&output.address);
    }
    Ok(())
}

/// Sends a message, and creates the queue first if it does not exist.
pub(crate) async fn send(queue: &Queue, text: &str) -> Result<(), StorageError> {
    match queue.send(text).await {
        Err(StorageError::NotFound { .. }) => {
            queue.create_if_missing().await?;
            queue.send(text).await
        }
        result => result,
    }
}

/// Encodes a message as it is stored.
fn encode(content: &[u8], encoding: MessageEncoding) -> String {
    match encoding {
        MessageEncoding::Base64 => dotnet_base64::encode(content),
        MessageEncoding::None => String::from_utf8_lossy(content).into_owned(),
    }
}

/// Decodes a stored text; `None` if it is invalid.
pub(crate) fn decode(text: &str, encoding: MessageEncoding) -> Option<Vec<u8>> {
    match encoding {
        MessageEncoding::Base64 => dotnet_base64::decode(text),
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
