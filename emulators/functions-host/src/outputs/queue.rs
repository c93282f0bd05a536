//! Messages for a queue ("Azure Queue storage output bindings").

use storage_emulator::{Queue, StorageError};

use super::items::items;
use crate::{binding::BoundQueue, options::WrittenMessages, ordered_json::Json};

/// Writes a value of `Outputs`. The error is the reason why the invocation fails.
pub(crate) async fn write(
    output: &BoundQueue,
    value: &Json,
    observer: Option<&WrittenMessages>,
) -> Result<(), String> {
    for message in items(value)? {
        let text = String::from_utf8_lossy(&message);
        send(&output.queue, &text).await.map_err(|error| error.to_string())?;
        if let Some(observer) = observer {
            observer(output.queue.name(), &text);
        }
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
