//! A queue: Microsoft's client with message texts as they are stored. Encoding them in base64 is up to
//! sender and receiver.

use std::{sync::Arc, time::Duration};

use azure_core::http::{
    ClientOptions, ExponentialRetryOptions, RequestContent, RetryOptions, Transport, XmlFormat,
};
use azure_storage_queue::{
    QueueClient, QueueClientOptions,
    models::{
        PeekedMessage, QueueClientGetPropertiesResultHeaders as _, QueueClientPeekMessagesOptions,
        QueueClientReceiveMessagesOptions, QueueMessage as OutgoingMessage, ReceivedMessage,
    },
};
use reqwest::StatusCode;
use time::OffsetDateTime;
use url::Url;

use crate::{access::Access, storage_error::StorageError};

/// The largest number of messages in one response ("Get Messages").
const MOST_MESSAGES_PER_RESPONSE: i32 = 32;

/// The number of retries of .NET's client, which the Functions host uses (".NET API reference",
/// `Azure.Core.RetryOptions`).
const RETRIES: u32 = 3;
/// .NET's client waits 0.8 s before the first retry. This SDK doubles the delay before the first wait.
const HALF_OF_FIRST_WAIT: time::Duration = time::Duration::milliseconds(400);

/// The connections of a queue's client.
pub(crate) struct Options {
    pub(crate) http: reqwest::Client,
    pub(crate) retry: RetryOptions,
}

/// Retries as those of the Functions host: for about six seconds.
pub(crate) fn retries_of_the_host() -> RetryOptions {
    RetryOptions::exponential(ExponentialRetryOptions {
        initial_delay: HALF_OF_FIRST_WAIT,
        max_retries: RETRIES,
        ..ExponentialRetryOptions::default()
    })
}

/// A queue of a storage account.
#[derive(Clone)]
pub struct Queue {
    name: String,
    client: Arc<QueueClient>,
}

/// A received or peeked message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueMessage {
    /// The id that the service gave to the message.
    pub id: String,
    /// The proof that this receiver has the message; empty for a peeked message.
    pub pop_receipt: String,
    /// The number of times that the message has been received, this time included.
    pub dequeue_count: i64,
    /// The time at which the message was sent.
    pub insertion_time: OffsetDateTime,
    /// The time at which the service deletes the message.
    pub expiration_time: OffsetDateTime,
    /// The time at which the message becomes visible again; for a peeked message, its insertion time.
    pub next_visible_time: OffsetDateTime,
    /// The text as it is stored, not decoded.
    pub text: String,
}

