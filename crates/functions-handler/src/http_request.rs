//! The request of an HTTP caller, as the host forwards it.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};
use serde_json::Value;

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
    #[serde(default, deserialize_with = "null_is_empty")]
    query: BTreeMap<String, Option<String>>,
    #[serde(default, deserialize_with = "null_is_empty")]
    headers: BTreeMap<String, Option<Vec<Option<String>>>>,
    /// The identities that the caller proved to the host.
    #[serde(default, deserialize_with = "null_is_empty")]
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
    #[serde(default, deserialize_with = "null_is_empty")]
    pub is_authenticated: bool,
    #[serde(default, deserialize_with = "null_is_empty")]
    claims: Vec<Claim>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Claim {
    #[serde(rename = "Type")]
    kind: Option<String>,
    /// A string, unless another program than the host wrote it.
    value: Option<Value>,
}

/// Reads `null` as an absent member.
fn null_is_empty<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

impl HttpRequest {
    /// The query parameters, without the one that carries a key. Names are case-insensitive, and the host
    /// joins the values of a repeated name with commas.
    pub fn parameters(&self) -> impl Iterator<Item = (&str, &str)> {
        let all = self.query.iter();
        let all = all.map(|(name, value)| (name.as_str(), value.as_deref().unwrap_or_default()));
        all.filter(|(name, _)| !name.eq_ignore_ascii_case(KEY_PARAMETER))
    }

    /// All values of a header. Its name is case-insensitive.
    #[must_use]
    pub fn header(&self, name: &str) -> Vec<&str> {
        let same = self.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        same.filter_map(|(_, values)| values.as_ref())
            .flatten()
            .filter_map(Option::as_deref)
            .collect()
    }
}

impl Identity {
    /// The value of a claim if the identity has exactly one of this type.
    #[must_use]
    pub fn only_claim(&self, kind: &str) -> Option<&str> {
        let mut claims = self.claims.iter().filter(|claim| claim.kind.as_deref() == Some(kind));
        match (claims.next(), claims.next()) {
            (Some(claim), None) => claim.value.as_ref()?.as_str(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn whole() -> Value {
        json!({
            "Url": "https://contoso.example/api", "Method": "GET", "Params": {},
            "Query": { "principal": "id-billing" }, "Headers": { "Accept": ["*/*"] },
            "Identities": [{
                "AuthenticationType": "WebJobsAuthLevel", "IsAuthenticated": true,
                "Claims": [{ "Type": "level", "Value": "Function" }],
            }],
            "Body": "{}",
        })
    }

    /// What the handler reads of a request.
    fn read(request: &Value) -> Option<Value> {
        let request: HttpRequest = serde_json::from_value(request.clone()).ok()?;
        let identities = request.identities.iter().map(|identity| {
            json!([
                identity.authentication_type,
                identity.is_authenticated,
                identity.only_claim("level"),
            ])
        });
        Some(json!([
            request.method,
            request.parameters().collect::<Vec<_>>(),
            request.header("accept"),
            identities.collect::<Vec<_>>(),
            request.body,
        ]))
    }

    #[test]
    fn null_is_the_same_as_an_absent_member() {
        for pointer in [
            "/Url",
            "/Method",
            "/Params",
            "/Query",
            "/Headers",
            "/Identities",
            "/Body",
            "/Headers/Accept",
            "/Identities/0/AuthenticationType",
            "/Identities/0/IsAuthenticated",
            "/Identities/0/Claims",
            "/Identities/0/Claims/0/Type",
            "/Identities/0/Claims/0/Value",
        ] {
            let (mut null, mut absent) = (whole(), whole());
            *null.pointer_mut(pointer).unwrap() = Value::Null;
            let (parent, name) = pointer.rsplit_once('/').unwrap();
            absent.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(name);
            assert_eq!(read(&null), read(&absent), "{pointer}");
            assert_eq!(read(&null).is_none(), pointer == "/Method", "{pointer}");
        }
    }

    #[test]
    fn a_claim_that_nobody_reads_may_have_any_value() {
        for value in [json!(1_700_000_000), json!(true), json!(null), json!(["a"]), json!({})] {
            let mut odd = whole();
            claims_of(&mut odd).push(json!({ "Type": "iat", "Value": value }));
            assert_eq!(read(&odd), read(&whole()), "{value}");
            claims_of(&mut odd).push(json!({ "Type": "level", "Value": value }));
            assert_ne!(read(&odd), read(&whole()), "a second claim of the same type");
        }
    }

    fn claims_of(request: &mut Value) -> &mut Vec<Value> {
        request.pointer_mut("/Identities/0/Claims").unwrap().as_array_mut().unwrap()
    }
}
