//! The demo's approver: her sign-in, and what App Service Authentication makes of it.

use anyhow::{Context as _, Result};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use functions_host_emulator::EasyAuth;
use serde_json::{Value, json};
use tenant_emulator::{
    Directory, ServicePrincipal, Tenant,
    contoso::{SUBSCRIPTION_ID, TENANT_ID, contoso},
};
use url::Url;

/// The approver whom the demo's policy names.
pub(crate) const APPROVER: &str = "c0a70500-0000-4000-8000-00000000e001";
/// The name of the approver.
pub(crate) const NAME: &str = "anna";
/// The client id with which the emulated tenant issues her tokens.
pub(crate) const CLIENT_ID: &str = "c0a70500-0000-4000-8000-00000000e002";

/// The broker as an API: the audience of tokens for it.
pub(crate) const AUDIENCE: &str = "api://app-role-broker";
const BROKER_API: &str = "c0a70500-0000-4000-8000-00000000e010";
const BROKER_API_APP_ID: &str = "c0a70500-0000-4000-8000-00000000e011";

/// The version of the protocol of the identity endpoint.
const API_VERSION: &str = "2019-08-01";

/// Contoso's tenant with the approver and with the broker's API.
///
/// The emulated tenant issues tokens to managed identities only. So the approver has the form of one; to the
/// broker, she is a person who has signed in.
pub(crate) fn directory() -> Directory {
    let mut directory = contoso();
    let resource_id = format!(
        "/subscriptions/{SUBSCRIPTION_ID}/resourcegroups/rg-persons/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{NAME}"
    );
    directory.add_service_principal(ServicePrincipal::user_assigned(
        APPROVER,
        CLIENT_ID,
        NAME,
        &resource_id,
    ));
    // After the broker's own identity, which stays the one of the handler.
    directory.attach(APPROVER);
    let api = ServicePrincipal::api(BROKER_API, BROKER_API_APP_ID, "App Role Broker", AUDIENCE);
    directory.add_service_principal(api.owned_by(TENANT_ID));
    directory
}

/// Signs the approver in. Returns the token, which stays the same for a day.
pub(crate) async fn sign_in(tenant: &Tenant) -> Result<String> {
    tenant.cache_tokens(true);
    let mut url = Url::parse(&tenant.identity_endpoint())?;
    url.query_pairs_mut()
        .append_pair("api-version", API_VERSION)
        .append_pair("resource", AUDIENCE)
        .append_pair("client_id", CLIENT_ID);
    let request = reqwest::Client::new().get(url);
    let answer = request.header("X-IDENTITY-HEADER", tenant.identity_header()).send().await?;
    let answer: Value = serde_json::from_slice(&answer.error_for_status()?.bytes().await?)?;
    let token = answer.get("access_token").and_then(Value::as_str);
    Ok(token.context("the emulated tenant issued no token for the approver")?.to_owned())
}

/// App Service Authentication that knows the approver by her token. Callers with a function key and without
/// a token pass, as with `AllowAnonymous`.
pub(crate) fn easy_auth(token: &str) -> EasyAuth {
    let claims = [("oid", APPROVER), ("tid", TENANT_ID), ("name", NAME)]
        .map(|(kind, value)| json!({ "typ": kind, "val": value }));
    let principal = json!({ "auth_typ": "aad", "claims": claims, "name_typ": "name",
                            "role_typ": "roles" });
    let principal = STANDARD.encode(principal.to_string());
    EasyAuth { principals: [(token.to_owned(), principal)].into() }
}
