//! The credentials that the operator signs in with.

mod developer;
mod fault;
mod one_tenant;

use std::sync::Arc;

use azure_core::credentials::TokenCredential;
use azure_rest::{
    client,
    credential::{self, MakeCredential},
    token::NoToken,
};
use developer::DeveloperCredential;
use fault::SignInFault;
use one_tenant::OneTenant;

use crate::{
    cloud::Cloud,
    environment,
    failure::Failure,
    http,
    options::{Account, GlobalOptions},
    tenant::Tenant,
};

/// Returns a function that creates credentials of the operator's account. They issue tokens of the
/// tenant of `--tenant` only.
pub(crate) fn credentials(
    global: &GlobalOptions,
    cloud: &Cloud,
) -> Result<MakeCredential, Failure> {
    let tenant = global.tenant.clone();
    match global.auth {
        Account::Developer => {
            let limit = cloud.paced(developer::LIMIT);
            Ok(Arc::new(move || {
                let credential = DeveloperCredential::new(tenant.as_ref(), limit)?;
                Ok(in_tenant(Arc::new(credential), tenant.as_ref()))
            }))
        }
        Account::ManagedIdentity => {
            if let Some(Tenant::Domain(_)) = tenant {
                return Err(Failure::usage("--tenant must be an ID for a managed identity")
                    .hint("a managed identity has one tenant; `app-role whoami` shows its ID"));
            }
            let client = client::build_for_identity_endpoint(&cloud.timing.calls)
                .map_err(|_| http::no_client())?;
            let make = credential::managed_identity(&client, environment::client_id()?);
            Ok(Arc::new(move || Ok(in_tenant(make()?, tenant.as_ref()))))
        }
    }
}

/// Limits a credential to a tenant. The Azure CLI gives a token of the domain that it is asked for, so only
/// an ID has to be compared.
fn in_tenant(
    credential: Arc<dyn TokenCredential>,
    tenant: Option<&Tenant>,
) -> Arc<dyn TokenCredential> {
    match tenant {
        Some(Tenant::Id(id)) => Arc::new(OneTenant::new(credential, *id)),
        _ => credential,
    }
}

/// Reports that there is no token.
pub(crate) fn failed(account: Account, error: &NoToken) -> Failure {
    match error.origin::<SignInFault>() {
        Some(fault) => fault.into(),
        None => Failure::failed(format!("you are not signed in: {error}")).hint(advice(account)),
    }
}

/// Says why there is no token, if the operator's account is the reason.
pub(crate) fn fault_in(error: &(dyn std::error::Error + 'static)) -> Option<String> {
    std::iter::successors(Some(error), |error| error.source())
        .find_map(|error| error.downcast_ref::<SignInFault>())
        .map(ToString::to_string)
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
