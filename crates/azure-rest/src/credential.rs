//! The broker's managed identity as a credential of the Azure SDK.

use std::sync::Arc;

use azure_core::{
    credentials::TokenCredential,
    http::{ClientOptions, RetryOptions, Transport},
};
use azure_identity::{ManagedIdentityCredential, ManagedIdentityCredentialOptions, UserAssignedId};

use crate::identity_endpoint::IdentityEndpointClient;
use app_roles::ids::AppId;

/// Creates a credential with an empty cache.
///
/// The SDK's credential caches a token until shortly before it expires, and has no way to discard it.
/// So a new credential is created after a token was refused.
pub type MakeCredential =
    Arc<dyn Fn() -> azure_core::Result<Arc<dyn TokenCredential>> + Send + Sync>;

/// The managed identity of this function app: the user-assigned one with this client id, or the
/// system-assigned one.
///
/// `client` is the client for the identity endpoint. The retries of the SDK are off: they last up to a
/// minute and ignore the deadline of the invocation, which [`crate::retry`] respects.
#[must_use]
pub fn managed_identity(client: &reqwest::Client, client_id: Option<AppId>) -> MakeCredential {
    let client = client.clone();
    Arc::new(move || {
        let client_options = ClientOptions {
            transport: Some(Transport::new(Arc::new(IdentityEndpointClient(client.clone())))),
            retry: RetryOptions::none(),
            ..ClientOptions::default()
        };
        let credential = ManagedIdentityCredential::new(Some(ManagedIdentityCredentialOptions {
            user_assigned_id: client_id.map(|id| UserAssignedId::ClientId(id.to_string())),
            client_options,
        }))?;
        Ok(credential as Arc<dyn TokenCredential>)
    })
}
