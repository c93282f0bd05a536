//! Exit statuses.

use std::process::ExitCode;

use app_roles::outcome::{Code, RoleOutcome};

/// The status of a role that waits for approval.
const PENDING: &str = "pendingApproval";

/// The statuses of roles that are not failures. A newer broker's status that this program does not know
/// counts as a failure.
const FINE: [&str; 7] = [
    "assigned",
    "alreadyAssigned",
    "revoked",
    "alreadyRevoked",
    "wouldAssign",
    "wouldRevoke",
    PENDING,
];

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
    /// A request waits for approval, or has no answer.
    Pending = 7,
    /// `doctor` found nothing wrong, and could not look at everything.
    Unknown = 8,
    /// The operator interrupted the command (128 and the number of SIGINT, as shells report it).
    Interrupted = 130,
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
            Self::Pending => "pending",
            Self::Unknown => "unknown",
            Self::Interrupted => "interrupted",
        }
    }

    /// Returns the exit status of a change with the operator's own permissions, from the outcomes of its
    /// roles. Graph's refusal is a failure of a role, and says that the operator lacks a right.
    pub(crate) fn of(roles: &[RoleOutcome]) -> Self {
        let statuses: Vec<_> = roles.iter().map(|role| role.status.to_string()).collect();
        let statuses: Vec<_> = statuses.iter().map(String::as_str).collect();
        let is_refused = |role: &RoleOutcome| {
            matches!(role.code, Some(Code::Forbidden | Code::RoleNotForAgents))
        };
        match Self::of_statuses(&statuses) {
            Self::Failed if roles.iter().any(is_refused) => Self::Denied,
            exit => exit,
        }
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
        } else if unfinished || !statuses.iter().all(|status| FINE.contains(status)) {
            Self::Failed
        } else if has(&[PENDING]) {
            Self::Pending
        } else {
            Self::Done
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_is_a_success_only_if_every_status_is_known_to_be_one() {
        for (statuses, exit) in [
            (&["assigned", "alreadyAssigned"][..], Exit::Done),
            (&["wouldRevoke"], Exit::Done),
            (&["alreadyAssigned", "pendingApproval"], Exit::Pending),
            (&["denied", "notAttempted"], Exit::Denied),
            (&["ambiguous", "notAttempted"], Exit::NotFound),
            (&["assigned", "failed"], Exit::Partly),
            (&["alreadyAssigned", "unknown"], Exit::Failed),
            (&["invalid"], Exit::Failed),
            (&["expired"], Exit::Failed),
            (&["assigned", "of a newer broker"], Exit::Failed),
            (&["pendingApproval", ""], Exit::Failed),
        ] {
            assert_eq!(Exit::of_statuses(statuses), exit, "{statuses:?}");
        }
    }
}
