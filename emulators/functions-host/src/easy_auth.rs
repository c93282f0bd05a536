//! App Service Authentication ("Easy Auth") in front of the host ("Work with user identities in Azure App
//! Service authentication").

use warp::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header::AUTHORIZATION};

use crate::{claims_identity::Identity, options::EasyAuth};

/// The variable that tells the handler that the platform authenticates callers.
pub(crate) const SWITCH: (&str, &str) = ("WEBSITE_AUTH_ENABLED", "True");

/// The header of the principal, which is base64 of JSON.
pub(crate) const CLIENT_PRINCIPAL: HeaderName = HeaderName::from_static("x-ms-client-principal");
const CLIENT_PRINCIPAL_ID: HeaderName = HeaderName::from_static("x-ms-client-principal-id");
const CLIENT_PRINCIPAL_NAME: HeaderName = HeaderName::from_static("x-ms-client-principal-name");
const CLIENT_PRINCIPAL_PROVIDER: HeaderName = HeaderName::from_static("x-ms-client-principal-idp");
/// The prefixes of headers that only the platform may set.
const OWN_HEADERS: [&str; 2] = ["x-ms-client-principal", "x-ms-token-"];

/// The claims that may contain the caller's id, Microsoft Entra's first.
const ID_CLAIMS: [&str; 3] = [
    "http://schemas.microsoft.com/identity/claims/objectidentifier",
    "oid",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier",
];

/// Replaces the principal headers by those of the token's principal. Fails if that principal is invalid.
pub(crate) fn authenticate(
    easy_auth: &EasyAuth,
    headers: &mut HeaderMap,
) -> Result<(), StatusCode> {
    let claimed: Vec<_> = headers.keys().filter(|name| is_own(name)).cloned().collect();
    for name in claimed {
        headers.remove(name);
    }
    let principal = bearer_token(headers).and_then(|token| easy_auth.principals.get(token));
    match principal {
        Some(principal) => {
            set_principal(headers, principal).ok_or(StatusCode::INTERNAL_SERVER_ERROR)
        }
        None => Ok(()),
    }
}

fn is_own(name: &HeaderName) -> bool {
    OWN_HEADERS.iter().any(|prefix| name.as_str().starts_with(prefix))
}

fn bearer_token(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

/// Sets the principal headers; `None` if the principal is invalid.
fn set_principal(headers: &mut HeaderMap, principal: &str) -> Option<()> {
    let identity = Identity::of_client_principal(principal)?;
    let id = ID_CLAIMS.iter().find_map(|claim_type| identity.claim(claim_type));
    for (name, value) in [
        (CLIENT_PRINCIPAL, Some(principal)),
        (CLIENT_PRINCIPAL_ID, id),
        (CLIENT_PRINCIPAL_NAME, identity.name()),
        (CLIENT_PRINCIPAL_PROVIDER, identity.authentication_type()),
    ] {
        if let Some(value) = value {
            headers.insert(name, HeaderValue::from_str(value).ok()?);
        }
    }
    Some(())
}
