//! `Identities` of a request: .NET's `ClaimsIdentity` as the host serialises it.

use serde::Deserialize;

use crate::{
    dotnet_base64,
    options::{HostKey, KeyLevel},
    ordered_json::{Json, Members},
};

/// The authentication scheme of keys (Azure Functions host, `AuthLevelAuthenticationDefaults`).
const KEY_SCHEME: &str = "WebJobsAuthLevel";
const LEVEL_CLAIM: &str = "http://schemas.microsoft.com/2017/07/functions/claims/authlevel";
/// Says that the key may invoke functions. Every key has this claim.
const INVOKE_CLAIM: &str = "http://schemas.microsoft.com/2017/07/functions/claims/invoke";
const KEY_NAME_CLAIM: &str = "http://schemas.microsoft.com/2017/07/functions/claims/keyid";

/// The defaults of .NET's `ClaimsIdentity`.
const NAME_CLAIM_TYPE: &str = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name";
const ROLE_CLAIM_TYPE: &str = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role";
/// The defaults of .NET's `Claim`.
const ISSUER: &str = "LOCAL AUTHORITY";
const VALUE_TYPE: &str = "http://www.w3.org/2001/XMLSchema#string";

/// An identity of a caller, by one kind of proof.
#[derive(Default, Deserialize)]
pub(crate) struct Identity {
    #[serde(rename = "auth_typ")]
    authentication_type: Option<String>,
    claims: Vec<Claim>,
    #[serde(rename = "name_typ")]
    name_claim_type: Option<String>,
    #[serde(rename = "role_typ")]
    role_claim_type: Option<String>,
}

#[derive(Deserialize)]
struct Claim {
    #[serde(rename = "typ")]
    claim_type: String,
    #[serde(rename = "val")]
    value: String,
}

impl Identity {
    /// The identity of a key's holder.
    pub(crate) fn of_key(key: &HostKey) -> Self {
        let level = match key.level {
            KeyLevel::Master => "Admin",
            KeyLevel::HostFunction | KeyLevel::Function { .. } => "Function",
        };
        let claim = |claim_type: &str, value: &str| Claim {
            claim_type: claim_type.to_owned(),
            value: value.to_owned(),
        };
        let mut claims = vec![claim(LEVEL_CLAIM, level), claim(INVOKE_CLAIM, "true")];
        if !key.name.is_empty() {
            claims.push(claim(KEY_NAME_CLAIM, &key.name));
        }
        Self { authentication_type: Some(KEY_SCHEME.to_owned()), claims, ..Self::default() }
    }

    /// The identity in `X-MS-CLIENT-PRINCIPAL`; `None` if the text is not base64 of such JSON.
    pub(crate) fn of_client_principal(text: &str) -> Option<Self> {
        serde_json::from_slice(&dotnet_base64::decode(text)?).ok()
    }

    /// The provider, for example `aad`.
    pub(crate) fn authentication_type(&self) -> Option<&str> {
        self.authentication_type.as_deref()
    }

    /// The value of the first claim of a type.
    pub(crate) fn claim(&self, claim_type: &str) -> Option<&str> {
        let found = self.claims.iter().find(|claim| claim.claim_type == claim_type);
        found.map(|claim| claim.value.as_str())
    }

    /// The value of the name claim.
    pub(crate) fn name(&self) -> Option<&str> {
        self.claim(self.name_claim_type.as_deref().unwrap_or(NAME_CLAIM_TYPE))
    }

    /// The JSON, in the order of the class's properties.
    pub(crate) fn json(&self) -> Json {
        let name_type = self.name_claim_type.as_deref().unwrap_or(NAME_CLAIM_TYPE);
        let role_type = self.role_claim_type.as_deref().unwrap_or(ROLE_CLAIM_TYPE);
        let is_authenticated = self.authentication_type.as_deref().is_some_and(|t| !t.is_empty());
        Json::object([
            ("AuthenticationType", optional(self.authentication_type())),
            ("IsAuthenticated", Json::Bool(is_authenticated)),
            ("Actor", Json::Null),
            ("BootstrapContext", Json::Null),
            ("Claims", Json::Array(self.claims.iter().map(Claim::json).collect())),
            ("Label", Json::Null),
            ("Name", optional(self.name())),
            ("NameClaimType", Json::text(name_type)),
            ("RoleClaimType", Json::text(role_type)),
        ])
    }
}

impl Claim {
    fn json(&self) -> Json {
        Json::object([
            ("Issuer", Json::text(ISSUER)),
            ("OriginalIssuer", Json::text(ISSUER)),
            ("Properties", Json::Object(Members::new())),
            ("Type", Json::text(&self.claim_type)),
            ("Value", Json::text(&self.value)),
            ("ValueType", Json::text(VALUE_TYPE)),
        ])
    }
}

fn optional(value: Option<&str>) -> Json {
    value.map_or(Json::Null, Json::text)
}
