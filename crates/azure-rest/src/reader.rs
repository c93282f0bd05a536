//! Reads small answers of a service of Azure.

use reqwest::RequestBuilder;

use crate::{
    body::BodyLimit,
    call_error::CallError,
    rest::{Response, RestClient},
    retry::Deadline,
};

/// Reads small answers of one service.
pub(crate) struct Reader<'a> {
    /// The client, with tokens for the service.
    pub(crate) rest: &'a RestClient,
    /// What is read, for the log.
    pub(crate) operation: &'static str,
    /// The service, for the log.
    pub(crate) service: &'a str,
    /// The latest time for the answer.
    pub(crate) deadline: Deadline,
}

impl Reader<'_> {
    /// Sends a request until `interpret` understands the answer, an error is not transient, or the
    /// deadline passes. A refused token is replaced once.
    pub(crate) async fn read<T>(
        &self,
        request: impl Fn() -> RequestBuilder,
        interpret: impl Fn(&Response) -> Result<T, CallError>,
    ) -> Result<T, CallError> {
        let attempt = || async {
            let sent = self.rest.send(request(), BodyLimit::SMALL, self.deadline).await;
            let response = sent.map_err(|error| CallError::no_response(self.service, &error))?;
            interpret(&response)
        };
        self.rest.with_retries(self.operation, self.deadline, attempt).await
    }
}
