//! The broker's managed identity as a credential of the Azure SDK.

use std::sync::Arc;

use azure_core::{
    credentials::TokenCredential,
    http::{ClientOptions, RetryOptions},
};
use azure_identity::{ManagedIdentityCredential, ManagedIdentityCredentialOptions, UserAssignedId};

use crate::client::transport;
use app_roles::ids::AppId;

/// Makes a credential that has cached nothing yet.
///
/// The SDK's credential keeps a token until shortly before its end and cannot be told to forget it,
/// so a refused token is answered with a new credential.
pub type MakeCredential =
    Arc<dyn Fn() -> azure_core::Result<Arc<dyn TokenCredential>> + Send + Sync>;

/// The managed identity of this function app: the user-assigned one with this client id, else the
/// system-assigned one.
///
/// `client` is the one for the identity endpoint. The SDK's own retries are off. They last up to a
/// minute and know nothing of the deadline of the invocation that waits; [`crate::retry`] does.
#[must_use]
pub fn managed_identity(client: &reqwest::Client, client_id: Option<AppId>) -> MakeCredential {
    let client = client.clone();
    Arc::new(move || {
        let client_options = ClientOptions {
            transport: Some(transport(&client)),
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
