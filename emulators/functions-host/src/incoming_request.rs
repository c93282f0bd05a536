//! A request to the host's HTTP server.

use bytes::Bytes;
use warp::http::{HeaderMap, Method};

/// A request.
pub(crate) struct IncomingRequest {
    pub(crate) method: Method,
    /// The path, percent-encoded as the caller sent it.
    pub(crate) path: String,
    /// The query without the question mark.
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl IncomingRequest {
    /// The parameters of the query, decoded, each with all its values. Names are not case-sensitive.
    pub(crate) fn query_parameters(&self) -> Vec<(String, Vec<String>)> {
        let mut parameters: Vec<(String, Vec<String>)> = Vec::new();
        for (name, value) in url::form_urlencoded::parse(self.query.as_bytes()) {
            let value = value.into_owned();
            match parameters.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(&name)) {
                Some((_, values)) => values.push(value),
                None => parameters.push((name.into_owned(), vec![value])),
            }
        }
        parameters
    }
}
