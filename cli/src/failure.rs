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

    /// The same failure, after something was changed: [`Exit::Failed`] would say that nothing was.
    pub(crate) fn after_a_change(self, is_changed: bool) -> Self {
        let exit = match self.exit {
            Exit::Failed if is_changed => Exit::Partly,
            exit => exit,
        };
        Self { exit, ..self }
    }

    /// Returns the name for programs: by default that of the exit status.
    pub(crate) fn code_name(&self) -> &'static str {
        self.code.unwrap_or_else(|| self.exit.code())
    }
}

/// Explains Graph's errors to an operator who uses their own permissions.
impl From<&GraphError> for Failure {
    fn from(error: &GraphError) -> Self {
        let (code, failure) = explained(error);
        let sentence = match error.clone().into_failure().graph_request_id {
            Some(id) => format!("{} (request-id {id})", failure.sentence),
            None => failure.sentence.clone(),
        };
        Self { sentence, ..failure }.code(code)
    }
}

impl From<GraphError> for Failure {
    fn from(error: GraphError) -> Self {
        Self::from(&error)
    }
}

/// Returns the name of an error for programs, and what it means.
fn explained(error: &GraphError) -> (&'static str, Failure) {
    match error.kind() {
        ErrorKind::Forbidden => (
            "forbidden",
            Failure::denied("Microsoft Graph denied access").hint(
                "app roles of Microsoft Graph need a Privileged Role Administrator, those of other \
                 APIs a Cloud Application Administrator; without either, ask the broker with \
                 `app-role submit`",
            ),
        ),
        ErrorKind::NotForAgents => (
            "roleNotForAgents",
            Failure::denied("Microsoft Graph refused the role for an agent").hint(
                "Microsoft Graph gives some of its roles to no agent; you have the permissions",
            ),
        ),
        ErrorKind::OwnIdentityUnknown => (
            "accountUnknown",
            Failure::failed("Microsoft Graph does not find your account in this tenant")
                .hint("sign in to the right tenant with `az login --tenant <tenant>`"),
        ),
        ErrorKind::NotSignedIn | ErrorKind::TokenRefused => (
            "notSignedIn",
            Failure::failed("Microsoft Graph does not accept your sign-in").hint(
                "sign in again with `az login`, and check that --graph-endpoint belongs to the \
                 cloud of your tenant",
            ),
        ),
        ErrorKind::NotFound | ErrorKind::PrincipalNotFound => (
            "principalNotFound",
            Failure::not_found("Microsoft Graph does not find the principal")
                .hint("a new identity can take minutes to appear; run the command again"),
        ),
        ErrorKind::ApiNotFound | ErrorKind::RoleNotFound => (
            "roleNotFound",
            Failure::not_found("Microsoft Graph does not find this role of the API")
                .hint("list the roles of the API with `app-role roles`"),
        ),
        _ => unavailable(error),
    }
}

/// Explains an error of Graph that the operator's permissions and names have no part in.
fn unavailable(error: &GraphError) -> (&'static str, Failure) {
    let again = "run the command again in a few minutes";
    match error.kind() {
        ErrorKind::Throttled => {
            ("throttled", Failure::failed("Microsoft Graph is throttling").hint(again))
        }
        ErrorKind::PrincipalFull => (
            "principalFull",
            Failure::failed("the principal has the maximum number of app role assignments, 1,500")
                .hint("revoke some; those on deleted APIs count, too"),
        ),
        ErrorKind::DirectoryFull => (
            "directoryFull",
            Failure::failed("the tenant's quota of directory objects is used up").hint(
                "delete objects, of which deleted ones count for 30 days, or raise the quota",
            ),
        ),
        ErrorKind::Unreadable => (
            "graphUnreadable",
            Failure::failed("the answer of Microsoft Graph does not have the expected form")
                .hint("check --graph-endpoint, and whether a proxy answers in its place"),
        ),
        _ => match error.answer() {
            Some(answer) => (
                "graphRefused",
                Failure::failed(format!("Microsoft Graph answered {answer}")).hint(again),
            ),
            None => (
                "graphUnavailable",
                Failure::failed("Microsoft Graph does not answer")
                    .hint("check your network and --graph-endpoint, and run the command again"),
            ),
        },
    }
}
