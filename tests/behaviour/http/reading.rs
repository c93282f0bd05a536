//! Lists of the roles that a principal holds.

use reqwest::Method;
use serde_json::{Value, json};
use tenant_emulator::{
    Fault, Route,
    contoso::{
        BILLING_FUNCTION, BROKER_IDENTITY, MICROSOFT_GRAPH, ORDERS_ADMIN, ORDERS_API,
        ORDERS_API_APP_ID, ORDERS_IDENTITY, ORDERS_IDENTITY_RESOURCE_ID, ORDERS_READ, ORDERS_WRITE,
        SUBSCRIPTION_ID,
    },
};

use crate::{
    http::caller::{TEAM, TEAM_KEY, ask, send, setup},
    world::World,
};

async fn world() -> World {
    setup().await.start().await
}

/// The ids of the roles that an answer lists.
fn roles(list: &Value) -> Vec<&str> {
    let assignments = list["assignments"].as_array().unwrap();
    assignments.iter().map(|one| one["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_caller_that_no_rule_lets_read_learns_nothing_and_causes_no_look_up() {
    let mut setup = setup().await;
    setup.policy = setup.policy.map(|policy| policy.replace(r#","read""#, ""));
    let world = setup.start().await;
    let mut answers = Vec::new();
    for principal in [ORDERS_IDENTITY, "id-nobody", "id-batch"] {
        let mut problem = world.look(principal, "api://orders").await.problem(403, "denied");
        assert_eq!(problem["roles"][0]["code"], "noRuleForRequester", "{problem}");
        for name in ["invocationId", "instance", "startedAt", "durationMs"] {
            problem[name] = Value::Null;
        }
        answers.push(problem);
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:#?}");
    assert_eq!(world.tenant.count(Route::ReadServicePrincipal), 0);
    assert_eq!(world.tenant.count(Route::ListServicePrincipals), 0);
    // The rule still allows the caller to assign.
    world.post(&ask(&["Orders.Read"])).await.success(201);
}

#[tokio::test]
async fn a_principal_that_no_rule_covers_is_not_shown() {
    let world = world().await;
    world.tenant.grant(BILLING_FUNCTION, ORDERS_API, "Orders.Read").unwrap();
    for principal in [BILLING_FUNCTION, "func-billing", BROKER_IDENTITY] {
        world.look(principal, "api://orders").await.problem(403, "denied");
    }
    assert_eq!(world.tenant.count(Route::ListAssignments), 0);
}

#[tokio::test]
async fn an_api_that_no_rule_names_is_not_shown() {
    let world = world().await;
    for api in ["graph", "api://payments", "Microsoft Graph", MICROSOFT_GRAPH] {
        world.look(ORDERS_IDENTITY, api).await.problem(403, "denied");
    }
    assert_eq!(world.tenant.count(Route::ListAssignments), 0);
}

#[tokio::test]
async fn a_protected_principal_is_not_shown() {
    for protected in [
        ORDERS_IDENTITY.to_owned(),
        ORDERS_API_APP_ID.to_owned(),
        format!("/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/rg-orders-dev"),
    ] {
        let mut setup = setup().await;
        let mut policy: Value = serde_json::from_str(setup.policy.as_deref().unwrap()).unwrap();
        policy["protected"] = json!([protected]);
        setup.policy = Some(policy.to_string());
        let world = setup.start().await;
        let problem = world.look(ORDERS_IDENTITY, "api://orders").await.problem(403, "denied");
        assert_eq!(problem["roles"][0]["code"], "protected", "{problem}");
    }
}

#[tokio::test]
async fn an_unknown_name_is_404_and_an_ambiguous_one_is_409() {
    let world = world().await;
    for principal in ["id-nobody", "c0a70500-0000-4000-8000-00000000ffff"] {
        world.look(principal, "api://orders").await.problem(404, "not-found");
    }
    world.look(ORDERS_IDENTITY, "api://nothing").await.problem(404, "not-found");
    let problem = world.look("id-batch", "api://orders").await.problem(409, "ambiguous");
    assert_eq!(problem["candidates"].as_array().unwrap().len(), 2, "{problem}");
}

#[tokio::test]
async fn a_query_string_with_any_invalid_part_is_refused() {
    let world = world().await;
    for (query, text) in [
        ("", "must have principal and api"),
        ("principal=id-orders", "must have principal and api"),
        ("principal=id-orders&api=", "api: must not be empty"),
        ("principal=id-orders&api=api://orders&roles=Orders.Read", "and nothing else"),
        ("principal=id-orders&principal=id-batch&api=api://orders", "twice"),
        ("principal=id-orders&Principal=id-orders&api=api://orders", "twice"),
        ("principal=a%2Cb&api=api://orders", "a name with a comma"),
        ("principal=/subscriptions/me&api=api://orders", "principal: the subscription"),
        ("principal=id%E2%80%AEorders&api=api://orders", "U+202E"),
    ] {
        let call = world.call(Method::GET, query).header("x-functions-key", TEAM_KEY);
        let problem = send(call).await.problem(400, "invalid");
        assert!(problem["detail"].as_str().unwrap().contains(text), "{query}: {problem}");
    }
    let call = world.call(Method::GET, "principal=id-orders&api=api://orders");
    let answer = send(call.header("x-functions-key", TEAM_KEY).body("{}")).await;
    answer.problem(400, "invalid");
    assert_eq!(world.tenant.count(Route::ListServicePrincipals), 0);
}

#[tokio::test]
async fn a_caller_is_told_to_retry_if_graph_does_not_answer() {
    let world = setup().await.with_setting("PACE_FACTOR", "0.1").start().await;
    world.tenant.answer_every(Route::ListAssignments, Fault::error(503, "ServiceUnavailable", ""));
    let answer = world.look(ORDERS_IDENTITY, "api://orders").await;
    let problem = answer.problem(503, "unavailable");
    assert_eq!(problem["roles"][0]["code"], "graphUnavailable", "{problem}");
    assert_eq!(answer.header("retry-after"), "30");
}

#[tokio::test]
async fn only_roles_that_a_rule_names_are_listed() {
    let world = world().await;
    let empty = world.look(ORDERS_IDENTITY, "api://orders").await.success(200);
    assert_eq!(empty["assignments"], json!([]));
    for role in ["Orders.Read", "Orders.Admin", "Orders.Write"] {
        world.tenant.grant(ORDERS_IDENTITY, ORDERS_API, role).unwrap();
    }
    world.tenant.grant(ORDERS_IDENTITY, MICROSOFT_GRAPH, "User.Read.All").unwrap();
    for principal in ["id-orders", ORDERS_IDENTITY, ORDERS_IDENTITY_RESOURCE_ID] {
        for api in ["api://orders", ORDERS_API_APP_ID, ORDERS_API, "Orders API"] {
            let list = world.look(principal, api).await.success(200);
            let mut listed = roles(&list);
            listed.sort_unstable();
            assert_eq!(listed, [ORDERS_READ, ORDERS_WRITE], "{principal} {api}: {list}");
            assert!(!list.to_string().contains(ORDERS_ADMIN));
        }
    }
    assert!(world.tenant_is_unchanged());
}

#[tokio::test]
async fn a_list_has_every_documented_field() {
    let world = world().await;
    let id = world.tenant.grant(ORDERS_IDENTITY, ORDERS_API, "Orders.Read").unwrap();
    let list = world.look("id-orders", "api://orders").await.success(200);
    assert_eq!(list["requester"], format!("key:{TEAM}"));
    assert_eq!(list["principal"]["objectId"], ORDERS_IDENTITY);
    assert_eq!(list["api"]["appId"], ORDERS_API_APP_ID);
    let shown = &list["assignments"][0];
    assert_eq!((&shown["value"], &shown["assignmentId"]), (&json!("Orders.Read"), &json!(id)));
    assert_eq!((&shown["privileged"], &shown["rule"]), (&json!(false), &json!("orders")));
    assert!(shown["createdDateTime"].is_string());
    let file = format!("{}/schemas/assignment-list.schema.json", crate::world::ROOT);
    let schema: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    assert!(jsonschema::is_valid(&schema, &list), "{list}");
    let line = world.log_line("looked at what a principal holds").await;
    assert!(line.contains(ORDERS_IDENTITY) && line.contains("\"action\":\"read\""), "{line}");
}