impl Queue {
    /// A queue of the service at `endpoint`.
    pub(crate) fn new(
        name: &str,
        endpoint: &Url,
        access: &Access,
        Options { http, retry }: Options,
    ) -> Result<Self, StorageError> {
        let mut url = endpoint.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().push(name);
        }
        // The SDK supports no shared key, and demands https for tokens, so the URL is signed.
        if let Access::Key(key) = access {
            url.query_pairs_mut().extend_pairs(key.queue_sas());
        }
        let transport = Some(Transport::new(Arc::new(http)));
        let client_options = ClientOptions { retry, transport, ..ClientOptions::default() };
        let options = QueueClientOptions { client_options, ..QueueClientOptions::default() };
        let client = QueueClient::new(url, access.credential(), Some(options));
        let client = client.map_err(|error| failed(name, &error))?;
        Ok(Self { name: name.to_owned(), client: Arc::new(client) })
    }

    /// The queue's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Creates the queue, unless it exists.
    ///
    /// # Errors
    ///
    /// If the service refuses, for example because of the name.
    pub async fn create_if_missing(&self) -> Result<(), StorageError> {
        self.client.create(None).await.map(drop).map_err(|error| self.failed(&error))
    }

    /// Whether the queue exists.
    ///
    /// # Errors
    ///
    /// If the service is not reached or refuses.
    pub async fn exists(&self) -> Result<bool, StorageError> {
        self.client.exists().await.map_err(|error| self.failed(&error))
    }

    /// Sends a message with this text, which is not encoded.
    ///
    /// # Errors
    ///
    /// If the queue does not exist, or the text is too long or not allowed in XML.
    pub async fn send(&self, text: &str) -> Result<(), StorageError> {
        let sent = self.client.send_message(self.outgoing(text)?, None).await;
        sent.map(drop).map_err(|error| self.failed(&error))
    }

    /// Sends a message like [`Queue::send`]. Returns the id that the service gave to it.
    ///
    /// # Errors
    ///
    /// Those of [`Queue::send`].
    pub async fn send_identified(&self, text: &str) -> Result<String, StorageError> {
        let answer = self.client.send_message(self.outgoing(text)?, None).await;
        let sent = answer
            .and_then(azure_core::http::Response::into_model)
            .map_err(|error| self.failed(&error))?;
        let id = sent.items.unwrap_or_default().into_iter().find_map(|one| one.message_id);
        id.ok_or_else(|| self.misunderstood("message"))
    }

    fn outgoing(
        &self,
        text: &str,
    ) -> Result<RequestContent<OutgoingMessage, XmlFormat>, StorageError> {
        let message = OutgoingMessage { message_text: Some(text.to_owned()) };
        RequestContent::try_from(message).map_err(|error| self.failed(&error))
    }

    /// Receives up to `most` messages and hides them for `visibility`, rounded up to whole seconds.
    ///
    /// # Errors
    ///
    /// If the queue does not exist or the service refuses.
    pub async fn receive(
        &self,
        most: u8,
        visibility: Duration,
    ) -> Result<Vec<QueueMessage>, StorageError> {
        let options = QueueClientReceiveMessagesOptions {
            number_of_messages: Some(i32::from(most)),
            visibility_timeout: Some(whole_seconds(visibility)),
            ..QueueClientReceiveMessagesOptions::default()
        };
        let answer = self.client.receive_messages(Some(options)).await;
        let messages = answer
            .and_then(azure_core::http::Response::into_model)
            .map_err(|error| self.failed(&error))?;
        let items = messages.items.unwrap_or_default().into_iter();
        items.map(|item| received(item).ok_or_else(|| self.misunderstood("message"))).collect()
    }

    /// Returns the first visible messages, up to 32, without receiving them.
    ///
    /// # Errors
    ///
    /// If the queue does not exist or the service refuses.
    pub async fn peek(&self) -> Result<Vec<QueueMessage>, StorageError> {
        let options = QueueClientPeekMessagesOptions {
            number_of_messages: Some(MOST_MESSAGES_PER_RESPONSE),
            ..QueueClientPeekMessagesOptions::default()
        };
        let answer = self.client.peek_messages(Some(options)).await;
        let messages = answer
            .and_then(azure_core::http::Response::into_model)
            .map_err(|error| self.failed(&error))?;
        let items = messages.items.unwrap_or_default().into_iter();
        items.map(|item| peeked(item).ok_or_else(|| self.misunderstood("message"))).collect()
    }

    /// Deletes a received message.
    ///
    /// # Errors
    ///
    /// If the receipt is not the message's latest, or the message is gone.
    pub async fn delete(&self, id: &str, pop_receipt: &str) -> Result<(), StorageError> {
        let answer = self.client.delete_message(id, pop_receipt, None).await;
        answer.map(drop).map_err(|error| self.failed(&error))
    }

    /// Makes a received message visible again after `visibility`, rounded up to whole seconds. Returns the
    /// pop receipt that replaces the previous one.
    ///
    /// # Errors
    ///
    /// If the receipt is not the message's latest, or the message is gone.
    pub async fn update_visibility(
        &self,
        id: &str,
        pop_receipt: &str,
        visibility: Duration,
    ) -> Result<String, StorageError> {
        let seconds = whole_seconds(visibility);
        let answer = self.client.update_message(id, pop_receipt, seconds, None).await;
        let answer = answer.map_err(|error| self.failed(&error))?;
        let receipt = answer.headers().get_optional_str(&"x-ms-popreceipt".into());
        receipt.map(str::to_owned).ok_or_else(|| self.misunderstood("receipt"))
    }

    /// The number of messages, hidden ones included. Azurite's number is exact; the service promises
    /// an approximation.
    ///
    /// # Errors
    ///
    /// If the queue does not exist or the service refuses.
    pub async fn approximate_count(&self) -> Result<i64, StorageError> {
        let answer = self.client.get_properties(None).await;
        let count = answer
            .and_then(|answer| answer.approximate_messages_count())
            .map_err(|error| self.failed(&error))?;
        count.ok_or_else(|| self.misunderstood("count"))
    }

    /// Deletes every message.
    ///
    /// # Errors
    ///
    /// If the queue does not exist or the service refuses.
    pub async fn clear(&self) -> Result<(), StorageError> {
        self.client.clear(None).await.map(drop).map_err(|error| self.failed(&error))
    }

    fn failed(&self, error: &azure_core::Error) -> StorageError {
        failed(&self.name, error)
    }

    fn misunderstood(&self, what: &str) -> StorageError {
        let message = format!("the service sent an incomplete {what}");
        StorageError::new(resource(&self.name), None, message)
    }
}

fn failed(queue: &str, error: &azure_core::Error) -> StorageError {
    let status = error.http_status().and_then(|code| StatusCode::from_u16(code.into()).ok());
    StorageError::new(resource(queue), status, with_causes(error))
}

fn resource(queue: &str) -> String {
    format!("queue '{queue}'")
}

/// The SDK's message says only that it stopped retrying; the reason is in its sources. Messages of
/// reqwest are left out, because they contain the signed URL.
fn with_causes(error: &(dyn std::error::Error + 'static)) -> String {
    std::iter::successors(Some(error), |error| error.source())
        .filter(|error| !error.is::<reqwest::Error>())
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}

fn received(item: ReceivedMessage) -> Option<QueueMessage> {
    Some(QueueMessage {
        id: item.message_id?,
        pop_receipt: item.pop_receipt?,
        dequeue_count: item.dequeue_count?,
        insertion_time: item.insertion_time?,
        expiration_time: item.expiration_time?,
        next_visible_time: item.time_next_visible?,
        text: item.message_text.unwrap_or_default(),
    })
}

fn peeked(item: PeekedMessage) -> Option<QueueMessage> {
    Some(QueueMessage {
        id: item.message_id?,
        pop_receipt: String::new(),
        dequeue_count: item.dequeue_count?,
        insertion_time: item.insertion_time?,
        expiration_time: item.expiration_time?,
        next_visible_time: item.insertion_time?,
        text: item.message_text.unwrap_or_default(),
    })
}

/// The service counts whole seconds. Rounding up shows no message too early.
fn whole_seconds(duration: Duration) -> i32 {
    let seconds = duration.as_secs() + u64::from(duration.subsec_nanos() > 0);
    i32::try_from(seconds).unwrap_or(i32::MAX)
}
