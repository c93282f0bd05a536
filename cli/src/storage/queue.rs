//! A queue, on Microsoft's client. Message texts are neither encoded nor decoded.

use std::{sync::Arc, time::Duration};

use azure_core::{
    credentials::TokenCredential,
    error::ErrorKind,
    http::{ClientOptions, RequestContent, RetryOptions, StatusCode, Url},
};
use azure_rest::{
    retry::{Attempt, Deadline, retry},
    timing::CallTiming,
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

/// How long sending is tried while the service is not reached, or says that it is busy.
const TIME_TO_SEND: Duration = Duration::from_secs(20);

/// Answers that say that nothing was stored ("Status and error codes": a busy service).
const BUSY: [StatusCode; 2] = [StatusCode::ServiceUnavailable, StatusCode::TooManyRequests];

/// A queue of a storage account. Clones share connections and tokens.
#[derive(Clone)]
pub struct Queue {
    name: String,
    client: Arc<QueueClient>,
    /// The same without retries of its own: it would store a message again whose answer was lost.
    sender: Arc<QueueClient>,
    /// How long sending is tried.
    time_to_send: Duration,
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
    /// The service refused the account.
    #[error("queue '{0}': {1}")]
    Denied(String, String),
    /// A message was sent, and there is no answer. The queue may have the message.
    #[error("queue '{0}': {1}; the message may be in the queue")]
    Lost(String, String),
    /// The service refused, or did not answer.
    #[error("queue '{0}': {1}")]
    Failed(String, String),
}

impl Queue {
    /// A queue with this URL, which must be signed if there is no credential.
    pub(super) fn new(
        name: &str,
        url: &Url,
        credential: Option<&Arc<dyn TokenCredential>>,
        client_options: ClientOptions,
    ) -> Result<Self, QueueError> {
        let open = |client_options| {
            let options = QueueClientOptions { client_options, ..QueueClientOptions::default() };
            QueueClient::new(url.clone(), credential.cloned(), Some(options))
                .map(Arc::new)
                .map_err(|error| QueueError::new(name, &error))
        };
        let once = ClientOptions { retry: RetryOptions::none(), ..client_options.clone() };
        let (sender, client) = (open(once)?, open(client_options)?);
        Ok(Self { name: name.to_owned(), client, sender, time_to_send: TIME_TO_SEND })
    }

    /// Sends a message only once, so that tests see the first error.
    pub(super) fn without_retries(self) -> Self {
        Self { time_to_send: Duration::ZERO, ..self }
    }

    /// Sends a message, and returns its ID. It fails if the text is too long or not valid in XML. A message
    /// is never sent again if the queue may have it.
    pub async fn send(&self, text: &str) -> Result<String, QueueError> {
        let deadline = Deadline::after(self.time_to_send);
        retry("send a message", &CallTiming::default(), deadline, || self.send_once(text)).await
    }

    async fn send_once(&self, text: &str) -> Attempt<String, QueueError> {
        let message = OutgoingMessage { message_text: Some(text.to_owned()) };
        let body = match RequestContent::try_from(message) {
            Ok(body) => body,
            Err(error) => return Attempt::Stop(self.error(&error)),
        };
        let sent = match self.sender.send_message(body, None).await {
            Ok(answer) => answer.into_model(),
            Err(error) => return self.not_sent(&error),
        };
        let id = sent.ok().and_then(|sent| {
            sent.items.into_iter().flatten().find_map(|message| message.message_id)
        });
        match id {
            Some(id) => Attempt::Done(id),
            None => Attempt::Stop(self.lost("the answer has no MessageId".to_owned())),
        }
    }

    /// Says what an error means for a message: whether the queue may have it.
    fn not_sent(&self, error: &azure_core::Error) -> Attempt<String, QueueError> {
        let has = |kind: &ErrorKind| sdk_error::chain(error).any(|error| error.kind() == kind);
        let lost = || Attempt::Stop(self.lost(sdk_error::words(error)));
        let again = || Attempt::Again { after: None, error: self.error(error) };
        match error.http_status() {
            Some(status) if BUSY.contains(&status) => again(),
            Some(status) if status.is_server_error() => lost(),
            Some(_) => Attempt::Stop(self.error(error)),
            // Without a token, nothing is sent.
            None if has(&ErrorKind::Credential) => Attempt::Stop(self.error(error)),
            None if has(&ErrorKind::Connection) => again(),
            None if has(&ErrorKind::Io) => lost(),
            None => Attempt::Stop(self.error(error)),
        }
    }

    fn lost(&self, reason: String) -> QueueError {
        QueueError::Lost(self.name.clone(), reason)
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
            Some(StatusCode::Unauthorized | StatusCode::Forbidden) => {
                Self::Denied(queue, sdk_error::words(error))
            }
            _ => Self::Failed(queue, sdk_error::words(error)),
        }
    }
}

/// Rounds up to whole seconds, so that a message does not become visible too early.
fn whole_seconds(duration: Duration) -> i32 {
    let seconds = duration.as_secs() + u64::from(duration.subsec_nanos() > 0);
    i32::try_from(seconds).unwrap_or(i32::MAX)
}
