//! The requester of a call over HTTP: the signed-in caller, or else the name of the key. Calls without
//! either are unauthenticated.

use std::collections::BTreeMap;

use functions_host_emulator::{EasyAuth, HostKey, KeyLevel};
use reqwest::{Method, RequestBuilder};
use serde_json::Value;
use tenant_emulator::{
    Fault, Route,
    contoso::{FABRIKAM_TENANT_ID, ORDERS_IDENTITY, TENANT_ID},
};

use crate::{
    http::{
        caller::{Answer, OPERATOR, TEAM, TEAM_KEY, ask, function_key, send, setup},
        sign_in::{principal, signed_in},
    },
    world::{Setup, World},
};

const OTHER_KEY: &str = "the-key-of-another-team";

fn operator() -> String {
    signed_in(OPERATOR)
}

/// A setup with App Service Authentication, which accepts these tokens.
async fn guarded(principals: &[(&str, String)]) -> Setup {
    let mut setup = setup().await;
    let principals: BTreeMap<_, _> =
        principals.iter().map(|(token, who)| ((*token).to_owned(), who.clone())).collect();
    setup.easy_auth = Some(EasyAuth { principals });
    setup
}

/// A call that requests a role, with this key. An empty key is no key.
fn call(world: &World, key: &str) -> RequestBuilder {
    let call = world.call(Method::POST, "").json(&ask(&["Orders.Read"]));
    if key.is_empty() { call } else { call.header("x-functions-key", key) }
}

/// Asserts that a call is refused as unauthenticated, and that nothing was looked up.
async fn assert_unauthenticated(world: &World, call: RequestBuilder, text: &str) {
    let answer = send(call).await;
    let problem = answer.problem(401, "unauthenticated");
    assert!(problem["detail"].as_str().unwrap().contains(text), "{problem}");
    assert!(problem.get("roles").is_none() && problem.get("requester").is_none(), "{problem}");
    assert!(!answer.header("www-authenticate").is_empty());
    assert!(world.tenant_is_unchanged());
    assert_eq!(world.tenant.count(Route::ListServicePrincipals), 0);
}

fn requester(answer: &Answer) -> Value {
    answer.json()["requester"].clone()
}

#[tokio::test]
async fn without_a_key_the_host_refuses_and_does_not_call_the_handler() {
    let world = setup().await.start().await;
    for key in ["", "wrong"] {
        let answer = send(call(&world, key)).await;
        assert_eq!((answer.status, answer.text.as_str()), (401, ""));
    }
    assert!(world.host.invocations().is_empty());
}

#[tokio::test]
async fn a_key_name_that_every_function_app_has_identifies_no_requester() {
    const NAMES: [&str; 6] = ["default", "Default", "master", "_master", "", "a name"];
    let mut setup = setup().await;
    for name in NAMES {
        setup.keys.push(function_key(name, &format!("the {name} key")));
    }
    let world = setup.start().await;
    for name in NAMES {
        assert_unauthenticated(&world, call(&world, &format!("the {name} key")), "its own name")
            .await;
    }
}

#[tokio::test]
async fn the_master_key_is_admin_and_no_rule_can_name_it() {
    let mut setup = setup().await;
    let master =
        HostKey { name: TEAM.to_owned(), value: OTHER_KEY.to_owned(), level: KeyLevel::Master };
    setup.keys.push(master);
    let world = setup.start().await;
    let answer = send(call(&world, OTHER_KEY)).await;
    answer.problem(403, "denied");
    assert_eq!(requester(&answer), "admin");
    assert!(world.tenant_is_unchanged());
    assert_eq!(world.tenant.count(Route::ListServicePrincipals), 0);
}

#[tokio::test]
async fn a_key_identifies_the_team_by_its_name_and_another_teams_key_gets_nothing() {
    let mut setup = setup().await;
    setup.keys.push(function_key("payments-team", OTHER_KEY));
    let world = setup.start().await;
    let answer = send(call(&world, OTHER_KEY)).await;
    answer.problem(403, "denied");
    assert_eq!(requester(&answer), "key:payments-team");
    assert!(world.tenant_is_unchanged());
    let answer = send(call(&world, TEAM_KEY)).await;
    answer.success(201);
    assert_eq!(requester(&answer), format!("key:{TEAM}"));
    assert_eq!(world.tenant.assignments_of(ORDERS_IDENTITY).len(), 1);
}

#[tokio::test]
async fn a_host_key_with_the_name_of_a_team_identifies_that_team() {
    let mut setup = setup().await;
    setup.keys = vec![HostKey {
        name: TEAM.to_owned(),
        value: OTHER_KEY.to_owned(),
        level: KeyLevel::HostFunction,
    }];
    let world = setup.start().await;
    assert_eq!(requester(&send(call(&world, OTHER_KEY)).await), format!("key:{TEAM}"));
}

#[tokio::test]
async fn a_signed_in_caller_is_the_requester_and_the_key_does_not_matter() {
    let mut setup = guarded(&[("good", operator())]).await;
    setup.keys.push(function_key("default", OTHER_KEY));
    let world = setup.start().await;
    for key in [OTHER_KEY, TEAM_KEY] {
        let answer = send(call(&world, key).bearer_auth("good")).await;
        assert_eq!(requester(&answer), format!("http:{OPERATOR}"), "{answer:?}");
    }
    assert_eq!(world.tenant.assignments_of(ORDERS_IDENTITY).len(), 1);
}

