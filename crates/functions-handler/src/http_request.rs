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
    /// Always an object if the host wrote it.
    #[serde(default)]
    params: Value,
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
    /// Always a string if the host wrote it.
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

    /// The value of a parameter of the function's route, for example `id` in `jobs/{id?}`, percent-decoded
    /// once. `None` if the path leaves it out: the host then sends null (Azure Functions host,
    /// `FunctionInvocationMiddleware`).
    #[must_use]
    pub fn parameter_of_route(&self, name: &str) -> Option<&str> {
        self.params.get(name)?.as_str()
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
    /// The value of the only claim of this type. `None` if the identity has no such claim or several.
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
            "Url": "https://contoso.example/api", "Method": "GET", "Params": { "id": "7" },
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
            request.parameter_of_route("id"),
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
            "/Params/id",
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

    /// The parameter `id` of a request with these parameters.
    fn id_of(params: &Value) -> Option<String> {
        let mut request = whole();
        request["Params"] = params.clone();
        let request: HttpRequest = serde_json::from_value(request).ok()?;
        request.parameter_of_route("id").map(str::to_owned)
    }

    #[test]
    fn a_parameter_of_the_route_that_is_no_text_is_absent_and_the_rest_of_the_request_is_read() {
        for params in [
            json!({}),
            json!({ "Id": "7", "ID": "7", "": "7", "id ": "7" }),
            json!({ "id": 7 }),
            json!({ "id": true }),
            json!({ "id": ["7"] }),
            json!({ "id": { "id": "7" } }),
            json!([["id", "7"]]),
            json!("id"),
            json!(7),
        ] {
            assert_eq!(id_of(&params), None, "{params}");
            let mut odd = whole();
            odd["Params"] = params.clone();
            assert!(read(&odd).is_some(), "{params}");
        }
    }

    proptest::proptest! {
        #[test]
        fn a_parameter_of_the_route_is_read_as_it_was_sent(id in ".{0,40}", other in ".{0,40}") {
            let params = json!({ "other": other, "id": id });
            proptest::prop_assert_eq!(id_of(&params), Some(id));
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
