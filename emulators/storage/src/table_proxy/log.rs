//! The requests that a proxy has received.

use std::time::Instant;

use reqwest::StatusCode;

use super::{operation::TableOperation, rule::TableFault};

/// A request to the table service.
#[derive(Clone, Debug)]
pub struct TableRequest {
    /// The operations: one, or those of a transaction.
    pub operations: Vec<TableOperation>,
    /// When it arrived.
    pub arrived: Instant,
    /// The fault that a rule applied to it.
    pub fault: Option<TableFault>,
    /// The answer of the service; `None` if the request was not forwarded, or not answered yet.
    pub answer: Option<TableAnswer>,
}

/// What the service answered, whether or not the answer reached the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableAnswer {
    /// When the answer arrived at the proxy. The effect of a write is durable then.
    pub at: Instant,
    /// The status. That of a transaction is the status of the operation that failed.
    pub status: u16,
}

impl TableRequest {
    /// When the request had taken effect; `None` if it had no effect, or if the proxy does not know of one.
    #[must_use]
    pub fn succeeded_at(&self) -> Option<Instant> {
        let is_success = |answer: &TableAnswer| {
            StatusCode::from_u16(answer.status).is_ok_and(|s| s.is_success())
        };
        self.answer.filter(is_success).map(|answer| answer.at)
    }
}
