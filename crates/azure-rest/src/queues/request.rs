//! The requests to the queue service ("Queue service REST API").

use azure_core::http::Url;
use reqwest::Method;

use super::message;

/// The media type of bodies, and of everything that the service sends.
pub(super) const XML: &str = "application/xml";

/// The purpose of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To put a message into the queue: 201.
    Put,
    /// To create the queue: 201, or 204 if it exists.
    Create,
    /// To see whether the queue exists: any success.
    Look,
}

/// A request, not yet authorized.
pub(super) struct Request {
    pub(super) purpose: Purpose,
    pub(super) method: Method,
    pub(super) url: Url,
    /// The body, in [`XML`].
    pub(super) body: Option<String>,
}

impl Request {
    /// "Put Message". Like the messages of the Functions host, it stays for seven days.
    pub(super) fn put(service: &Url, queue: &str, text: &str) -> Self {
        let url = address(service, &[queue, "messages"]);
        let body = Some(message::body(text));
        Self { purpose: Purpose::Put, method: Method::POST, url, body }
    }

    /// "Create Queue".
    pub(super) fn create(service: &Url, queue: &str) -> Self {
        let url = address(service, &[queue]);
        Self { purpose: Purpose::Create, method: Method::PUT, url, body: None }
    }

    /// "Get Queue Metadata".
    pub(super) fn look(service: &Url, queue: &str) -> Self {
        let mut url = address(service, &[queue]);
        url.set_query(Some("comp=metadata"));
        Self { purpose: Purpose::Look, method: Method::GET, url, body: None }
    }
}

/// The address of a path below the address of a service.
fn address(service: &Url, path: &[&str]) -> Url {
    let mut url = service.clone();
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().extend(path);
    }
    url
}
