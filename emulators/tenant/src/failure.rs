//! An error of a service, before it has that service's format.

use serde::Serialize;
use warp::http::StatusCode;

/// An error of any of the emulated services.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) status: StatusCode,
    pub(super) code: String,
    pub(super) message: String,
    /// `details` of Microsoft Graph's envelope.
    pub(super) details: Vec<Detail>,
    /// Additional headers.
    pub(super) headers: Vec<(String, String)>,
}

/// A detail of an error (Microsoft Learn, "Microsoft Graph error responses and resource
/// types").
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Detail {
    pub(super) code: String,
    pub(super) message: String,
}

impl Failure {
    pub(super) fn new(status: StatusCode, code: &str, message: impl Into<String>) -> Self {
        let (code, message) = (code.to_owned(), message.into());
        Self { status, code, message, details: Vec::new(), headers: Vec::new() }
    }
}
