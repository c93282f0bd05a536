//! How a command ends: its exit status, and the sentence that says why.

use std::process::ExitCode;

use app_roles::outcome::{RoleOutcome, Status};
use microsoft_graph::error::{ErrorKind, GraphError};

/// How the process ends; the numbers are part of the command line's contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Everything is as it was asked for.
    Done = 0,
    /// It did not work.
    Failed = 1,
    /// The command line makes no sense.
    Usage = 2,
    /// The policy, Microsoft Graph or this tool's guards do not allow it.
    Denied = 3,
    /// A name means nothing, or several things.
    NotFound = 4,
    /// Something was changed, and not everything.
    Partly = 5,
    /// The tenant differs from the policy.
    Drift = 6,
}

/// Why a command did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
#[error("{sentence}")]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    /// What happened, in one sentence.
    pub(crate) sentence: String,
    /// What to do about it.
    pub(crate) hint: Option<String>,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

impl Exit {
    /// How a command ends of which this became.
    pub(crate) fn of(roles: &[RoleOutcome]) -> Self {
        let has = |wanted: &[Status]| roles.iter().any(|role| wanted.contains(&role.status));
        let unfinished = has(&[Status::Failed, Status::NotAttempted]);
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

impl Failure {
    fn new(exit: Exit, sentence: impl Into<String>) -> Self {
        Self { exit, sentence: sentence.into(), hint: None }
    }

    pub(crate) fn failed(sentence: impl Into<String>) -> Self {
        Self::new(Exit::Failed, sentence)
    }

    pub(crate) fn usage(sentence: impl Into<String>) -> Self {
        Self::new(Exit::Usage, sentence)
    }

    pub(crate) fn denied(sentence: impl Into<String>) -> Self {
        Self::new(Exit::Denied, sentence)
    }

    pub(crate) fn not_found(sentence: impl Into<String>) -> Self {
        Self::new(Exit::NotFound, sentence)
    }

    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

/// What Microsoft Graph's refusals mean to somebody who uses their own rights.
impl From<&GraphError> for Failure {
    fn from(error: &GraphError) -> Self {
        let failed = |sentence: &str, hint: &str| Self::failed(sentence).hint(hint);
        let failure = match error.kind() {
            ErrorKind::Forbidden => Self::denied("Microsoft Graph does not let you do this").hint(
                "app roles of Microsoft Graph take a Privileged Role Administrator, those of other \
                 APIs a Cloud Application Administrator; without such a role, `app-role submit` \
                 asks the broker",
            ),
            ErrorKind::OwnIdentityUnknown => failed(
                "Microsoft Graph does not know who you are in this tenant",
                "sign in to the tenant that is meant: `az login --tenant <tenant>`",
            ),
            ErrorKind::NotSignedIn | ErrorKind::TokenRefused => failed(
                "Microsoft Graph does not accept your sign-in",
                "sign in anew with `az login`, and check that --graph-endpoint is the Graph of this \
                 tenant's cloud",
            ),
            ErrorKind::NotFound | ErrorKind::PrincipalNotFound => Self::not_found(
                "Microsoft Graph does not know the principal (yet)",
            )
            .hint("an identity that is seconds old takes a while to be known: repeat the command"),
            ErrorKind::ApiNotFound | ErrorKind::RoleNotFound => {
                Self::not_found("Microsoft Graph does not know this role of the API (any more)")
                    .hint("`app-role roles API` lists what there is")
            }
            ErrorKind::Throttled | ErrorKind::Unavailable | ErrorKind::ConcurrentWrites => {
                Self::failed(error.to_string()).hint("repeat the command in a while")
            }
            _ => Self::failed(error.to_string()),
        };
        match error.clone().into_failure().graph_request_id {
            Some(id) => {
                Self { sentence: format!("{} (request-id {id})", failure.sentence), ..failure }
            }
            None => failure,
        }
    }
}

impl From<GraphError> for Failure {
    fn from(error: GraphError) -> Self {
        Self::from(&error)
    }
}
