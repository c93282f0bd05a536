//! Exit statuses.

use std::process::ExitCode;

use app_roles::outcome::{RoleOutcome, Status};

/// The exit status of the process. Scripts rely on the numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// The command succeeded.
    Done = 0,
    /// The command failed.
    Failed = 1,
    /// The command line is invalid.
    Usage = 2,
    /// The policy, Microsoft Graph or a guard of this program denied the change.
    Denied = 3,
    /// A name was not found, or is ambiguous.
    NotFound = 4,
    /// Some changes succeeded and others did not.
    Partly = 5,
    /// The tenant differs from the policy.
    Drift = 6,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

impl Exit {
    /// Returns the exit status of a request, from the outcomes of its roles.
    pub(crate) fn of(roles: &[RoleOutcome]) -> Self {
        let has = |statuses: &[Status]| roles.iter().any(|role| statuses.contains(&role.status));
        let unfinished = has(&[Status::Failed, Status::Unknown, Status::NotAttempted]);
        if roles.iter().any(RoleOutcome::is_change) && unfinished {
            Self::Partly
        } else if has(&[Status::Denied]) {
            Self::Denied
        } else if has(&[Status::NotFound, Status::Ambiguous]) {
            Self::NotFound
        } else if unfinished || has(&[Status::Invalid, Status::Expired]) {
            Self::Failed
        } else {
            Self::Done
        }
    }
}
