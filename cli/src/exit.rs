//! Exit statuses.

use std::process::ExitCode;

use app_roles::outcome::RoleOutcome;

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
    /// Some changes succeeded and others did not, or a report lacks what could not be read.
    Partly = 5,
    /// `drift` or `record check` has findings, a test of the policy failed, or `policy diff` has a difference.
    Findings = 6,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

impl Exit {
    /// Returns the name of the status in errors for programs.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Usage => "usage",
            Self::Denied => "denied",
            Self::NotFound => "notFound",
            Self::Partly => "partly",
            Self::Findings => "findings",
        }
    }

    /// Returns the exit status of a request, from the outcomes of its roles.
    pub(crate) fn of(roles: &[RoleOutcome]) -> Self {
        let statuses: Vec<_> = roles.iter().map(|role| role.status.to_string()).collect();
        let statuses: Vec<_> = statuses.iter().map(String::as_str).collect();
        Self::of_statuses(&statuses)
    }

    /// Returns the exit status of a request, from the statuses of its roles as results state them.
    pub(crate) fn of_statuses(statuses: &[&str]) -> Self {
        let has = |some: &[&str]| statuses.iter().any(|status| some.contains(status));
        let unfinished = has(&["failed", "unknown", "notAttempted"]);
        if has(&["assigned", "revoked"]) && unfinished {
            Self::Partly
        } else if has(&["denied"]) {
            Self::Denied
        } else if has(&["notFound", "ambiguous"]) {
            Self::NotFound
        } else if unfinished || has(&["invalid", "expired"]) {
            Self::Failed
        } else {
            Self::Done
        }
    }
}
