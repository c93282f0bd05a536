//! A request to the emulated tenant.

use std::time::Instant;

use warp::{
    http::{HeaderMap, Method},
    hyper::body::Bytes,
};

/// The header with which a caller names a request (Microsoft Learn, "Best practices for working with
/// Microsoft Graph").
pub(crate) const CLIENT_REQUEST_ID: &str = "client-request-id";

/// A request.
#[derive(Debug)]
pub(crate) struct IncomingRequest {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) arrived: Instant,
}

impl IncomingRequest {
    /// The text of a header; `None` if it is absent or not text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The decoded parameters of the query.
    pub(crate) fn parameters(&self) -> impl Iterator<Item = (String, String)> {
        url::form_urlencoded::parse(self.query.as_bytes()).into_owned()
    }
}
