//! A queue, as the Functions host and the tests use it: over Microsoft's client, with message texts
//! as they are stored. Base64 is the business of whoever sends and receives.

use std::{sync::Arc, time::Duration};

use azure_core::{
    credentials::TokenCredential,
    http::{ClientOptions, RequestContent, StatusCode},
};
use azure_storage_queue::{
    QueueClient, QueueClientOptions,
    models::{
        PeekedMessage, QueueClientGetPropertiesResultHeaders as _, QueueClientPeekMessagesOptions,
        QueueClientReceiveMessagesOptions, QueueMessage as OutgoingMessage, ReceivedMessage,
    },
};
use time::{OffsetDateTime, format_description::well_known::Rfc2822};
use url::Url;

/// The most messages that one request returns ("Get Messages").
const MOST_MESSAGES_PER_REQUEST: i32 = 32;

/// A queue of a storage account.
#[derive(Clone)]
pub struct Queue {
    name: String,
    client: Arc<QueueClient>,
}

/// A message as it is stored, received or only looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueMessage {
    /// The service's id of the message.
    pub id: String,
    /// What proves that this receiver has the message; empty if it was only looked at.
    pub pop_receipt: String,
    /// How often it has been received, this time included.
    pub dequeue_count: i64,
    /// When it was sent.
    pub insertion_time: OffsetDateTime,
    /// When the service removes it.
    pub expiration_time: OffsetDateTime,
    /// When others see it again; its insertion time if it was only looked at.
    pub next_visible_time: OffsetDateTime,
    /// The text as it is stored, not decoded.
    pub text: String,
}

/// What remains valid of a message after its visibility was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpdateReceipt {
    /// The receipt that replaces the one before.
    pub pop_receipt: String,
    /// When others see the message again.
    pub next_visible_time: OffsetDateTime,
}

/// Why a queue did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// The queue's address could not be made or signed.
    #[error("queue '{0}' has no usable address")]
    Address(String),
    /// The service does not know the queue, or not the message (any more, or with this receipt).
    #[error("queue '{queue}': not found: {message}")]
    NotFound {
        /// The queue's name.
        queue: String,
        /// What the service said.
        message: String,
    },
    /// The service refused, or was not reached.
    #[error("queue '{queue}': {message}")]
    Service {
        /// The queue's name.
        queue: String,
        /// What the service or the connection said.
        message: String,
    },
    /// The answer lacks a field that the service always sends.
    #[error("queue '{queue}': an answer without {field}")]
    Answer {
        /// The queue's name.
        queue: String,
        /// The field.
        field: &'static str,
    },
}

impl Queue {
    /// Without a credential, the URL must be signed.
    pub(super) fn new(
        name: &str,
        url: Url,
        credential: Option<Arc<dyn TokenCredential>>,
        client_options: ClientOptions,
    ) -> Result<Self, QueueError> {
        let options = QueueClientOptions { client_options, ..QueueClientOptions::default() };
        let client = QueueClient::new(url, credential, Some(options))
            .map_err(|_| QueueError::Address(name.to_owned()))?;
        Ok(Self { name: name.to_owned(), client: Arc::new(client) })
    }

    /// The queue's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Creates the queue; does nothing if it exists.
    ///
    /// # Errors
    ///
    /// If the service refuses, for example the name.
    pub async fn create_if_missing(&self) -> Result<(), QueueError> {
        self.client.create(None).await.map(drop).map_err(|error| self.failed(&error))
    }

    /// Whether the queue exists.
    ///
    /// # Errors
    ///
    /// If the service does not say.
    pub async fn exists(&self) -> Result<bool, QueueError> {
        self.client.exists().await.map_err(|error| self.failed(&error))
    }

    /// Adds a message with this text, as it is.
    ///
    /// # Errors
    ///
    /// If the queue does not exist, or the text is too long or not allowed in XML.
    pub async fn send(&self, text: &str) -> Result<(), QueueError> {
        let message = OutgoingMessage { message_text: Some(text.to_owned()) };
        let body = RequestContent::try_from(message).map_err(|error| self.failed(&error))?;
        self.client.send_message(body, None).await.map(drop).map_err(|error| self.failed(&error))
    }

    /// Receives up to `most` messages and hides them from others for `visibility` (whole seconds).
    ///
    /// # Errors
    ///
    /// If the queue does not exist or the service refuses.
    pub async fn receive(
        &self,
        most: u8,
        visibility: Duration,
    ) -> Result<Vec<QueueMessage>, QueueError> {
        let options = QueueClientReceiveMessagesOptions {
            number_of_messages: Some(i32::from(most)),
            visibility_timeout: Some(whole_seconds(visibility)),
            ..QueueClientReceiveMessagesOptions::default()
        };
        let answer = self.client.receive_messages(Some(options)).await;
        let messages = answer
            .and_then(azure_core::http::Response::into_model)
            .map_err(|error| self.failed(&error))?;
        messages.items.unwrap_or_default().into_iter().map(|item| self.received(item)).collect()
    }

