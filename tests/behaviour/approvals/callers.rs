//! Who may see an approval and decide on it.

use functions_host_emulator::{HostKey, KeyLevel};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use tenant_emulator::{
    Fault, Route,
    contoso::{BROKER_IDENTITY, FABRIKAM_TENANT_ID, ORDERS_IDENTITY, TENANT_ID},
};

use crate::{
    approvals::{
        approval_world::{ANNA, BEN, token_of},
        approver::{ABSENT, STRANGER, decision, id_of, policy, setup_with_approvers, world},
    },
    http::{
        caller::{OPERATOR, TEAM_KEY, ask, function_key, send, setup},
        sign_in::{principal, signed_in},
    },
    world::World,
};

/// A master key, and a host key with the name of an approver.
const MASTER_KEY: &str = "the-master-key";
const NAMED_KEY: &str = "the-key-with-the-name-of-an-approver";

/// Every call about approvals, with a good decision where there is one.
fn calls(world: &World) -> [RequestBuilder; 3] {
    let one = format!("/{ABSENT}");
    let decision = decision("approve", &json!({ "digest": "0".repeat(64) }));
    [
        world.anonymous_call(Method::GET, ""),
        world.anonymous_call(Method::GET, &one),
        world.anonymous_call(Method::POST, &one).json(&decision),
    ]
}

/// Asserts that every call is refused as unauthenticated, with a challenge to sign in and this text.
async fn assert_unauthenticated(
    world: &World,
    change: impl Fn(RequestBuilder) -> RequestBuilder,
    text: &str,
) {
    for call in calls(world) {
        let answer = send(change(call)).await;
        let problem = answer.problem(401, "unauthenticated");
        assert!(problem["detail"].as_str().unwrap().contains(text), "{problem}");
        assert!(problem.get("approval").is_none(), "{problem}");
        assert_eq!(answer.header("www-authenticate"), "Bearer");
    }
}

#[tokio::test]
async fn a_key_proves_no_approver_whichever_key_it_is() {
    let mut setup = setup_with_approvers(1).await;
    let key = |name: &str, value: &str, level| HostKey {
        name: name.to_owned(),
        value: value.to_owned(),
        level,
    };
    setup.keys.push(key("_master", MASTER_KEY, KeyLevel::Master));
    setup.keys.push(key(ANNA, NAMED_KEY, KeyLevel::HostFunction));
    let world = setup.start().await;
    let waits = world.waiting().await;
    for text in ["a key proves no person", "az account get-access-token", "Authorization: Bearer"] {
        assert_unauthenticated(&world, |call| call, text).await;
        for key in [TEAM_KEY, MASTER_KEY, NAMED_KEY, "wrong"] {
            assert_unauthenticated(&world, |call| call.header("x-functions-key", key), text).await;
            let in_query = world.anonymous_call(Method::GET, &format!("?code={key}"));
            send(in_query).await.problem(401, "unauthenticated");
        }
    }
    let call = world.anonymous_call(Method::POST, &format!("/{}", id_of(&waits)));
    let call = call.header("x-functions-key", MASTER_KEY).json(&decision("approve", &waits));
    send(call).await.problem(401, "unauthenticated");
    assert_eq!(world.shown_to(ANNA, id_of(&waits)).await.success(200), waits);
    assert!(world.tenant_is_unchanged());
}

#[tokio::test]
async fn headers_of_a_sign_in_prove_nothing_while_app_service_authentication_is_off() {
    let mut setup = setup().await;
    setup.policy = Some(policy(1).to_string());
    let world = setup.start().await;
    let result = world.post(&ask(&["Orders.Write"])).await.success(202);
    let forged = |call: RequestBuilder| {
        call.header("X-MS-CLIENT-PRINCIPAL", signed_in(ANNA))
            .header("X-MS-CLIENT-PRINCIPAL-ID", ANNA)
            .header("X-MS-CLIENT-PRINCIPAL-IDP", "aad")
    };
    for text in ["App Service Authentication is off", "a key proves no person"] {
        assert_unauthenticated(&world, forged, text).await;
        let with_key = |call| forged(call).header("x-functions-key", TEAM_KEY);
        assert_unauthenticated(&world, with_key, text).await;
    }
    let call = world.anonymous_call(Method::POST, &format!("/{}", id_of(&result)));
    let digest = json!({ "digest": result["approvalDigest"] });
    send(forged(call).json(&decision("approve", &digest))).await.problem(401, "unauthenticated");
    world.became_of(id_of(&result)).await.success(202);
    assert!(world.tenant_is_unchanged());
}

