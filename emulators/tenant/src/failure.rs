//! An error answer, before the service that gives it has put it into its own shape.

use serde::Serialize;
use warp::http::StatusCode;

/// What any of the emulated services says when it fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) status: StatusCode,
    pub(super) code: String,
    pub(super) message: String,
    /// What Microsoft Graph adds in its envelope's `details`.
    pub(super) details: Vec<Detail>,
    /// The code in Microsoft Graph's `innerError`, which most errors lack.
    pub(super) inner_error_code: Option<String>,
    /// Headers that only this answer has.
    pub(super) headers: Vec<(String, String)>,
}

/// One of the details of an error (Microsoft Learn, "Microsoft Graph error responses and resource
/// types").
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Detail {
    pub(super) code: String,
    pub(super) message: String,
}

impl Failure {
    pub(super) fn new(status: StatusCode, code: &str, message: impl Into<String>) -> Self {
        let (code, message) = (code.to_owned(), message.into());
        let (details, inner_error_code, headers) = (Vec::new(), None, Vec::new());
        Self { status, code, message, details, inner_error_code, headers }
    }
}
