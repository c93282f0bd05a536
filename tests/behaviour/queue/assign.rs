//! A message in the queue becomes an assignment in the tenant and a result.

use base64::{Engine, engine::general_purpose::STANDARD};
use tenant_emulator::{
    Route,
    contoso::{
        BROKER_IDENTITY, MICROSOFT_GRAPH, ORDERS_API, ORDERS_IDENTITY, ORDERS_IDENTITY_CLIENT_ID,
        ORDERS_IDENTITY_RESOURCE_ID, ORDERS_READ, ORDERS_WRITE, REPORTS_IDENTITY, USER_READ_ALL,
    },
};

use crate::world::{
    Setup, TIMEOUT, World, copy_of_app_files, http_client, new_identity, request, role,
    valid_request,
};

const UNKNOWN: &str = "c0a70500-0000-4000-8000-00000000ffff";

#[tokio::test]
async fn a_request_without_a_rule_is_denied_and_nothing_is_written() {
    let world = World::start().await;
    for (principal, api, app_role, text) in [
        (ORDERS_IDENTITY, ORDERS_API, ORDERS_WRITE, "names the role Orders.Write"),
        (REPORTS_IDENTITY, ORDERS_API, ORDERS_READ, "covers the principal /subscriptions/"),
        (ORDERS_IDENTITY, MICROSOFT_GRAPH, USER_READ_ALL, "names the API 00000003-"),
    ] {
        let result = world.result_of(&request(principal, api, app_role)).await;
        assert_eq!(role(&result)["status"], "denied", "{result}");
        assert!(role(&result)["message"].as_str().unwrap().contains(text), "{result}");
    }
    assert!(world.tenant_is_unchanged());
}

#[tokio::test]
async fn a_call_through_the_admin_endpoint_is_denied_before_any_look_up() {
    let world = World::start().await;
    let url = world.host.admin_url().join("admin/functions/AssignRole").unwrap();
    let input = serde_json::json!({ "input": valid_request() });
    let answer = http_client().post(url).json(&input).send().await.unwrap();
    assert_eq!(answer.status(), 202);
    let result = world.next_results(1).await.remove(0);
    assert_eq!(result["requester"], "admin");
    assert_eq!(role(&result)["status"], "denied");
    assert_eq!(world.tenant.count(Route::ReadServicePrincipal), 0);
}

#[tokio::test]
async fn the_brokers_own_identity_is_denied_even_if_a_rule_names_it() {
    let mut setup = Setup::new().await;
    setup.policy = setup.policy.map(|policy| policy.replace("rg-orders-dev", "rg-app-role-broker"));
    let world = setup.start().await;
    let result = world.result_of(&request(BROKER_IDENTITY, ORDERS_API, ORDERS_READ)).await;
    assert_eq!(role(&result)["status"], "denied");
    assert!(role(&result)["message"].as_str().unwrap().contains("own identity"), "{result}");
    assert!(world.tenant_is_unchanged());
}

#[tokio::test]
async fn a_message_that_is_not_a_request_is_answered_once_with_the_path_of_the_error() {
    let world = World::start().await;
    for (message, path) in [
        ("hello", "request: "),
        ("", "request: "),
        ("{}", "the field `principal` is missing"),
        (&valid_request().replace(ORDERS_READ, "Orders.Read"), "appRoleId: expected a GUID"),
        (&valid_request().replace("appRoleId", "appRoleID"), "did you mean `appRoleId`?"),
        (&STANDARD.encode("[]"), "request: "),
    ] {
        let result = world.result_of(message).await;
        assert_eq!(role(&result)["status"], "invalid", "{message}");
        assert!(role(&result)["message"].as_str().unwrap().contains(path), "{message}: {result}");
        assert_eq!(result["attempt"], 1);
    }
    assert_eq!(world.requests.approximate_count().await.unwrap(), 0);
    assert!(!world.account.queue("app-role-requests-poison").unwrap().exists().await.unwrap());
}

#[tokio::test]
async fn a_request_for_an_unknown_api_or_role_is_not_retried() {
    let world = World::start().await;
    for (api, app_role, code) in
        [(UNKNOWN, ORDERS_READ, "apiNotFound"), (ORDERS_API, UNKNOWN, "roleNotFound")]
    {
        let result = world.result_of(&request(ORDERS_IDENTITY, api, app_role)).await;
        assert_eq!(role(&result)["status"], "notFound", "{result}");
        assert_eq!(role(&result)["code"], code);
        assert_eq!(result["attempt"], 1);
    }
    assert!(world.tenant_is_unchanged());
}

#[tokio::test]
async fn a_principal_that_never_appears_fails_on_the_last_delivery_and_stays_out_of_the_poison_queue()
 {
    let world = Setup::new().await.with_deliveries(2).start().await;
    let result = world.result_of(&request(UNKNOWN, ORDERS_API, ORDERS_READ)).await;
    assert_eq!(role(&result)["status"], "failed");
    assert_eq!(role(&result)["code"], "principalNotFound");
    assert!(role(&result)["message"].as_str().unwrap().contains("object id"), "{result}");
    assert_eq!(result["attempt"], 2);
    assert!(!world.account.queue("app-role-requests-poison").unwrap().exists().await.unwrap());
}

