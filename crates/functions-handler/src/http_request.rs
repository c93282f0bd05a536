//! The request of a caller over HTTP, as the host passes it on.

use std::collections::BTreeMap;

use serde::Deserialize;

/// The parameter of the query that may carry a function key ("Work with access keys in Azure
/// Functions").
const KEY_PARAMETER: &str = "code";

/// The request of a caller over HTTP, as the host passes it on to a handler without forwarding.
///
/// ```json
/// { "Url": "https://…/api/app-role-assignments?code=…", "Method": "GET",
///   "Query": { "code": "…", "principal": "1111…" }, "Headers": { "Accept": ["*/*"] }, "Params": {},
///   "Identities": [ { "AuthenticationType": "WebJobsAuthLevel", "IsAuthenticated": true,
///                     "Claims": [ { "Type": "…", "Value": "…" } ] } ],
///   "Body": "…" }
/// ```
///
/// `Url` is not read, because it may hold a key. Neither this nor [`Identity`] can be printed.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct HttpRequest {
    /// The method, as the caller wrote it.
    pub method: String,
    query: BTreeMap<String, String>,
    headers: BTreeMap<String, Vec<String>>,
    /// Who the caller is, in every way that was proven to the host.
    #[serde(default)]
    pub identities: Vec<Identity>,
    /// The body as text, or in base64 if its type is `application/octet-stream` or `multipart/*`.
    /// Absent if there was none, and if the caller did not declare its length: the host loses a body
    /// that is sent in chunks.
    pub body: Option<String>,
}

/// Who a caller is, in one way of proving it: .NET's `ClaimsIdentity`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Identity {
    /// By what it was proven, for instance `WebJobsAuthLevel`, a key.
    pub authentication_type: Option<String>,
    /// Whether it was proven at all; the host makes an identity of nobody too.
    pub is_authenticated: bool,
    claims: Vec<Claim>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Claim {
    #[serde(rename = "Type")]
    kind: String,
    value: String,
}

impl HttpRequest {
    /// The parameters of the query, without the one that carries a key. Names are the same in any
    /// case, and the values of a repeated name are joined by commas.
    pub fn parameters(&self) -> impl Iterator<Item = (&str, &str)> {
        let all = self.query.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        all.filter(|(name, _)| !name.eq_ignore_ascii_case(KEY_PARAMETER))
    }

    /// Every value of a header; its name is the same in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Vec<&str> {
        let same = self.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        same.flat_map(|(_, values)| values).map(String::as_str).collect()
    }
}

impl Identity {
    /// The value of a claim, if the identity has exactly one of this type.
    #[must_use]
    pub fn only_claim(&self, kind: &str) -> Option<&str> {
        let mut claims = self.claims.iter().filter(|claim| claim.kind == kind);
        match (claims.next(), claims.next()) {
            (Some(claim), None) => Some(&claim.value),
            _ => None,
        }
    }
}
