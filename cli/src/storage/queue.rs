//! A queue, on Microsoft's client. Message texts are neither encoded nor decoded.

use std::{sync::Arc, time::Duration};

use azure_core::{
    credentials::TokenCredential,
    http::{ClientOptions, RequestContent, StatusCode, Url},
};
use azure_storage_queue::{
    QueueClient, QueueClientOptions,
    models::{
        QueueClientGetPropertiesResultHeaders as _, QueueClientPeekMessagesOptions,
        QueueClientReceiveMessagesOptions, QueueMessage as OutgoingMessage,
    },
};
use time::OffsetDateTime;

use super::sdk_error;

/// The largest number of messages that one request returns ("Get Messages").
pub const MAX_MESSAGES: usize = 32;

/// A queue of a storage account. Clones share connections and tokens.
#[derive(Clone)]
pub struct Queue {
    name: String,
    client: Arc<QueueClient>,
}

/// A message that was received or peeked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueMessage {
    /// The message ID.
    pub id: String,
    /// The time at which the service received the message.
    pub inserted: OffsetDateTime,
    /// The pop receipt; empty if the message was peeked at.
    pub pop_receipt: String,
    /// The text as it is stored.
    pub text: String,
}

/// An error of a queue: the queue's name, and a message of the service or the connection.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// The queue or the message does not exist, or the pop receipt has changed.
    #[error("queue '{0}': not found")]
    NotFound(String),
    /// The service refused, or did not answer.
    #[error("queue '{0}': {1}")]
    Failed(String, String),
}

impl Queue {
    /// A queue with this URL, which must be signed if there is no credential.
    pub(super) fn new(
        name: &str,
        url: Url,
        credential: Option<Arc<dyn TokenCredential>>,
        client_options: ClientOptions,
    ) -> Result<Self, QueueError> {
        let options = QueueClientOptions { client_options, ..QueueClientOptions::default() };
        let client = QueueClient::new(url, credential, Some(options))
            .map_err(|error| QueueError::new(name, &error))?;
        Ok(Self { name: name.to_owned(), client: Arc::new(client) })
    }

    /// Sends a message, and returns its ID. It fails if the text is too long or not valid in XML.
    pub async fn send(&self, text: &str) -> Result<String, QueueError> {
        let message = OutgoingMessage { message_text: Some(text.to_owned()) };
        let body = RequestContent::try_from(message).map_err(|error| self.error(&error))?;
        let answer = self.client.send_message(body, None).await;
        let sent = answer
            .and_then(azure_core::http::Response::into_model)
            .map_err(|error| self.error(&error))?;
        let id = sent.items.into_iter().flatten().find_map(|message| message.message_id);
        id.ok_or_else(|| self.without("MessageId"))
    }

    /// Receives up to 32 messages. The visibility timeout is rounded up to whole seconds.
    pub async fn receive(&self, visibility: Duration) -> Result<Vec<QueueMessage>, QueueError> {
        self.receive_up_to(MAX_MESSAGES, visibility).await
    }

    /// Receives up to this many messages, 32 at most.
    pub async fn receive_up_to(
        &self,
        most: usize,
        visibility: Duration,
    ) -> Result<Vec<QueueMessage>, QueueError> {
        let most = i32::try_from(most.min(MAX_MESSAGES)).unwrap_or(1);
        let options = QueueClientReceiveMessagesOptions {
            number_of_messages: Some(most),
            visibility_timeout: Some(whole_seconds(visibility)),
            ..QueueClientReceiveMessagesOptions::default()
        };
        let answer = self.client.receive_messages(Some(options)).await;
        let messages = answer
            .and_then(azure_core::http::Response::into_model)
            .map_err(|error| self.error(&error))?;
        let messages = messages.items.unwrap_or_default().into_iter();
        messages
            .map(|item| {
                let message =
                    self.message(item.message_id, item.insertion_time, item.message_text)?;
                let pop_receipt = item.pop_receipt.ok_or_else(|| self.without("PopReceipt"))?;
                Ok(QueueMessage { pop_receipt, ..message })
            })
            .collect()
    }

    /// Peeks at up to 32 visible messages.
    pub async fn peek(&self) -> Result<Vec<QueueMessage>, QueueError> {
        let options = QueueClientPeekMessagesOptions {
            number_of_messages: i32::try_from(MAX_MESSAGES).ok(),
            ..QueueClientPeekMessagesOptions::default()
        };
        let answer = self.client.peek_messages(Some(options)).await;
        let messages = answer
            .and_then(azure_core::http::Response::into_model)
            .map_err(|error| self.error(&error))?;
        let messages = messages.items.unwrap_or_default().into_iter();
        messages
            .map(|item| self.message(item.message_id, item.insertion_time, item.message_text))
            .collect()
    }

    /// Deletes a received message. It fails if the pop receipt is not the latest.
    pub async fn delete(&self, id: &str, pop_receipt: &str) -> Result<(), QueueError> {
        let answer = self.client.delete_message(id, pop_receipt, None).await;
        answer.map(drop).map_err(|error| self.error(&error))
    }

    /// Makes a received message visible again. It fails if the pop receipt is not the latest.
    pub async fn release(&self, id: &str, pop_receipt: &str) -> Result<(), QueueError> {
        let answer = self.client.update_message(id, pop_receipt, 0, None).await;
        answer.map(drop).map_err(|error| self.error(&error))
    }

    /// Returns the approximate number of messages, including invisible ones.
    pub async fn approximate_count(&self) -> Result<i64, QueueError> {
        let answer = self.client.get_properties(None).await;
        let count = answer
            .and_then(|answer| answer.approximate_messages_count())
            .map_err(|error| self.error(&error))?;
        count.ok_or_else(|| self.without("x-ms-approximate-messages-count"))
    }

    fn message(
        &self,
        id: Option<String>,
        inserted: Option<OffsetDateTime>,
        text: Option<String>,
    ) -> Result<QueueMessage, QueueError> {
        Ok(QueueMessage {
            id: id.ok_or_else(|| self.without("MessageId"))?,
            inserted: inserted.ok_or_else(|| self.without("InsertionTime"))?,
            pop_receipt: String::new(),
            text: text.unwrap_or_default(),
        })
    }

    fn error(&self, error: &azure_core::Error) -> QueueError {
        QueueError::new(&self.name, error)
    }

    fn without(&self, field: &str) -> QueueError {
        QueueError::Failed(self.name.clone(), format!("response without {field}"))
    }
}

impl QueueError {
    fn new(queue: &str, error: &azure_core::Error) -> Self {
        let queue = queue.to_owned();
        match error.http_status() {
            Some(StatusCode::NotFound) => Self::NotFound(queue),
            _ => Self::Failed(queue, sdk_error::words(error)),
        }
    }
}

/// Rounds up to whole seconds, so that a message does not become visible too early.
fn whole_seconds(duration: Duration) -> i32 {
    let seconds = duration.as_secs() + u64::from(duration.subsec_nanos() > 0);
    i32::try_from(seconds).unwrap_or(i32::MAX)
}