#[tokio::test]
async fn a_principal_that_appears_later_gets_its_role_by_a_retry() {
    let world = World::start().await;
    world.requests.send(&request(UNKNOWN, ORDERS_API, ORDERS_READ)).await.unwrap();
    world.host.wait_for_invocations(1, TIMEOUT).await.unwrap();
    world.tenant.add_service_principal(new_identity(UNKNOWN));
    let result = world.next_results(1).await.remove(0);
    assert_eq!(role(&result)["status"], "assigned", "{result}");
    assert_eq!(world.tenant.assignments_of(UNKNOWN).len(), 1);
}

#[tokio::test]
async fn an_allowed_request_is_assigned_and_the_result_says_what_was_done() {
    let world = World::start().await;
    let result = world.result_of(&valid_request()).await;
    let held = world.tenant.assignments_of(ORDERS_IDENTITY);
    assert_eq!(held.len(), 1);
    assert_eq!(held[0].resource_id, ORDERS_API);
    assert_eq!(held[0].app_role_id, ORDERS_READ);
    let role = role(&result);
    assert_eq!(role["status"], "assigned", "{result}");
    assert_eq!(role["id"], ORDERS_READ);
    assert_eq!(role["value"], "Orders.Read");
    assert_eq!(role["assignmentId"], held[0].id);
    assert_eq!(role["createdDateTime"], held[0].created_date_time);
    assert_eq!(role["rule"], "orders workloads");
    assert!(role["graphRequestId"].is_string());
    assert_eq!(result["function"], "AssignRole");
    assert_eq!(result["requester"], "queue:app-role-requests");
    assert_eq!(result["principal"]["objectId"], ORDERS_IDENTITY);
    assert_eq!(result["principal"]["clientId"], ORDERS_IDENTITY_CLIENT_ID);
    assert_eq!(result["principal"]["resourceId"], ORDERS_IDENTITY_RESOURCE_ID);
    assert_eq!(result["api"]["displayName"], "Orders API");
    assert_eq!(result["attempt"], 1);
    assert_eq!(result["policySha256"].as_str().unwrap().len(), 64);
}

#[tokio::test]
async fn a_role_that_is_already_held_is_reported_with_its_existing_assignment() {
    let world = World::start().await;
    let id = world.tenant.grant(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ).unwrap();
    let result = world.result_of(&valid_request()).await;
    assert_eq!(role(&result)["status"], "alreadyAssigned");
    assert_eq!(role(&result)["assignmentId"], id);
    assert_eq!(world.tenant.assignments_of(ORDERS_IDENTITY).len(), 1);
}

#[tokio::test]
async fn plain_text_and_base64_mean_the_same_request() {
    let world = World::start().await;
    let statuses = [
        world.result_of(&valid_request()).await,
        world.result_of(&STANDARD.encode(valid_request())).await,
    ]
    .map(|result| role(&result)["status"].as_str().unwrap().to_owned());
    assert_eq!(statuses, ["assigned", "alreadyAssigned"]);
}

#[tokio::test]
async fn the_write_is_traceable_from_the_log_to_graph() {
    let world = World::start().await;
    world.result_of(&valid_request()).await;
    let intent = world.log_line("grant.intent").await;
    let intent: serde_json::Value = serde_json::from_str(&intent).unwrap();
    let requests = world.tenant.requests();
    let write = requests.iter().find(|request| request.route == Route::CreateAssignment).unwrap();
    assert_eq!(intent["client_request_id"].as_str(), write.client_request_id.as_deref());
    assert_eq!(intent["rule"], "orders workloads");
    let audit = world.log_line("\"audit\"").await;
    assert!(audit.contains(ORDERS_IDENTITY) && audit.contains("\"assigned\""), "{audit}");
}

#[tokio::test]
async fn a_copied_folder_is_a_separate_queue_with_a_separate_requester() {
    let root = copy_of_app_files();
    let stock = std::fs::read_to_string(root.path().join("AssignRole/function.json")).unwrap();
    for (name, text) in [
        ("AssignRoleBilling", stock.replace("app-role-requests", "billing-requests")),
        (
            "AssignRoleBroken",
            stock.replace("binary", "string").replace("app-role-requests", "broken"),
        ),
    ] {
        std::fs::create_dir(root.path().join(name)).unwrap();
        std::fs::write(root.path().join(name).join("function.json"), text).unwrap();
    }
    let mut setup = Setup::new().await;
    setup.app_root = root.path().to_owned();
    let world = setup.start().await;
    let billing = world.account.queue("billing-requests").unwrap();
    billing.create_if_missing().await.unwrap();
    billing.send(&valid_request()).await.unwrap();
    let result = world.next_results(1).await.remove(0);
    assert_eq!(result["function"], "AssignRoleBilling");
    assert_eq!(result["requester"], "queue:billing-requests");
    assert_eq!(role(&result)["status"], "denied");
    let fault = world.log_line("function.faulty").await;
    assert!(fault.contains("AssignRoleBroken") && fault.contains("dataType"), "{fault}");
    assert_eq!(role(&world.result_of(&valid_request()).await)["status"], "assigned");
}
