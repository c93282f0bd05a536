//! What an answer is about, for the record.

use app_roles::{
    request::{Action, Request},
    text::RequestId,
};

use crate::{answer::Answer, mode::Mode, stop::Unreadable};

/// What was asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Asked<'a> {
    /// A request to assign or revoke roles.
    Request(&'a Request),
    /// The roles that the baseline gives an identity.
    Baseline,
    /// The end of an assignment, with the requester's own id of the request that set the end.
    End(Option<&'a RequestId>),
    /// A message that is not a valid request, or a read, with the requester's own id if it has one.
    Unreadable(Option<&'a RequestId>),
}

impl<'a> Asked<'a> {
    /// A message that is no request.
    pub(crate) fn of_unreadable(fault: &'a Unreadable) -> Self {
        Self::Unreadable(fault.request_id.as_ref())
    }

    /// The request, if it is one.
    pub(crate) fn request(self) -> Option<&'a Request> {
        match self {
            Self::Request(request) => Some(request),
            Self::Baseline | Self::End(_) | Self::Unreadable(_) => None,
        }
    }

    /// The requester's own id of the request.
    pub(crate) fn request_id(self) -> Option<&'a RequestId> {
        match self {
            Self::Request(request) => request.request_id.as_ref(),
            Self::End(request_id) | Self::Unreadable(request_id) => request_id,
            Self::Baseline => None,
        }
    }

    /// An answer with one outcome for each role of the request.
    pub(crate) fn complete(self, answer: Answer) -> Answer {
        match self.request() {
            Some(request) => answer.for_each_role_of(request),
            None => answer,
        }
    }

    /// The action that was asked for.
    pub(crate) fn action(self) -> Option<Action> {
        match self {
            Self::Request(request) => Some(request.action),
            Self::Baseline => Some(Action::Assign),
            Self::End(_) => Some(Action::Revoke),
            Self::Unreadable(_) => None,
        }
    }

    /// Whether nothing is written, because the request says so or because of the mode.
    pub(crate) fn is_dry_run(self, mode: Mode) -> Option<bool> {
        match self {
            Self::Request(request) => Some(mode.is_dry_run(request)),
            Self::Baseline | Self::End(_) => Some(mode.only_reports()),
            Self::Unreadable(_) => None,
        }
    }
}
