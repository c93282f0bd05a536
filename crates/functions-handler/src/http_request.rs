//! The request of an HTTP caller, as the host forwards it.

use std::collections::BTreeMap;

use serde::Deserialize;

/// The query parameter that may carry a function key ("Work with access keys in Azure Functions").
const KEY_PARAMETER: &str = "code";

/// The request of an HTTP caller, as the host forwards it in an envelope.
///
/// ```json
/// { "Url": "https://…/api/app-role-assignments?code=…", "Method": "GET",
///   "Query": { "code": "…", "principal": "1111…" }, "Headers": { "Accept": ["*/*"] }, "Params": {},
///   "Identities": [ { "AuthenticationType": "WebJobsAuthLevel", "IsAuthenticated": true,
///                     "Claims": [ { "Type": "…", "Value": "…" } ] } ],
///   "Body": "…" }
/// ```
///
/// `Url` is ignored, because it may contain a key. Neither this type nor [`Identity`] implements `Debug`,
/// so that no key can be logged.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct HttpRequest {
    /// The method, as the caller wrote it.
    pub method: String,
    query: BTreeMap<String, String>,
    headers: BTreeMap<String, Vec<String>>,
    /// The identities that the caller proved to the host.
    #[serde(default)]
    pub identities: Vec<Identity>,
    /// The body as text, or in base64 if its media type is `application/octet-stream` or `multipart/*`.
    /// Absent if there was none, and if the caller did not send `Content-Length`: the host loses a
    /// chunked body.
    pub body: Option<String>,
}

/// One identity of a caller: the host's `ClaimsIdentity` of .NET.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Identity {
    /// The authentication scheme, for example `WebJobsAuthLevel` for a key.
    pub authentication_type: Option<String>,
    /// Whether the caller is authenticated. The host adds an unauthenticated identity, too.
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
    /// The query parameters, without the one that carries a key. Names are case-insensitive, and the host
    /// joins the values of a repeated name with commas.
    pub fn parameters(&self) -> impl Iterator<Item = (&str, &str)> {
        let all = self.query.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        all.filter(|(name, _)| !name.eq_ignore_ascii_case(KEY_PARAMETER))
    }

    /// All values of a header. Its name is case-insensitive.
    #[must_use]
    pub fn header(&self, name: &str) -> Vec<&str> {
        let same = self.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        same.flat_map(|(_, values)| values).map(String::as_str).collect()
    }
}

impl Identity {
    /// The value of a claim if the identity has exactly one of this type.
    #[must_use]
    pub fn only_claim(&self, kind: &str) -> Option<&str> {
        let mut claims = self.claims.iter().filter(|claim| claim.kind == kind);
        match (claims.next(), claims.next()) {
            (Some(claim), None) => Some(&claim.value),
            _ => None,
        }
    }
}
