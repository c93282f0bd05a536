//! The credentials that the operator signs in with.

use std::sync::Arc;

use azure_core::credentials::TokenCredential;
use azure_identity::DeveloperToolsCredential;
use azure_rest::{
    client,
    credential::{self, MakeCredential},
    timing::CallTiming,
    token::NoToken,
};

use crate::{environment, failure::Failure, http, options::Account};

/// Returns a function that creates credentials of an account.
pub(crate) fn credentials(
    account: Account,
    timing: &CallTiming,
) -> Result<MakeCredential, Failure> {
    match account {
        Account::Developer => Ok(Arc::new(|| {
            DeveloperToolsCredential::new(None)
                .map(|credential| credential as Arc<dyn TokenCredential>)
        })),
        Account::ManagedIdentity => {
            let client =
                client::build_for_identity_endpoint(timing).map_err(|_| http::no_client())?;
            Ok(credential::managed_identity(&client, environment::client_id()?))
        }
    }
}

/// Reports that there is no token.
pub(crate) fn failed(account: Account, error: &NoToken) -> Failure {
    Failure::failed(format!("you are not signed in: {error}")).hint(advice(account))
}

/// Returns what to do about a sign-in that does not work.
pub(crate) fn advice(account: Account) -> &'static str {
    match account {
        Account::Developer => "sign in with `az login --tenant <tenant>` or `azd auth login`",
        Account::ManagedIdentity => {
            "assign a managed identity to this machine; AZURE_CLIENT_ID selects a user-assigned one"
        }
    }
}
