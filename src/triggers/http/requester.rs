//! The requester of a call.

use super::{
    client_principal::ClientPrincipal,
    problem::{Problem, ProblemType},
};
use crate::app::App;
use app_roles::requester::Requester;
use azure_rest::retry::Deadline;
use functions_handler::http_request::{HttpRequest, Identity};

/// The authentication scheme of function keys (Azure Functions host, `AuthLevelAuthenticationDefaults`).
const KEY_SCHEME: &str = "WebJobsAuthLevel";

/// The claim with the level of a key.
const LEVEL: &str = "http://schemas.microsoft.com/2017/07/functions/claims/authlevel";

/// The claim with the name of a key.
const KEY_NAME: &str = "http://schemas.microsoft.com/2017/07/functions/claims/keyid";

/// The detail of a response to a caller without credentials.
const UNAUTHENTICATED: &str = "call with a function key that has its own name (default and master identify no \
                      requester), or sign in with Microsoft Entra if the app supports that";

/// The detail of a response to an approver without a sign-in.
const NOT_SIGNED_IN: &str = "a key proves no person: sign in with Microsoft Entra and send the token as \
                             Authorization: Bearer, for example that of az account get-access-token \
                             --scope <the app's identifier URI>/.default";

/// The detail of a response to an approver if no sign-in can be proven.
const NO_SIGN_INS: &str = "a key proves no person, and App Service Authentication is off, so no sign-in \
                           is proven either; an operator has to turn it on, and then sign in with \
                           Microsoft Entra and send the token as Authorization: Bearer";

/// The authentication scheme of a sign-in (RFC 6750).
const BEARER: &str = "Bearer";

/// The requester: the identity that signed in, otherwise the holder of the key. An unusable sign-in is
/// refused even with a valid key, because the caller may be an impostor.
pub(super) async fn identify(
    app: &App,
    request: &HttpRequest,
    deadline: Deadline,
) -> Result<Requester, Problem> {
    let scheme = if app.easy_auth { BEARER } else { "FunctionKey" };
    if let Some(requester) = signed_in(app, request, deadline).await? {
        return Ok(requester);
    }
    key_holder(&request.identities).ok_or_else(|| unauthenticated(UNAUTHENTICATED, scheme))
}

/// The identity that signed in. A key does not stand for it.
pub(super) async fn identify_signed_in(
    app: &App,
    request: &HttpRequest,
    deadline: Deadline,
) -> Result<Requester, Problem> {
    let detail = if app.easy_auth { NOT_SIGNED_IN } else { NO_SIGN_INS };
    let signed_in = signed_in(app, request, deadline).await?;
    signed_in.ok_or_else(|| unauthenticated(detail, BEARER))
}

/// The identity that signed in; `None` if there was no sign-in, or if App Service Authentication is off:
/// then anyone can send its headers.
async fn signed_in(
    app: &App,
    request: &HttpRequest,
    deadline: Deadline,
) -> Result<Option<Requester>, Problem> {
    if !app.easy_auth {
        return Ok(None);
    }
    let signed_in = ClientPrincipal::of(request);
    let signed_in = signed_in.map_err(|error| unauthenticated(&error.to_string(), BEARER))?;
    let Some(principal) = signed_in else { return Ok(None) };
    let own = app.broker.own_tenant(deadline).await;
    let own = own.map_err(|failure| Problem::new(ProblemType::Unavailable, failure.message))?;
    if own != Some(principal.tenant_id) {
        return Err(unauthenticated("the sign-in was in another tenant", BEARER));
    }
    Ok(Some(Requester::Http(principal.object_id)))
}

/// The problem of a call that does not prove its caller.
fn unauthenticated(detail: &str, scheme: &'static str) -> Problem {
    tracing::warn!(event = "call.unauthenticated", "{detail}");
    Problem::new(ProblemType::Unauthenticated, detail).with_challenge(scheme)
}

/// The holder of the key that was presented.
fn key_holder(identities: &[Identity]) -> Option<Requester> {
    let mut keys = identities.iter().filter(|identity| {
        identity.is_authenticated && identity.authentication_type.as_deref() == Some(KEY_SCHEME)
    });
    let (Some(key), None) = (keys.next(), keys.next()) else { return None };
    match key.only_claim(LEVEL)? {
        "Admin" => Some(Requester::Admin),
        "Function" => Requester::parse(&format!("key:{}", key.only_claim(KEY_NAME)?)).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn identity(scheme: &str, proven: bool, claims: &[(&str, &str)]) -> Value {
        let claims: Vec<_> =
            claims.iter().map(|(kind, value)| json!({ "Type": kind, "Value": value })).collect();
        json!({ "AuthenticationType": scheme, "IsAuthenticated": proven, "Claims": claims })
    }

    fn holder(identities: &[Value]) -> Option<String> {
        let identities: Vec<Identity> = serde_json::from_value(json!(identities)).unwrap();
        key_holder(&identities).map(|requester| requester.to_string())
    }

    const NAMED: [(&str, &str); 2] = [(LEVEL, "Function"), (KEY_NAME, "orders-team")];

    #[test]
    fn anything_but_one_good_key_identifies_no_requester() {
        let good = identity(KEY_SCHEME, true, &NAMED);
        for identities in [
            vec![],
            vec![json!({ "AuthenticationType": null, "IsAuthenticated": false, "Claims": [] })],
            vec![identity("aad", true, &NAMED)],
            vec![identity("webjobsauthlevel", true, &NAMED)],
            vec![identity(KEY_SCHEME, false, &NAMED)],
            vec![good.clone(), good],
            vec![identity(KEY_SCHEME, true, &[(LEVEL, "Function")])],
            vec![identity(KEY_SCHEME, true, &[(KEY_NAME, "orders-team")])],
            vec![identity(KEY_SCHEME, true, &[(LEVEL, "System"), (KEY_NAME, "orders-team")])],
            vec![identity(KEY_SCHEME, true, &[(LEVEL, "Anonymous"), (KEY_NAME, "orders-team")])],
            vec![identity(KEY_SCHEME, true, &[NAMED[0], NAMED[1], (KEY_NAME, "other-team")])],
            vec![identity(KEY_SCHEME, true, &[NAMED[0], NAMED[0], NAMED[1]])],
            vec![identity(KEY_SCHEME, true, &[NAMED[0], (KEY_NAME, "default")])],
            vec![identity(KEY_SCHEME, true, &[NAMED[0], (KEY_NAME, "_master")])],
            vec![identity(KEY_SCHEME, true, &[NAMED[0], (KEY_NAME, "x:y")])],
        ] {
            assert_eq!(holder(&identities), None, "{identities:?}");
        }
    }

    #[test]
    fn a_key_names_its_holder_and_the_master_key_is_admin_by_whatever_name() {
        let other = identity("aad", true, &[(LEVEL, "Admin")]);
        let named = identity(KEY_SCHEME, true, &NAMED);
        assert_eq!(holder(&[other, named]).as_deref(), Some("key:orders-team"));
        let admin = identity(KEY_SCHEME, true, &[(LEVEL, "Admin"), (KEY_NAME, "orders-team")]);
        assert_eq!(holder(&[admin]).as_deref(), Some("admin"));
    }
}