#[tokio::test]
async fn the_long_names_of_claims_are_understood() {
    let schemas = "http://schemas.microsoft.com/identity/claims";
    let claims = [
        (format!("{schemas}/objectidentifier"), OPERATOR),
        (format!("{schemas}/tenantid"), TENANT_ID),
        ("name".to_owned(), "somebody"),
    ];
    let claims: Vec<_> = claims.iter().map(|(typ, val)| (typ.as_str(), *val)).collect();
    let world = guarded(&[("good", principal("aad", &claims))]).await.start().await;
    let answer = send(call(&world, TEAM_KEY).bearer_auth("good")).await;
    assert_eq!(requester(&answer), format!("http:{OPERATOR}"), "{answer:?}");
}

#[tokio::test]
async fn a_caller_who_did_not_sign_in_is_identified_by_the_key_if_that_is_allowed() {
    let world = guarded(&[("good", operator())]).await.start().await;
    let answer = send(call(&world, TEAM_KEY)).await;
    answer.success(201);
    assert_eq!(requester(&answer), format!("key:{TEAM}"));
}

#[tokio::test]
async fn an_invalid_sign_in_is_refused_even_with_a_valid_key() {
    let oid = ("oid", OPERATOR);
    let tid = ("tid", TENANT_ID);
    let long_oid = "http://schemas.microsoft.com/identity/claims/objectidentifier";
    let sign_ins = [
        ("other tenant", principal("aad", &[oid, ("tid", FABRIKAM_TENANT_ID)]), "another tenant"),
        ("other provider", principal("github", &[oid, tid]), "not with Microsoft Entra"),
        ("key scheme", principal("WebJobsAuthLevel", &[oid, tid]), "not with Microsoft Entra"),
        ("no oid", principal("aad", &[tid]), "exactly one object id"),
        ("no tid", principal("aad", &[oid]), "exactly one object id"),
        ("two oids", principal("aad", &[oid, oid, tid]), "exactly one object id"),
        ("both oids", principal("aad", &[oid, (long_oid, OPERATOR), tid]), "exactly one object id"),
        ("no guid", principal("aad", &[("oid", "me"), tid]), "exactly one object id"),
    ];
    let tokens = sign_ins.clone().map(|(token, principal, _)| (token, principal));
    let world = guarded(&tokens).await.start().await;
    for (token, _, text) in sign_ins {
        assert_unauthenticated(&world, call(&world, TEAM_KEY).bearer_auth(token), text).await;
    }
}

#[tokio::test]
async fn without_app_service_authentication_a_claim_to_be_signed_in_is_refused() {
    let mut setup = setup().await;
    setup.keys.push(function_key("default", OTHER_KEY));
    let world = setup.start().await;
    let forged = |key| {
        call(&world, key)
            .header("X-MS-CLIENT-PRINCIPAL", operator())
            .header("X-MS-CLIENT-PRINCIPAL-ID", OPERATOR)
            .header("X-MS-CLIENT-PRINCIPAL-IDP", "aad")
    };
    assert_unauthenticated(&world, forged(OTHER_KEY), "its own name").await;
    assert_eq!(requester(&send(forged(TEAM_KEY)).await), format!("key:{TEAM}"));
}

#[tokio::test]
async fn sign_in_headers_from_a_client_are_removed_by_app_service_authentication() {
    let world = guarded(&[("good", operator())]).await.start().await;
    let stranger = principal("aad", &[("oid", ORDERS_IDENTITY), ("tid", TENANT_ID)]);
    let claim = call(&world, TEAM_KEY).header("X-MS-CLIENT-PRINCIPAL", stranger);
    let answer = send(claim.bearer_auth("good")).await;
    assert_eq!(requester(&answer), format!("http:{OPERATOR}"), "{answer:?}");
}

/// App Service Authentication is configured, but requests reach the handler without it.
#[tokio::test]
async fn sign_in_headers_that_the_platform_would_not_write_are_refused() {
    let world = setup().await.with_setting("WEBSITE_AUTH_ENABLED", "True").start().await;
    const PRINCIPAL: &str = "X-MS-CLIENT-PRINCIPAL";
    const PROVIDER: &str = "X-MS-CLIENT-PRINCIPAL-IDP";
    let (good, aad) = (operator(), "aad".to_owned());
    let cases: [(&[(&str, &String)], &str); 6] = [
        (&[(PRINCIPAL, &good), (PRINCIPAL, &good), (PROVIDER, &aad)], "once each"),
        (&[(PRINCIPAL, &good), (PROVIDER, &aad), (PROVIDER, &aad)], "once each"),
        (&[(PRINCIPAL, &good)], "once each"),
        (&[(PROVIDER, &aad)], "once each"),
        (&[(PRINCIPAL, &"???".to_owned()), (PROVIDER, &aad)], "not base64"),
        (&[(PRINCIPAL, &good), (PROVIDER, &"google".to_owned())], "not with Microsoft Entra"),
    ];
    for (headers, text) in cases {
        let with_headers = headers
            .iter()
            .fold(call(&world, TEAM_KEY), |call, (name, value)| call.header(*name, *value));
        assert_unauthenticated(&world, with_headers, text).await;
    }
}

#[tokio::test]
async fn without_its_own_token_the_broker_does_not_know_its_tenant() {
    let setup = guarded(&[("good", operator())]).await.with_setting("PACE_FACTOR", "0.1");
    setup.tenant.answer_every(Route::IssueToken, Fault::error(500, "", ""));
    let world = setup.start().await;
    let answer = send(call(&world, TEAM_KEY).bearer_auth("good")).await;
    answer.problem(503, "unavailable");
    assert_eq!(answer.header("retry-after"), "30");
    assert!(world.tenant_is_unchanged());
}
