//! The answer to a caller over HTTP.

use std::collections::BTreeMap;

use serde::Serialize;

/// The answer to a caller over HTTP, as the output binding of type `http` takes it.
///
/// ```json
/// { "statusCode": 201, "headers": { "Content-Type": "application/json" }, "body": "{…}" }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HttpResponse {
    /// The status.
    pub status_code: u16,
    /// Headers. There must be a `Content-Type`: the host would say `text/plain`.
    pub headers: BTreeMap<String, String>,
    /// The body, as text.
    pub body: String,
}

impl HttpResponse {
    /// An answer with a body of this type.
    #[must_use]
    pub fn new(status_code: u16, content_type: &str, body: String) -> Self {
        let headers = BTreeMap::from([("Content-Type".to_owned(), content_type.to_owned())]);
        Self { status_code, headers, body }
    }

    /// The same with another header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.insert(name.to_owned(), value.to_owned());
        self
    }
}
