//! Why there is no token, for an operator.

use std::time::Duration;

use app_roles::ids::Guid;
use azure_core::error::{Error, ErrorKind};

use crate::failure::Failure;

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub(super) enum SignInFault {
    #[error(
        "you are not signed in, because the Azure CLI is not installed: neither `az` nor `azd` is on the PATH"
    )]
    NotInstalled,
    #[error("you are not signed in to the {0}")]
    SignedOut(&'static str),
    /// The tool's own words are the second part.
    #[error("you are not signed in: the {0} gives no token: {1}")]
    Refused(&'static str, String),
    #[error("you are not signed in, because `{tool}` takes longer than {} s to give a token", .limit.as_secs())]
    Slow { tool: &'static str, limit: Duration },
    #[error("your account's token is of the tenant {found}, and --tenant is {named}")]
    OtherTenant { named: Guid, found: Guid },
    #[error("your account's token does not say its tenant, and --tenant is {0}")]
    UnknownTenant(Guid),
}

impl From<SignInFault> for Error {
    fn from(fault: SignInFault) -> Self {
        let sentence = fault.to_string();
        Self::with_error(ErrorKind::Credential, fault, sentence)
    }
}

impl From<&SignInFault> for Failure {
    fn from(fault: &SignInFault) -> Self {
        let failure = Self::failed(fault.to_string());
        match fault {
            SignInFault::NotInstalled => failure
                .hint(
                    "install the Azure CLI, then run `az login`; on a machine with a managed identity, \
                     pass --auth managed-identity",
                )
                .code("azureCliMissing"),
            SignInFault::SignedOut(_) => failure
                .hint("sign in with `az login --tenant <tenant>` or `azd auth login`")
                .code("notSignedIn"),
            SignInFault::Refused(..) => failure
                .hint(
                    "sign in with `az login --tenant <tenant>` or `azd auth login`, and check --tenant \
                     and --audience",
                )
                .code("notSignedIn"),
            SignInFault::Slow { tool, .. } => failure
                .hint(format!(
                    "run `{tool} account get-access-token` to see what it waits for, for example a \
                     proxy or a question"
                ))
                .code("azureCliSlow"),
            SignInFault::OtherTenant { named, .. } | SignInFault::UnknownTenant(named) => failure
                .hint(format!("sign in with `az login --tenant {named}`, or correct --tenant"))
                .code("wrongTenant"),
        }
    }
}
