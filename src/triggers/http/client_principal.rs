//! The identity that signed in, by App Service Authentication ("Easy Auth"; "Work with user identities in
//! Azure App Service authentication").
//!
//! The platform removes these headers from requests and writes its own, but only if App Service
//! Authentication is on. The caller of this module checks that first.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Deserialize;

use app_roles::ids::{Guid, ObjectId};
use functions_handler::http_request::HttpRequest;

/// The header with the principal: base64 of JSON.
const PRINCIPAL: &str = "X-MS-CLIENT-PRINCIPAL";

/// The header with the identity provider.
const PROVIDER: &str = "X-MS-CLIENT-PRINCIPAL-IDP";

/// Microsoft Entra ID (formerly Azure Active Directory).
const ENTRA: &str = "aad";

/// The two names of the claim with the object id.
const OBJECT_ID: [&str; 2] =
    ["oid", "http://schemas.microsoft.com/identity/claims/objectidentifier"];

/// The two names of the claim with the tenant.
const TENANT_ID: [&str; 2] = ["tid", "http://schemas.microsoft.com/identity/claims/tenantid"];

/// The identity that signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ClientPrincipal {
    pub(super) object_id: ObjectId,
    pub(super) tenant_id: Guid,
}

/// Headers that the platform does not write for a sign-in with Microsoft Entra.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum UnusablePrincipal {
    #[error("the headers {PRINCIPAL} and {PROVIDER} must be there once each")]
    NotOnce,
    #[error("the sign-in was not with Microsoft Entra")]
    OtherProvider,
    #[error("the header {PRINCIPAL} is not base64 of a principal")]
    Unreadable,
    #[error("the sign-in must have exactly one object id (oid) and one tenant (tid)")]
    Claims,
}

/// ```json
/// { "auth_typ": "aad", "claims": [ { "typ": "oid", "val": "1111…" } ], "name_typ": "…",
///   "role_typ": "…" }
/// ```
#[derive(Deserialize)]
struct WirePrincipal {
    auth_typ: String,
    claims: Vec<WireClaim>,
}

#[derive(Deserialize)]
struct WireClaim {
    typ: String,
    val: String,
}

impl ClientPrincipal {
    /// Reads the identity that signed in; `None` if there was no sign-in.
    pub(super) fn of(request: &HttpRequest) -> Result<Option<Self>, UnusablePrincipal> {
        let (principal, provider) = (request.header(PRINCIPAL), request.header(PROVIDER));
        match (principal.as_slice(), provider.as_slice()) {
            ([], []) => Ok(None),
            ([principal], [provider]) if provider.eq_ignore_ascii_case(ENTRA) => {
                Self::decode(principal).map(Some)
            }
            ([_], [_]) => Err(UnusablePrincipal::OtherProvider),
            _ => Err(UnusablePrincipal::NotOnce),
        }
    }

    fn decode(text: &str) -> Result<Self, UnusablePrincipal> {
        let bytes = STANDARD.decode(text).map_err(|_| UnusablePrincipal::Unreadable)?;
        let wire: WirePrincipal =
            serde_json::from_slice(&bytes).map_err(|_| UnusablePrincipal::Unreadable)?;
        if !wire.auth_typ.eq_ignore_ascii_case(ENTRA) {
            return Err(UnusablePrincipal::OtherProvider);
        }
        let object_id = wire.only(OBJECT_ID).and_then(|text| ObjectId::parse(text).ok());
        let tenant_id = wire.only(TENANT_ID).and_then(|text| Guid::parse(text).ok());
        match (object_id, tenant_id) {
            (Some(object_id), Some(tenant_id)) => Ok(Self { object_id, tenant_id }),
            _ => Err(UnusablePrincipal::Claims),
        }
    }
}

impl WirePrincipal {
    /// The value of the only claim of these types.
    fn only(&self, types: [&str; 2]) -> Option<&str> {
        let mut claims = self.claims.iter().filter(|claim| types.contains(&claim.typ.as_str()));
        match (claims.next(), claims.next()) {
            (Some(claim), None) => Some(&claim.val),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const ID: &str = "11111111-1111-1111-1111-111111111111";

    proptest! {
        #[test]
        fn no_header_makes_reading_panic(text: String, json: String) {
            let _ = ClientPrincipal::decode(&text);
            let _ = ClientPrincipal::decode(&STANDARD.encode(json));
        }

        #[test]
        fn only_one_of_each_claim_from_entra_counts(
            provider in "aad|AAD|google|",
            types in proptest::collection::vec(0..5_usize, 0..4),
        ) {
            let known = [OBJECT_ID[0], OBJECT_ID[1], TENANT_ID[0], TENANT_ID[1], "name"];
            let claims: Vec<_> =
                types.iter().map(|index| json!({ "typ": known[*index], "val": ID })).collect();
            let principal = json!({ "auth_typ": provider, "claims": claims }).to_string();
            let count = |range: std::ops::Range<usize>| {
                types.iter().filter(|index| range.contains(*index)).count()
            };
            let counts = provider.eq_ignore_ascii_case(ENTRA) && count(0..2) == 1 && count(2..4) == 1;
            prop_assert_eq!(ClientPrincipal::decode(&STANDARD.encode(principal)).is_ok(), counts);
        }
    }
}
