//! The identity that signed in, by App Service Authentication ("Easy Auth"; "Work with user identities in
//! Azure App Service authentication").
//!
//! The platform removes these headers from requests and writes its own, but only if App Service
//! Authentication is on. The caller of this module checks that first.

use serde::Deserialize;
use serde_json::Value;
use wire_formats::{base64, json};

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
    auth_typ: Option<String>,
    claims: Option<Vec<Option<WireClaim>>>,
}

/// A claim. Its value is mostly a string; a provider may also send a number or another type, for instance
/// in `iat`.
#[derive(Deserialize)]
struct WireClaim {
    typ: Option<String>,
    val: Option<Value>,
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
        let bytes = base64::decode(text.as_bytes()).ok_or(UnusablePrincipal::Unreadable)?;
        let wire: WirePrincipal =
            json::from_slice(&bytes).map_err(|_| UnusablePrincipal::Unreadable)?;
        if !wire.auth_typ.as_deref().is_some_and(|name| name.eq_ignore_ascii_case(ENTRA)) {
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
    /// The value of the claim with one of these types, if there is exactly one and it is a string. A second
    /// claim counts even if its value is not a string.
    fn only(&self, types: [&str; 2]) -> Option<&str> {
        let is_one =
            |claim: &&WireClaim| claim.typ.as_deref().is_some_and(|typ| types.contains(&typ));
        let mut claims = self.claims.iter().flatten().flatten().filter(is_one);
        match (claims.next(), claims.next()) {
            (Some(claim), None) => claim.val.as_ref()?.as_str(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use ::base64::{Engine, engine::general_purpose::STANDARD};
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

    /// The claims of a good sign-in, and one more.
    fn with_claim(claim: &Value) -> Option<ClientPrincipal> {
        let principal = json!({
            "auth_typ": "aad",
            "claims": [{ "typ": "oid", "val": ID }, claim, { "typ": "tid", "val": ID }],
        });
        ClientPrincipal::decode(&STANDARD.encode(principal.to_string())).ok()
    }

    fn odd_values() -> [Value; 7] {
        [
            json!(1_790_000_000),
            json!(-0.5),
            json!(true),
            json!(null),
            json!(["a"]),
            json!({}),
            json!(""),
        ]
    }

    #[test]
    fn a_claim_that_nobody_reads_may_have_any_value() {
        let known = with_claim(&json!({ "typ": "name", "val": "Ana" }));
        assert!(known.is_some());
        for value in odd_values() {
            assert_eq!(with_claim(&json!({ "typ": "iat", "val": value })), known, "{value}");
        }
        for claim in
            [json!(null), json!({}), json!({ "typ": null, "val": "x" }), json!({ "typ": "iat" })]
        {
            assert_eq!(with_claim(&claim), known, "{claim}");
        }
    }

    #[test]
    fn a_second_object_id_or_tenant_counts_whatever_its_value_is() {
        for typ in OBJECT_ID.iter().chain(&TENANT_ID) {
            for value in odd_values().into_iter().chain([json!(ID)]) {
                assert_eq!(with_claim(&json!({ "typ": typ, "val": value })), None, "{typ} {value}");
            }
            assert_eq!(with_claim(&json!({ "typ": typ })), None, "{typ}");
        }
    }

    #[test]
    fn an_object_id_or_tenant_that_is_no_string_is_no_sign_in() {
        for value in odd_values() {
            for (oid, tid) in [(json!(ID), value.clone()), (value.clone(), json!(ID))] {
                let claims = json!([{ "typ": "oid", "val": oid }, { "typ": "tid", "val": tid }]);
                let principal = json!({ "auth_typ": "aad", "claims": claims }).to_string();
                let read = ClientPrincipal::decode(&STANDARD.encode(principal));
                assert_eq!(read, Err(UnusablePrincipal::Claims), "{claims}");
            }
        }
    }

    #[test]
    fn a_principal_is_read_in_every_form_of_base64_and_with_null_for_absent_members() {
        let claims = json!([{ "typ": "oid", "val": ID }, { "typ": "tid", "val": ID }]);
        let principal =
            json!({ "auth_typ": "aad", "claims": claims, "name_typ": null }).to_string();
        for text in [
            STANDARD.encode(&principal),
            STANDARD.encode(format!("\u{feff}{principal}")),
            STANDARD.encode(&principal).trim_end_matches('=').to_owned(),
            ::base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(&principal),
        ] {
            assert!(ClientPrincipal::decode(&text).is_ok(), "{text}");
        }
        for (principal, fault) in [
            (json!({ "auth_typ": null, "claims": claims }), UnusablePrincipal::OtherProvider),
            (json!({ "claims": claims }), UnusablePrincipal::OtherProvider),
            (json!({ "auth_typ": "aad", "claims": null }), UnusablePrincipal::Claims),
            (json!({ "auth_typ": "aad" }), UnusablePrincipal::Claims),
            (json!({ "auth_typ": "aad", "claims": [7] }), UnusablePrincipal::Unreadable),
            (json!(["aad", claims]), UnusablePrincipal::Unreadable),
        ] {
            let read = ClientPrincipal::decode(&STANDARD.encode(principal.to_string()));
            assert_eq!(read, Err(fault), "{principal}");
        }
    }
}
