//! As whom the operator signs in.

use std::sync::Arc;

use app_role_broker::config::{self, ProcessEnv};
use azure_core::credentials::TokenCredential;
use azure_identity::DeveloperToolsCredential;
use azure_rest::{
    client,
    credential::{self, MakeCredential},
    timing::CallTiming,
};

use crate::{
    arguments::{GlobalOptions, SignIn},
    failure::Failure,
    session,
    storage::Account,
};

/// Makes credentials of the kind that was asked for.
pub(crate) fn maker(sign_in: SignIn, timing: &CallTiming) -> Result<MakeCredential, Failure> {
    match sign_in {
        SignIn::Developer => Ok(Arc::new(|| {
            DeveloperToolsCredential::new(None)
                .map(|credential| credential as Arc<dyn TokenCredential>)
        })),
        SignIn::ManagedIdentity => {
            let client_id = config::client_id(&ProcessEnv)
                .map_err(|fault| Failure::usage(fault.to_string()))?;
            let client = client::build_for_identity_endpoint(timing)
                .map_err(|error| Failure::failed(format!("no HTTP client: {error}")))?;
            Ok(credential::managed_identity(&client, client_id))
        }
    }
}

/// Opens the storage account that an option names. Nobody signs in to Graph for this: whoever replays
/// requests may have a role for queues and none in the tenant.
pub(crate) fn account(
    global: &GlobalOptions,
    option: &str,
    text: &str,
) -> Result<Account, Failure> {
    let (_, timing) = session::graph(global)?;
    let make = maker(global.auth, &timing.calls)?;
    Account::open(text, || make()).map_err(|error| Failure::usage(format!("{option}: {error}")))
}

/// What to do about a sign-in that does not work.
pub(crate) fn advice(sign_in: SignIn) -> &'static str {
    match sign_in {
        SignIn::Developer => "sign in with `az login --tenant <tenant>`, or with `azd auth login`",
        SignIn::ManagedIdentity => {
            "this machine needs a managed identity; AZURE_CLIENT_ID names a user-assigned one"
        }
    }
}
