//! Reports the requests of this process to an observer, for a program that shows them to its operator.
//!
//! No event contains a token, a key or a body. A URL may contain a signature in its query, so an observer
//! must not show the whole query.

use std::{
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use azure_core::http::Url;
use reqwest::{RequestBuilder, Response, header::HeaderMap};
use tokio::time::Instant;

/// The headers in which Microsoft's services name a request.
const REQUEST_ID: [&str; 3] = ["request-id", "x-ms-request-id", "x-ms-correlation-request-id"];

/// The longest ID of a request, in characters. Those of Microsoft's services are GUIDs.
const LONGEST_ID: usize = 64;

/// A function that receives every event.
type Observer = Box<dyn Fn(Event<'_>) + Send + Sync>;

static OBSERVER: OnceLock<Observer> = OnceLock::new();

/// What happened to a request.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A request is about to be sent.
    Sent {
        /// The number of the request in this process.
        number: u64,
        /// The method.
        method: &'a str,
        /// The address. Its query may contain a signature.
        url: &'a Url,
    },
    /// The headers of the response have arrived.
    Answered {
        /// The number of the request.
        number: u64,
        /// The HTTP status.
        status: u16,
        /// The ID that the service gave the request.
        request_id: Option<&'a str>,
        /// The time since it was sent.
        after: Duration,
    },
    /// No response has arrived.
    Unanswered {
        /// The number of the request.
        number: u64,
        /// The time since it was sent.
        after: Duration,
    },
    /// A token was fetched, or the attempt failed.
    Token {
        /// The scope that was asked for.
        scope: &'a str,
        /// Whether it was fetched.
        fetched: bool,
        /// The time that it took.
        after: Duration,
    },
    /// An operation is tried again after a wait.
    Retry {
        /// The name of the operation.
        operation: &'a str,
        /// The wait.
        after: Duration,
    },
}

/// Reports every event from now on to an observer. A process has only one: a second one is ignored.
pub fn observe(observer: impl Fn(Event<'_>) + Send + Sync + 'static) {
    let _ = OBSERVER.set(Box::new(observer));
}

/// Reports an event to the observer, if there is one.
pub(crate) fn tell(event: Event<'_>) {
    if let Some(observer) = OBSERVER.get() {
        observer(event);
    }
}

/// Sends a request once.
pub async fn send(request: RequestBuilder) -> Result<Response, reqwest::Error> {
    let (client, request) = request.build_split();
    let request = request?;
    let call = Call::begin(request.method().as_str(), request.url());
    let answer = client.execute(request).await;
    if let Ok(response) = &answer {
        call.answered(response.status().as_u16(), request_id(response.headers()));
    }
    answer
}

/// A request in progress. If it is dropped before it is answered, it is reported as unanswered.
pub(crate) struct Call {
    number: u64,
    begun: Instant,
    is_answered: bool,
}

impl Call {
    pub(crate) fn begin(method: &str, url: &Url) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);

        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        tell(Event::Sent { number, method, url });
        Self { number, begun: Instant::now(), is_answered: false }
    }

    pub(crate) fn answered(mut self, status: u16, request_id: Option<&str>) {
        self.is_answered = true;
        let after = self.begun.elapsed();
        let request_id = request_id.filter(|id| id.len() <= LONGEST_ID);
        tell(Event::Answered { number: self.number, status, request_id, after });
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        if !self.is_answered {
            tell(Event::Unanswered { number: self.number, after: self.begun.elapsed() });
        }
    }
}

fn request_id(headers: &HeaderMap) -> Option<&str> {
    named(|name| headers.get(name).and_then(|value| value.to_str().ok()))
}

/// The ID of a request, from a look-up of headers.
pub(crate) fn named<'a>(header: impl Fn(&'static str) -> Option<&'a str>) -> Option<&'a str> {
    REQUEST_ID.into_iter().find_map(header)
}
