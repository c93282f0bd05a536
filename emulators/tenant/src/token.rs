//! Access tokens: JSON Web Tokens signed with a key that only this tenant has.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use uuid::Uuid;

const HEADER: &str = r#"{"typ":"JWT","alg":"HS256"}"#;

/// The block size of SHA-256, which is the natural size of an HMAC key.
const KEY_BYTES: usize = 64;

/// The claims of an application's token that this tenant sets (Microsoft Learn, "Access token claims
/// reference"). Times are in Unix seconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Claims {
    pub(super) aud: String,
    pub(super) iss: String,
    pub(super) iat: i64,
    pub(super) nbf: i64,
    pub(super) exp: i64,
    pub(super) appid: String,
    pub(super) idtyp: String,
    pub(super) oid: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) roles: Vec<String>,
    pub(super) tid: String,
}

/// Why a token is not valid in this tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenFault {
    NotWellFormed,
    WrongSignature,
}

/// Signs and verifies tokens.
#[derive(Debug)]
pub(super) struct TokenSigner {
    keyed: Hmac<Sha256>,
}

impl TokenSigner {
    pub(super) fn with_random_key() -> Self {
        let mut key = [0; KEY_BYTES];
        for part in key.chunks_exact_mut(size_of::<Uuid>()) {
            part.copy_from_slice(Uuid::new_v4().as_bytes());
        }
        Self { keyed: Hmac::new(&key.into()) }
    }

    pub(super) fn sign(&self, claims: &Claims) -> serde_json::Result<String> {
        let payload = URL_SAFE_NO_PAD.encode(serde_json::to_vec(claims)?);
        let signed = format!("{}.{payload}", URL_SAFE_NO_PAD.encode(HEADER));
        let signature = self.mac(&signed).finalize().into_bytes();
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    pub(super) fn verify(&self, token: &str) -> Result<Claims, TokenFault> {
        let (signed, signature) = token.rsplit_once('.').ok_or(TokenFault::NotWellFormed)?;
        let (_, payload) = signed.split_once('.').ok_or(TokenFault::NotWellFormed)?;
        let claims = decode(payload).ok_or(TokenFault::NotWellFormed)?;
        let signature =
            URL_SAFE_NO_PAD.decode(signature).map_err(|_| TokenFault::WrongSignature)?;
        self.mac(signed).verify_slice(&signature).map_err(|_| TokenFault::WrongSignature)?;
        Ok(claims)
    }

    fn mac(&self, signed: &str) -> Hmac<Sha256> {
        let mut mac = self.keyed.clone();
        mac.update(signed.as_bytes());
        mac
    }
}

fn decode(payload: &str) -> Option<Claims> {
    let bytes = URL_SAFE_NO_PAD.decode(payload).ok()?;
    serde_json::from_slice(&bytes).ok()
}