    /// Looks at the first messages that are visible, up to 32, and changes nothing.
    ///
    /// # Errors
    ///
    /// If the queue does not exist or the service refuses.
    pub async fn peek(&self) -> Result<Vec<QueueMessage>, QueueError> {
        let options = QueueClientPeekMessagesOptions {
            number_of_messages: Some(MOST_MESSAGES_PER_REQUEST),
            ..QueueClientPeekMessagesOptions::default()
        };
        let answer = self.client.peek_messages(Some(options)).await;
        let messages = answer
            .and_then(azure_core::http::Response::into_model)
            .map_err(|error| self.failed(&error))?;
        messages.items.unwrap_or_default().into_iter().map(|item| self.peeked(item)).collect()
    }

    /// Deletes a message that was received.
    ///
    /// # Errors
    ///
    /// If the receipt is not the message's latest, or the message is gone.
    pub async fn delete(&self, id: &str, pop_receipt: &str) -> Result<(), QueueError> {
        let answer = self.client.delete_message(id, pop_receipt, None).await;
        answer.map(drop).map_err(|error| self.failed(&error))
    }

    /// Shows a received message to others after `visibility` from now (whole seconds, 0 is at
    /// once).
    ///
    /// # Errors
    ///
    /// If the receipt is not the message's latest, or the message is gone.
    pub async fn update_visibility(
        &self,
        id: &str,
        pop_receipt: &str,
        visibility: Duration,
    ) -> Result<UpdateReceipt, QueueError> {
        let seconds = whole_seconds(visibility);
        let answer = self.client.update_message(id, pop_receipt, seconds, None).await;
        let answer = answer.map_err(|error| self.failed(&error))?;
        let header = |name: &'static str| {
            let value = answer.headers().get_optional_str(&name.into());
            value.ok_or_else(|| self.without(name))
        };
        let time = header("x-ms-time-next-visible")?;
        Ok(UpdateReceipt {
            pop_receipt: header("x-ms-popreceipt")?.to_owned(),
            next_visible_time: OffsetDateTime::parse(time, &Rfc2822)
                .map_err(|_| self.without("x-ms-time-next-visible"))?,
        })
    }

    /// How many messages there are, those included that nobody sees at the moment. Azurite counts
    /// exactly; the service promises only an approximation.
    ///
    /// # Errors
    ///
    /// If the queue does not exist or the service refuses.
    pub async fn approximate_count(&self) -> Result<i64, QueueError> {
        let answer = self.client.get_properties(None).await;
        let count = answer
            .and_then(|answer| answer.approximate_messages_count())
            .map_err(|error| self.failed(&error))?;
        count.ok_or_else(|| self.without("x-ms-approximate-messages-count"))
    }

    /// Deletes every message.
    ///
    /// # Errors
    ///
    /// If the queue does not exist or the service refuses.
    pub async fn clear(&self) -> Result<(), QueueError> {
        self.client.clear(None).await.map(drop).map_err(|error| self.failed(&error))
    }

    fn received(&self, item: ReceivedMessage) -> Result<QueueMessage, QueueError> {
        Ok(QueueMessage {
            id: item.message_id.ok_or_else(|| self.without("MessageId"))?,
            pop_receipt: item.pop_receipt.ok_or_else(|| self.without("PopReceipt"))?,
            dequeue_count: item.dequeue_count.ok_or_else(|| self.without("DequeueCount"))?,
            insertion_time: item.insertion_time.ok_or_else(|| self.without("InsertionTime"))?,
            expiration_time: item.expiration_time.ok_or_else(|| self.without("ExpirationTime"))?,
            next_visible_time: item
                .time_next_visible
                .ok_or_else(|| self.without("TimeNextVisible"))?,
            text: item.message_text.unwrap_or_default(),
        })
    }

    fn peeked(&self, item: PeekedMessage) -> Result<QueueMessage, QueueError> {
        let insertion_time = item.insertion_time.ok_or_else(|| self.without("InsertionTime"))?;
        Ok(QueueMessage {
            id: item.message_id.ok_or_else(|| self.without("MessageId"))?,
            pop_receipt: String::new(),
            dequeue_count: item.dequeue_count.ok_or_else(|| self.without("DequeueCount"))?,
            insertion_time,
            expiration_time: item.expiration_time.ok_or_else(|| self.without("ExpirationTime"))?,
            next_visible_time: insertion_time,
            text: item.message_text.unwrap_or_default(),
        })
    }

    fn failed(&self, error: &azure_core::Error) -> QueueError {
        let (queue, message) = (self.name.clone(), with_causes(error));
        match error.http_status() {
            Some(StatusCode::NotFound) => QueueError::NotFound { queue, message },
            _ => QueueError::Service { queue, message },
        }
    }

    fn without(&self, field: &'static str) -> QueueError {
        QueueError::Answer { queue: self.name.clone(), field }
    }
}

/// The SDK's own words say only that it has given up; why is in what it wraps. Errors of reqwest
/// are left out for the address that they name, signature included; what they wrap says more
/// anyway.
fn with_causes(error: &(dyn std::error::Error + 'static)) -> String {
    std::iter::successors(Some(error), |error| error.source())
        .filter(|error| !error.is::<reqwest::Error>())
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}

/// The service counts in whole seconds; rounding up never shows a message too early.
fn whole_seconds(duration: Duration) -> i32 {
    let seconds = duration.as_secs() + u64::from(duration.subsec_nanos() > 0);
    i32::try_from(seconds).unwrap_or(i32::MAX)
}
