//! The name and key of an account, and the signatures made with them.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// The newest version of the format in "Create an account SAS".
const SIGNED_VERSION: &str = "2022-11-02";
/// All permissions for a queue and its messages.
const SIGNED_PERMISSIONS: &str = "rwdlacup";
/// Queues.
const SIGNED_SERVICES: &str = "q";
/// The service, containers (here: queues) and objects (here: messages).
const SIGNED_RESOURCE_TYPES: &str = "sco";
/// The signature never leaves this machine, so it need not expire.
const SIGNED_EXPIRY: &str = "2099-12-31T23:59:59Z";

/// An account's credentials.
#[derive(Clone)]
pub(crate) struct SharedKey {
    account: String,
    /// As connection strings have it, in base64.
    key: String,
    code: Hmac<Sha256>,
}

impl SharedKey {
    /// `None` if the key is not base64.
    pub(crate) fn new(account: &str, key: &str) -> Option<Self> {
        let code = Hmac::new_from_slice(&STANDARD.decode(key).ok()?).ok()?;
        Some(Self { account: account.to_owned(), key: key.to_owned(), code })
    }

    pub(crate) fn account(&self) -> &str {
        &self.account
    }

    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    /// The base64 of a text's HMAC.
    pub(crate) fn sign(&self, text: &str) -> String {
        STANDARD.encode(self.code.clone().chain_update(text).finalize().into_bytes())
    }

    /// The query of an account SAS for all queues. The empty lines of the text to sign are the start,
    /// the range of addresses, the protocol and the encryption scope ("Create an account SAS").
    pub(crate) fn queue_sas(&self) -> [(&'static str, String); 6] {
        let signature = self.sign(&format!(
            "{}\n{SIGNED_PERMISSIONS}\n{SIGNED_SERVICES}\n{SIGNED_RESOURCE_TYPES}\n\n{SIGNED_EXPIRY}\n\n\n{SIGNED_VERSION}\n\n",
            self.account
        ));
        [
            ("sv", SIGNED_VERSION.to_owned()),
            ("ss", SIGNED_SERVICES.to_owned()),
            ("srt", SIGNED_RESOURCE_TYPES.to_owned()),
            ("sp", SIGNED_PERMISSIONS.to_owned()),
            ("se", SIGNED_EXPIRY.to_owned()),
            ("sig", signature),
        ]
    }
}

/// Without the key.
impl fmt::Debug for SharedKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("SharedKey").field(&self.account).finish()
    }
}
