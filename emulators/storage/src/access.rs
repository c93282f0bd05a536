//! How the requests of a client are authorized.

use std::sync::Arc;

use azure_core::credentials::TokenCredential;

use crate::{managed_identity::ManagedIdentity, shared_key::SharedKey};

/// How the requests of a client are authorized.
#[derive(Clone, Debug)]
pub(crate) enum Access {
    /// By signatures with the account's key.
    Key(Arc<SharedKey>),
    /// By tokens of a managed identity ("Authorize with Microsoft Entra ID").
    Identity(Arc<ManagedIdentity>),
}

impl Access {
    /// The credential for Microsoft's client, which has none for keys.
    pub(crate) fn credential(&self) -> Option<Arc<dyn TokenCredential>> {
        match self {
            Self::Key(_) => None,
            Self::Identity(identity) => Some(identity.clone()),
        }
    }
}
