//! An error answer, before the service that gives it has put it into its own shape.

use warp::http::StatusCode;

/// What any of the emulated services says when it fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) status: StatusCode,
    pub(super) code: String,
    pub(super) message: String,
    /// Headers that only this answer has.
    pub(super) headers: Vec<(String, String)>,
}

impl Failure {
    pub(super) fn new(status: StatusCode, code: &str, message: impl Into<String>) -> Self {
        let (code, message) = (code.to_owned(), message.into());
        Self { status, code, message, headers: Vec::new() }
    }
}
