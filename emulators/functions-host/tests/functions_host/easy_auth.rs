//! App Service Authentication in front of the host, and its absence.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use functions_host_emulator::EasyAuth;
use reqwest::{Method, header::AUTHORIZATION};
use serde_json::{Value, json};

use crate::app::{App, Running, answer};

fn principal() -> String {
    let principal = json!({ "auth_typ": "aad", "name_typ": "name", "role_typ": "roles", "claims": [
        { "typ": "oid", "val": "c0a70500-0000-4000-8000-0000000000c0" },
        { "typ": "roles", "val": "Requests.Write" },
    ]});
    STANDARD.encode(principal.to_string())
}

async fn guarded() -> Running {
    let mut app = App::new().await.with_http_function("Succeed", "anonymous", "open");
    let principals = [("good", principal()), ("broken", "???".to_owned())];
    let principals = principals.map(|(token, principal)| (token.to_owned(), principal));
    app.options.easy_auth = Some(EasyAuth { principals: principals.into() });
    app.run().await
}

/// A request with forged principal headers.
async fn call(host: &Running, authorization: &str) -> u16 {
    let request = host.request(Method::GET, "api/open").header(AUTHORIZATION, authorization);
    let request = request.header("X-MS-CLIENT-PRINCIPAL-ID", "forged");
    answer(request.header("X-MS-TOKEN-AAD-ID-TOKEN", "forged")).await.0
}

#[tokio::test]
async fn without_easy_auth_a_client_can_forge_a_principal() {
    let host = App::new().await.with_http_function("Succeed", "anonymous", "open").run().await;
    let request = host.request(Method::GET, "api/open");
    let request = request.header("X-MS-CLIENT-PRINCIPAL", principal());
    answer(request.header("X-MS-CLIENT-PRINCIPAL-ID", "forged")).await;
    let told = host.received().await.remove(0)["Data"]["req"].clone();
    assert_eq!(told["Headers"]["X-MS-CLIENT-PRINCIPAL"], json!([principal()]));
    assert_eq!(told["Headers"]["X-MS-CLIENT-PRINCIPAL-ID"], json!(["forged"]));
    assert_eq!(told["Identities"][0]["IsAuthenticated"], false);
    let environment = host.events("started").await[0]["environment"].clone();
    assert_eq!(environment.get("WEBSITE_AUTH_ENABLED"), None);
}

#[tokio::test]
async fn a_caller_without_a_valid_token_has_no_principal_whatever_it_claims() {
    let host = guarded().await;
    for authorization in ["Bearer unknown", "Basic good", "good", "Bearer "] {
        assert_eq!(call(&host, authorization).await, 200, "{authorization}");
    }
    for told in host.received().await {
        let told = &told["Data"]["req"];
        assert_eq!(told["Headers"].get("X-MS-CLIENT-PRINCIPAL-ID"), None);
        assert_eq!(told["Headers"].get("X-MS-TOKEN-AAD-ID-TOKEN"), None);
        assert_eq!(told["Identities"][0]["IsAuthenticated"], false);
    }
    assert_eq!(call(&host, "Bearer broken").await, 500);
}

#[tokio::test]
async fn the_function_receives_the_principal_of_the_token() {
    let host = guarded().await;
    assert_eq!(call(&host, "bearer good").await, 200);
    let told = host.received().await.remove(0)["Data"]["req"].clone();
    let headers = &told["Headers"];
    assert_eq!(headers["X-MS-CLIENT-PRINCIPAL"], json!([principal()]));
    let id = "c0a70500-0000-4000-8000-0000000000c0";
    assert_eq!(headers["X-MS-CLIENT-PRINCIPAL-ID"], json!([id]));
    assert_eq!(headers["X-MS-CLIENT-PRINCIPAL-IDP"], json!(["aad"]));
    assert_eq!(headers.get("X-MS-CLIENT-PRINCIPAL-NAME"), None);
    let identity = &told["Identities"][0];
    assert_eq!((&identity["AuthenticationType"], &identity["Name"]), (&json!("aad"), &Value::Null));
    assert_eq!(identity["Claims"][1]["Type"], "roles");
    assert_eq!(identity["Claims"][1]["Value"], "Requests.Write");
    let environment = host.events("started").await[0]["environment"].clone();
    assert_eq!(environment["WEBSITE_AUTH_ENABLED"], "True");
}
