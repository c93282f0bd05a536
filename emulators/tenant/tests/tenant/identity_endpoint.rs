//! The identity endpoint: its callers and its tokens.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;
use tenant_emulator::{
    Fault, Route,
    contoso::{
        BILLING_FUNCTION, BILLING_FUNCTION_CLIENT_ID, BROKER_IDENTITY, BROKER_IDENTITY_CLIENT_ID,
        MICROSOFT_GRAPH, MICROSOFT_GRAPH_URI, ORDERS_API, ORDERS_API_URI,
        ORDERS_IDENTITY_CLIENT_ID, TENANT_ID, contoso,
    },
};
use time::OffsetDateTime;

use crate::caller::{Answer, Caller, NOBODY};

const VERSION: (&str, &str) = ("api-version", "2019-08-01");
const RESOURCE: (&str, &str) = ("resource", MICROSOFT_GRAPH_URI);

/// The seconds of a day, which a token lives.
const DAY: i64 = 24 * 60 * 60;

fn claims(answer: &Answer) -> Value {
    let body = answer.json();
    let payload = body["access_token"].as_str().unwrap().split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

#[tokio::test]
async fn a_request_with_a_missing_or_wrong_header_is_unauthorized() {
    let caller = Caller::in_contoso().await;
    let url = format!(
        "{}?api-version=2019-08-01&resource={MICROSOFT_GRAPH_URI}",
        caller.tenant.identity_endpoint()
    );
    let missing = caller.http.get(&url);
    let wrong = caller.http.get(&url).header("x-identity-header", "guessed");
    for request in [missing, wrong] {
        assert_eq!(Answer::to(request).await.status, 401);
    }
}

#[tokio::test]
async fn a_request_for_another_version_resource_or_identity_is_refused() {
    let caller = Caller::in_contoso().await;
    let identity = ("client_id", BROKER_IDENTITY_CLIENT_ID);
    let not_attached = "No User Assigned or Delegated Managed Identity found";
    for (parameters, expected) in [
        (&[("api-version", "2017-09-01"), RESOURCE, identity][..], "api-version"),
        (&[RESOURCE, identity], "api-version"),
        (&[VERSION, identity], "resource parameter"),
        (&[VERSION, ("resource", "api://unknown"), identity], "AADSTS500011"),
        (&[VERSION, RESOURCE, ("client_id", ORDERS_IDENTITY_CLIENT_ID)], not_attached),
        (&[VERSION, RESOURCE, ("client_id", BROKER_IDENTITY)], not_attached),
        (&[VERSION, RESOURCE, ("client_id", NOBODY)], not_attached),
    ] {
        let answer = caller.ask_identity_endpoint(parameters).await;
        assert_eq!(answer.status, 400, "{}", answer.text);
        assert!(answer.text.contains(expected), "{}", answer.text);
    }
    // Only a user-assigned identity is attached.
    let unnamed = caller.ask_identity_endpoint(&[VERSION, RESOURCE]).await;
    unnamed.assert_is(400, "identity-endpoint-error.json");
}

#[tokio::test]
async fn a_fault_has_the_format_of_app_service() {
    let caller = Caller::in_contoso().await;
    let fault = Fault::error(503, "", "Unable to load the proper Managed Identity.");
    caller.tenant.answer_every(Route::IssueToken, fault.retry_after("2"));
    let answer = caller.ask_for_token(MICROSOFT_GRAPH_URI).await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.json()["statusCode"], 503);
    assert_eq!(answer.header("retry-after"), "2");
    caller.tenant.clear_faults(Route::IssueToken);
    assert_eq!(caller.ask_for_token(MICROSOFT_GRAPH_URI).await.status, 200);
}

#[tokio::test]
async fn naming_no_identity_gives_the_system_assigned_one() {
    let mut directory = contoso();
    directory.attach(BILLING_FUNCTION);
    let caller = Caller::of(directory).await;
    let answer = caller.ask_identity_endpoint(&[VERSION, RESOURCE]).await;
    assert_eq!(answer.json()["client_id"], BILLING_FUNCTION_CLIENT_ID);
}

#[tokio::test]
async fn a_token_contains_the_identity_its_roles_and_its_lifetime() {
    let caller = Caller::in_contoso().await;
    let before = OffsetDateTime::now_utc().unix_timestamp();
    let answer = caller.ask_for_token(MICROSOFT_GRAPH_URI).await;
    answer.assert_is(200, "identity-endpoint-response.json");
    let claims = claims(&answer);
    assert_eq!(claims["aud"], MICROSOFT_GRAPH_URI);
    assert_eq!(claims["iss"], format!("https://sts.windows.net/{TENANT_ID}/"));
    assert_eq!(claims["tid"], TENANT_ID);
    assert_eq!(claims["oid"], BROKER_IDENTITY);
    assert_eq!(claims["appid"], BROKER_IDENTITY_CLIENT_ID);
    assert_eq!(claims["idtyp"], "app");
    let issued = claims["iat"].as_i64().unwrap();
    assert!(issued >= before);
    assert_eq!(claims["nbf"], issued);
    assert_eq!(claims["exp"], issued + DAY);
    assert_eq!(answer.json()["expires_on"], (issued + DAY).to_string());
    let roles = ["AppRoleAssignment.ReadWrite.All", "Application.Read.All"];
    assert_eq!(claims["roles"], Value::from(roles.to_vec()));
}

#[tokio::test]
async fn a_token_has_only_the_roles_of_its_api_and_no_claim_for_none() {
    let caller = Caller::in_contoso().await;
    let answer = caller.ask_for_token(ORDERS_API_URI).await;
    assert!(claims(&answer).get("roles").is_none());
    caller.tenant.grant(BROKER_IDENTITY, ORDERS_API, "Orders.Read").unwrap();
    let answer = caller.ask_for_token(ORDERS_API_URI).await;
    assert_eq!(claims(&answer)["roles"], Value::from(vec!["Orders.Read"]));
}

#[tokio::test]
async fn the_audience_is_the_resource_as_it_was_asked_for_unless_set() {
    let caller = Caller::in_contoso().await;
    let with_slash = format!("{MICROSOFT_GRAPH_URI}/");
    let answer = caller.ask_for_token(&with_slash).await;
    assert_eq!(claims(&answer)["aud"], with_slash.as_str());
    assert_eq!(answer.json()["resource"], with_slash.as_str());
    caller.tenant.set_token_audience(Some("api://other"));
    let answer = caller.ask_for_token(MICROSOFT_GRAPH_URI).await;
    assert_eq!(claims(&answer)["aud"], "api://other");
    assert_eq!(answer.json()["resource"], MICROSOFT_GRAPH_URI);
}

#[tokio::test]
async fn a_cached_token_keeps_the_roles_that_it_was_issued_with() {
    let caller = Caller::in_contoso().await;
    caller.tenant.cache_tokens(true);
    let first = caller.ask_for_token(MICROSOFT_GRAPH_URI).await;
    caller.tenant.grant(BROKER_IDENTITY, MICROSOFT_GRAPH, "Directory.Read.All").unwrap();
    let second = caller.ask_for_token(MICROSOFT_GRAPH_URI).await;
    assert_eq!(first.text, second.text);
    caller.tenant.cache_tokens(false);
    let third = claims(&caller.ask_for_token(MICROSOFT_GRAPH_URI).await);
    assert_eq!(third["roles"].as_array().unwrap().len(), 3);
}
