//! One invocation, as the broker sees it.

use app_roles::{ids::InvocationId, request::SentTime, requester::Requester, text::MessageId};
use azure_rest::retry::Deadline;
use microsoft_graph::{caller::Caller, priority::Priority};
use time::OffsetDateTime;
use tokio::time::Instant;

use crate::approval_reference::ApprovalReference;

/// One invocation: who asks, when, and until when an answer is due.
#[derive(Debug, Clone)]
pub struct Ask {
    /// The function that was invoked.
    pub function: String,
    /// The host's id of the invocation.
    pub invocation_id: InvocationId,
    /// The trace id of the operation that the invocation is part of, if the host sent one.
    pub trace_id: Option<String>,
    /// Who asks, as far as the trigger can prove it.
    pub requester: Requester,
    /// The storage service's id of the queue message, if there is one.
    pub message_id: Option<MessageId>,
    /// When the request was sent.
    pub sent: SentTime,
    /// Which delivery of the message this is.
    pub delivery: Delivery,
    /// Whether to wait for a principal that Graph does not know yet. Later deliveries do not wait,
    /// because the time between deliveries is the wait.
    pub waits_for_replication: bool,
    /// The deadline of the answer.
    pub deadline: Deadline,
    /// The priority of the writes of this invocation.
    pub priority: Priority,
    /// When the work began.
    pub started: Started,
    /// The approval that permits the work, if the invocation carries out an approved request.
    pub approval: Option<ApprovalReference>,
    /// The number of the first row that this invocation adds to the record. Rows are numbered within an
    /// invocation.
    pub first_row: usize,
}

/// Which delivery of a message this is, and what happens if it fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delivery {
    /// The number of the delivery; 1 is the first. 0 if the host's admin endpoint was called.
    pub number: u32,
    /// What happens if the invocation fails.
    pub if_failed: IfFailed,
}

/// What happens to a message if its invocation fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IfFailed {
    /// It is delivered again.
    Redelivered,
    /// This was the last delivery: the broker answers `failed`, and the message is kept for operators.
    GivenUp,
    /// Nothing delivers it again; the caller may repeat the call.
    CallerRepeats,
}

/// The moment at which work began, by both clocks.
#[derive(Debug, Clone, Copy)]
pub struct Started {
    /// The time of day, for results and audit rows.
    pub at: OffsetDateTime,
    /// The monotonic clock, for durations.
    pub clock: Instant,
}

impl Started {
    /// Now.
    #[must_use]
    pub fn now() -> Self {
        Self { at: OffsetDateTime::now_utc(), clock: Instant::now() }
    }
}

impl Ask {
    /// An invocation that begins now and that nothing delivers again.
    #[must_use]
    pub fn call(
        function: &str,
        invocation_id: InvocationId,
        requester: Requester,
        deadline: Deadline,
    ) -> Self {
        Self {
            function: function.to_owned(),
            invocation_id,
            trace_id: None,
            requester,
            message_id: None,
            sent: SentTime::NotStated,
            delivery: Delivery { number: 1, if_failed: IfFailed::CallerRepeats },
            waits_for_replication: true,
            deadline,
            priority: Priority::Normal,
            started: Started::now(),
            approval: None,
            first_row: 0,
        }
    }

    /// The caller whose turn the writes of this invocation wait for.
    #[must_use]
    pub fn caller(&self) -> Caller {
        Caller { requester: self.requester.clone(), priority: self.priority }
    }

    /// Whether an earlier delivery of this message may have written something.
    #[must_use]
    pub fn is_redelivery(&self) -> bool {
        self.delivery.number > 1
    }

    /// Whether no earlier delivery can have done anything for this message.
    #[must_use]
    pub fn is_first_delivery(&self) -> bool {
        self.delivery.number == 1
    }
}
