//! The queue services of storage accounts: messages are put into queues here.
//!
//! The REST API is used ("Queue service REST API"): one request does not justify a library.

mod access;
mod answer;
mod message;
mod request;
mod service;

use std::{collections::BTreeMap, sync::Arc};

use azure_core::http::Url;

pub use service::{QueueAddress, QueueService};

use crate::{
    call_error::{CallError, Kind},
    exchange::Exchange,
    presence::Presence,
    rest::RestClient,
    retry::{Backoff, Deadline, with_retries},
    storage_access::StorageAccess,
};
use answer::{Meaning, meaning};
use request::Request;

/// The queue services of the app, by the name of their connection. Clones share connections.
#[derive(Clone)]
pub struct Queues {
    services: Arc<BTreeMap<String, Service>>,
}

/// A queue service, and how it is reached.
struct Service {
    access: StorageAccess,
    url: Url,
}

/// A queue with everything that its requests need.
struct Queue<'a> {
    service: &'a Service,
    address: &'a QueueAddress,
    deadline: Deadline,
}

impl Queues {
    /// These services, by the name of their connection.
    ///
    /// `rest` has tokens for [`STORAGE_SCOPE`](crate::storage::STORAGE_SCOPE), and `http` sends the
    /// requests that a key signs.
    #[must_use]
    pub fn new(
        rest: &RestClient,
        http: reqwest::Client,
        services: BTreeMap<String, QueueService>,
    ) -> Self {
        let exchange = Exchange::new(http, rest.timing().clone());
        let service = |service| match service {
            QueueService::Identity(url) => {
                Service { access: StorageAccess::Tokens(rest.clone()), url }
            }
            QueueService::Key(url, key) => {
                Service { access: StorageAccess::Key(exchange.clone(), key), url }
            }
        };
        let services = services.into_iter().map(|(name, found)| (name, service(found))).collect();
        Self { services: Arc::new(services) }
    }

    /// Puts a message with this text into a queue, which is created if it is missing.
    ///
    /// The text arrives unchanged, except for characters that XML cannot hold: they arrive as U+FFFD. It
    /// may have at most 64 KiB ("Put Message").
    ///
    /// After `Ok`, the message is in the queue at least once: if an answer was lost, it is there twice.
    /// After an error, it may have arrived anyway.
    pub async fn put(
        &self,
        address: &QueueAddress,
        text: &str,
        deadline: Deadline,
    ) -> Result<(), CallError> {
        let Some(service) = self.services.get(&address.connection) else {
            return Err(unknown(address));
        };
        let queue = Queue { service, address, deadline };
        let put = Request::put(&service.url, &address.name, text);
        let backoff = Backoff::new("put a message", service.access.timing(), deadline);
        with_retries(backoff, || queue.put(&put)).await
    }

    /// Whether a queue exists and can be read; `None` if the connection is unknown.
    pub async fn presence(
        &self,
        address: &QueueAddress,
        deadline: Deadline,
    ) -> Option<Result<Presence, CallError>> {
        let service = self.services.get(&address.connection)?;
        let queue = Queue { service, address, deadline };
        let look = Request::look(&service.url, &address.name);
        let backoff = Backoff::new("look for the queue", service.access.timing(), deadline);
        Some(with_retries(backoff, || queue.look(&look)).await)
    }
}

impl Queue<'_> {
    /// One attempt, which creates the queue if it is missing.
    async fn put(&self, put: &Request) -> Result<(), CallError> {
        if self.send(put).await? == Meaning::Done {
            return Ok(());
        }
        self.send(&Request::create(&self.service.url, &self.address.name)).await?;
        match self.send(put).await? {
            Meaning::Done => Ok(()),
            Meaning::NoQueue => {
                let detail = self.sentence("is still missing after it was created");
                Err(CallError::new(Kind::Transient, detail))
            }
        }
    }

    async fn look(&self, look: &Request) -> Result<Presence, CallError> {
        match self.send(look).await? {
            Meaning::Done => Ok(Presence::Exists),
            Meaning::NoQueue => Ok(Presence::Missing),
        }
    }

    async fn send(&self, request: &Request) -> Result<Meaning, CallError> {
        let access = &self.service.access;
        let sent = access::send(access, request, self.deadline).await;
        let name = || self.sentence("");
        let reply = sent.map_err(|error| CallError::no_response(name().trim_end(), &error))?;
        meaning(&reply, request.purpose).map_err(|refusal| {
            let answer = (refusal.status, refusal.code.as_str());
            let advice = access::advice(access, answer, request.purpose, &self.address.connection);
            let detail = self.sentence(&format!("{}{advice}", refusal.sentence()));
            CallError::by_status(refusal.status, &reply, detail)
        })
    }

    /// A sentence about the queue.
    fn sentence(&self, what: &str) -> String {
        format!("queue {} of {} {what}", self.address.name, self.service.url)
    }
}

fn unknown(address: &QueueAddress) -> CallError {
    let QueueAddress { connection, name } = address;
    let detail = format!(
        "nothing can be put into queue {name}, because the connection {connection} leads to no queue \
         service: set {connection}__queueServiceUri or {connection}__accountName, or {connection} to a \
         connection string with an AccountKey"
    );
    CallError::new(Kind::Final, detail)
}
