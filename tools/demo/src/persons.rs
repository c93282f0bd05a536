//! The persons of the demo, their sign-in, and what App Service Authentication makes of it.

use anyhow::{Context as _, Result};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use functions_host_emulator::EasyAuth;
use serde_json::{Value, json};
use tenant_emulator::{
    Directory, ServicePrincipal, Tenant,
    contoso::{SUBSCRIPTION_ID, TENANT_ID, contoso},
};
use url::Url;

/// A person who can sign in.
///
/// The emulated tenant issues tokens to managed identities only. So a person is a managed identity here. To
/// the broker and to `app-role`, it is an account that has signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Person {
    /// The account's name in the tenant.
    pub name: &'static str,
    /// The object id, which policies name as `http:<object id>`.
    pub object_id: &'static str,
    /// The client id with which the emulated tenant issues tokens.
    pub client_id: &'static str,
    /// The permissions of the person's directory roles on Microsoft Graph.
    permissions: &'static [&'static str],
}

/// The approver whom the demo's policy names. She has no rights in the tenant.
pub const APPROVER: Person = Person {
    name: "anna",
    object_id: "c0a70500-0000-4000-8000-00000000e001",
    client_id: "c0a70500-0000-4000-8000-00000000e002",
    permissions: &[],
};

/// The operator. His directory roles allow what a Privileged Role Administrator and a Reports Reader may
/// do. The demo's policy also names him as an approver and as a requester.
pub const OPERATOR: Person = Person {
    name: "omar",
    object_id: "c0a70500-0000-4000-8000-00000000e003",
    client_id: "c0a70500-0000-4000-8000-00000000e004",
    permissions: &["AppRoleAssignment.ReadWrite.All", "Application.Read.All", "AuditLog.Read.All"],
};

/// The broker as an API: the audience of tokens for it.
pub const AUDIENCE: &str = "api://app-role-broker";
const BROKER_API: &str = "c0a70500-0000-4000-8000-00000000e010";
const BROKER_API_APP_ID: &str = "c0a70500-0000-4000-8000-00000000e011";

/// The version of the protocol of the identity endpoint.
const API_VERSION: &str = "2019-08-01";

/// Contoso's tenant with the persons and with the broker's API.
#[must_use]
pub fn directory() -> Directory {
    let mut directory = contoso();
    for Person { name, object_id, client_id, permissions } in [APPROVER, OPERATOR] {
        let resource_id = format!(
            "/subscriptions/{SUBSCRIPTION_ID}/resourcegroups/rg-persons/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{name}"
        );
        let person = ServicePrincipal::user_assigned(object_id, client_id, name, &resource_id);
        directory.add_service_principal(person);
        // Attached after the broker's own identity, which remains that of the handler.
        directory.attach(object_id);
        directory.permit(object_id, permissions);
    }
    let api = ServicePrincipal::api(BROKER_API, BROKER_API_APP_ID, "App Role Broker", AUDIENCE);
    directory.add_service_principal(api.owned_by(TENANT_ID));
    directory
}

/// Signs a person in. Returns the token for the broker, which stays the same for a day.
pub(crate) async fn sign_in(tenant: &Tenant, person: Person) -> Result<String> {
    tenant.cache_tokens(true);
    let mut url = Url::parse(&tenant.identity_endpoint())?;
    url.query_pairs_mut()
        .append_pair("api-version", API_VERSION)
        .append_pair("resource", AUDIENCE)
        .append_pair("client_id", person.client_id);
    let request = reqwest::Client::new().get(url);
    let answer = request.header("X-IDENTITY-HEADER", tenant.identity_header()).send().await?;
    let answer: Value = serde_json::from_slice(&answer.error_for_status()?.bytes().await?)?;
    let token = answer.get("access_token").and_then(Value::as_str);
    let token = token.with_context(|| format!("the tenant issued no token for {}", person.name))?;
    Ok(token.to_owned())
}

/// App Service Authentication that knows persons by their tokens. Callers with a function key and without a
/// token pass, as with `AllowAnonymous`.
pub(crate) fn easy_auth<'a>(tokens: impl IntoIterator<Item = (Person, &'a str)>) -> EasyAuth {
    let principals = tokens.into_iter().map(|(person, token)| {
        let claims = [("oid", person.object_id), ("tid", TENANT_ID), ("name", person.name)]
            .map(|(kind, value)| json!({ "typ": kind, "val": value }));
        let principal = json!({ "auth_typ": "aad", "claims": claims, "name_typ": "name",
                                "role_typ": "roles" });
        (token.to_owned(), STANDARD.encode(principal.to_string()))
    });
    EasyAuth { principals: principals.collect() }
}