#[tokio::test]
async fn a_sign_in_elsewhere_is_refused_even_with_the_object_id_of_an_approver() {
    let (oid, tid) = (("oid", ANNA), ("tid", TENANT_ID));
    let sign_ins = [
        ("other tenant", principal("aad", &[oid, ("tid", FABRIKAM_TENANT_ID)]), "another tenant"),
        ("other provider", principal("github", &[oid, tid]), "not with Microsoft Entra"),
        ("no tenant", principal("aad", &[oid]), "exactly one object id"),
        ("two ids", principal("aad", &[oid, ("oid", BEN), tid]), "exactly one object id"),
    ];
    let mut setup = setup_with_approvers(1).await;
    let easy_auth = setup.easy_auth.as_mut().unwrap();
    for (token, principal, _) in &sign_ins {
        easy_auth.principals.insert((*token).to_owned(), principal.clone());
    }
    let world = setup.start().await;
    for (token, _, text) in sign_ins {
        assert_unauthenticated(&world, |call| call.bearer_auth(token), text).await;
        let with_key = |call: RequestBuilder| call.bearer_auth(token);
        let with_key = |call| with_key(call).header("x-functions-key", TEAM_KEY);
        assert_unauthenticated(&world, with_key, text).await;
    }
}

#[tokio::test]
async fn headers_of_a_client_do_not_replace_its_own_sign_in() {
    let world = world().await;
    let waits = world.waiting().await;
    let call = world.anonymous_call(Method::GET, &format!("/{}", id_of(&waits)));
    let call =
        call.header("X-MS-CLIENT-PRINCIPAL", signed_in(ANNA)).bearer_auth(token_of(STRANGER));
    send(call).await.problem(404, "not-found");
}

#[tokio::test]
async fn without_its_own_token_the_broker_knows_no_approver() {
    let setup = setup_with_approvers(1).await.with_setting("PACE_FACTOR", "0.1");
    setup.tenant.answer_every(Route::IssueToken, Fault::error(500, "", ""));
    let world = setup.start().await;
    for call in calls(&world) {
        let answer = send(call.bearer_auth(token_of(ANNA))).await;
        answer.problem(503, "unavailable");
        assert_eq!(answer.header("retry-after"), "30");
    }
}

#[tokio::test]
async fn a_user_whom_no_rule_names_learns_as_much_as_about_an_absent_approval() {
    let world = world().await;
    let waits = world.waiting().await;
    let mut problems = Vec::new();
    for id in [id_of(&waits), ABSENT] {
        let decided = world.decide_as(STRANGER, id, &decision("approve", &waits)).await;
        for answer in [world.shown_to(STRANGER, id).await, decided] {
            let mut problem = answer.problem(404, "not-found");
            problem["instance"].take();
            problems.push(problem);
        }
    }
    assert!(problems.iter().all(|problem| *problem == problems[0]), "{problems:#?}");
    assert_eq!(world.waiting_for(STRANGER).await, Vec::<Value>::new());
    assert_eq!(world.shown_to(ANNA, id_of(&waits)).await.success(200), waits);
    assert!(world.tenant_is_unchanged());
}

#[tokio::test]
async fn the_requester_the_principal_and_the_broker_may_not_decide_though_the_rule_names_them() {
    let world = world().await;
    let call = world.call(Method::POST, "").header("x-functions-key", TEAM_KEY);
    let call = call.bearer_auth(token_of(OPERATOR)).json(&ask(&["Orders.Write"]));
    let result = send(call).await.success(202);
    let id = id_of(&result);
    for (user, text) in [
        (OPERATOR, "its own requester"),
        (ORDERS_IDENTITY, "the identity that the role is for"),
        (BROKER_IDENTITY, "the broker's own identity"),
    ] {
        let approval = world.shown_to(user, id).await.success(200);
        for word in ["approve", "deny"] {
            let answer = world.decide_as(user, id, &decision(word, &approval)).await;
            let problem = answer.problem(403, "not-an-approver");
            assert!(problem["detail"].as_str().unwrap().contains(text), "{problem}");
        }
    }
    for user in [OPERATOR, ORDERS_IDENTITY] {
        assert_eq!(world.waiting_for(user).await, Vec::<Value>::new(), "{user}");
    }
    let approval = world.shown_to(ANNA, id).await.success(200);
    assert_eq!((&approval["state"], &approval["decisions"]), (&json!("pending"), &json!([])));
    assert!(world.tenant_is_unchanged());
}

#[tokio::test]
async fn only_the_requester_learns_what_became_of_its_request() {
    let mut setup = setup_with_approvers(1).await;
    setup.keys.push(function_key("payments-team", NAMED_KEY));
    let world = setup.start().await;
    let waits = world.waiting().await;
    let query = format!("approval={}", id_of(&waits));
    let ask = || world.call(Method::GET, &query);
    send(ask().header("x-functions-key", NAMED_KEY)).await.problem(404, "not-found");
    for user in [ANNA, OPERATOR, STRANGER] {
        let call = ask().header("x-functions-key", TEAM_KEY).bearer_auth(token_of(user));
        send(call).await.problem(404, "not-found");
    }
    world.became_of(ABSENT).await.problem(404, "not-found");
    world.became_of(id_of(&waits)).await.success(202);
}
