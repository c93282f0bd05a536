//! A credential whose tokens are of one tenant.

use std::sync::Arc;

use app_roles::ids::Guid;
use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use azure_rest::claims::Claims;

use super::fault::SignInFault;

/// A credential that refuses a token of another tenant, before it is sent anywhere.
#[derive(Debug)]
pub(super) struct OneTenant {
    inner: Arc<dyn TokenCredential>,
    tenant: Guid,
}

impl OneTenant {
    pub(super) fn new(inner: Arc<dyn TokenCredential>, tenant: Guid) -> Self {
        Self { inner, tenant }
    }
}

#[async_trait::async_trait]
impl TokenCredential for OneTenant {
    async fn get_token(
        &self,
        scopes: &[&str],
        options: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        let token = self.inner.get_token(scopes, options).await?;
        match Claims::decode(token.token.secret()).tenant_id {
            Some(found) if found == self.tenant => Ok(token),
            Some(found) => Err(SignInFault::OtherTenant { named: self.tenant, found }.into()),
            None => Err(SignInFault::UnknownTenant(self.tenant).into()),
        }
    }
}
