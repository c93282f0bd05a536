//! Errors that end a command.

use microsoft_graph::error::{ErrorKind, GraphError};

use crate::exit::Exit;

/// An error that ends a command.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{sentence}")]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    /// What happened, in one sentence.
    pub(crate) sentence: String,
    /// What to do about it.
    pub(crate) hint: Option<String>,
    /// A name for programs that says more than the exit status.
    pub(crate) code: Option<&'static str>,
}

impl Failure {
    fn new(exit: Exit, sentence: impl Into<String>) -> Self {
        Self { exit, sentence: sentence.into(), hint: None, code: None }
    }

    /// A failure with the exit status [`Exit::Failed`].
    pub(crate) fn failed(sentence: impl Into<String>) -> Self {
        Self::new(Exit::Failed, sentence)
    }

    /// A failure with the exit status [`Exit::Usage`].
    pub(crate) fn usage(sentence: impl Into<String>) -> Self {
        Self::new(Exit::Usage, sentence)
    }

    /// A failure with the exit status [`Exit::Denied`].
    pub(crate) fn denied(sentence: impl Into<String>) -> Self {
        Self::new(Exit::Denied, sentence)
    }

    /// A failure with the exit status [`Exit::NotFound`].
    pub(crate) fn not_found(sentence: impl Into<String>) -> Self {
        Self::new(Exit::NotFound, sentence)
    }

    /// A failure with the exit status [`Exit::Interrupted`].
    pub(crate) fn interrupted(sentence: impl Into<String>) -> Self {
        Self::new(Exit::Interrupted, sentence)
    }

    /// Adds what to do about it.
    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// Adds a name for programs, in lower camel case.
    pub(crate) fn code(self, code: &'static str) -> Self {
        Self { code: Some(code), ..self }
    }
}

/// Explains Graph's errors to an operator who uses their own permissions.
impl From<&GraphError> for Failure {
    fn from(error: &GraphError) -> Self {
        let failure = match error.kind() {
            ErrorKind::Forbidden => Self::denied("Microsoft Graph denied access").hint(
                "app roles of Microsoft Graph need a Privileged Role Administrator, those of other \
                 APIs a Cloud Application Administrator; without either, ask the broker with \
                 `app-role submit`",
            ),
            ErrorKind::OwnIdentityUnknown => {
                Self::failed("Microsoft Graph does not find your account in this tenant")
                    .hint("sign in to the right tenant with `az login --tenant <tenant>`")
            }
            ErrorKind::NotSignedIn | ErrorKind::TokenRefused => {
                Self::failed("Microsoft Graph does not accept your sign-in").hint(
                    "sign in again with `az login`, and check that --graph-endpoint belongs to the \
                     cloud of your tenant",
                )
            }
            ErrorKind::NotFound | ErrorKind::PrincipalNotFound => {
                Self::not_found("Microsoft Graph does not find the principal")
                    .hint("a new identity can take minutes to appear; run the command again")
            }
            ErrorKind::ApiNotFound | ErrorKind::RoleNotFound => {
                Self::not_found("Microsoft Graph does not find this role of the API")
                    .hint("list the roles of the API with `app-role roles`")
            }
            ErrorKind::Throttled
            | ErrorKind::Unavailable
            | ErrorKind::ConcurrentWrites
            | ErrorKind::Unknown => {
                Self::failed(error.to_string()).hint("run the command again in a few minutes")
            }
            ErrorKind::NotForAgents => Self::denied(
                "Microsoft Graph refused the role for an agent",
            )
            .hint("Microsoft Graph gives some of its roles to no agent; you have the permissions"),
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
