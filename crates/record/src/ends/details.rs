//! Who asked for an end.

use app_roles::ids::{AppId, InvocationId};

/// The request that set an end, as the record names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Details {
    /// Who asked, as results name requesters: for instance `queue:app-role-requests`.
    pub requester: String,
    /// The requester's own id of the request.
    pub request_id: Option<String>,
    /// The id of the queue message. Two deliveries of one message have the same.
    pub message_id: Option<String>,
    /// The invocation that set the end.
    pub invocation_id: InvocationId,
    /// The function that set the end.
    pub function: String,
    /// The rule that allowed the assignment.
    pub rule: String,
    /// The requester's reason.
    pub reason: Option<String>,
    /// The value of the role. Default access has none.
    pub app_role_value: Option<String>,
    /// The application id of the API.
    pub api_app_id: AppId,
    /// The display name of the API.
    pub api_display_name: Option<String>,
    /// The display name of the principal.
    pub principal_display_name: Option<String>,
}

impl Details {
    /// Whether both are deliveries of one message, so that they set one end.
    #[must_use]
    pub fn is_same_message(&self, other: &Self) -> bool {
        self.message_id.is_some() && self.message_id == other.message_id
    }
}
