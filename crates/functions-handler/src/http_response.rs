//! The response to an HTTP caller.

use std::collections::BTreeMap;

use serde::Serialize;

/// The response to an HTTP caller, as an output binding of type `http` expects it.
///
/// ```json
/// { "statusCode": 201, "headers": { "Content-Type": "application/json" }, "body": "{…}" }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HttpResponse {
    /// The status code.
    pub status_code: u16,
    /// The headers. Without a `Content-Type`, the host sends `text/plain`.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: String,
}

impl HttpResponse {
    /// A response with a body of this media type.
    #[must_use]
    pub fn new(status_code: u16, content_type: &str, body: String) -> Self {
        let headers = BTreeMap::from([("Content-Type".to_owned(), content_type.to_owned())]);
        Self { status_code, headers, body }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.insert(name.to_owned(), value.to_owned());
        self
    }
}
