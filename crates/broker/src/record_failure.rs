//! The failures that requesters see while the record cannot be stored.

use app_roles::outcome::{Code, Failure};

/// Logs why the record cannot be stored. Returns the failure for the requester.
pub(crate) fn unavailable(error: &dyn std::fmt::Display) -> Failure {
    tracing::error!(
        event = "record.unavailable",
        "nothing is written to Microsoft Graph, and nothing is answered: {error}"
    );
    no_record()
}

/// The failure that nothing is written or answered, because it could not be recorded.
pub(crate) fn no_record() -> Failure {
    let message = "the broker's record of decisions cannot be stored, and nothing is changed without it; \
                   its operators find the reason in its log";
    Failure { code: Code::RecordUnavailable, message: message.to_owned(), graph_request_id: None }
}
