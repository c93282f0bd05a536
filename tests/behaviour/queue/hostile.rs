//! Requests that try to get more than the policy allows. Each is refused for the expected reason, and
//! the tenant stays unchanged.

use serde_json::{Value, json};
use tenant_emulator::{
    Route, ServicePrincipal, ServicePrincipalType,
    contoso::{
        APP_ROLE_ASSIGNMENT_READ_WRITE_ALL, BATCH_A_IDENTITY, BILLING_FUNCTION, BROKER_IDENTITY,
        BROKER_IDENTITY_CLIENT_ID, BROKER_IDENTITY_RESOURCE_ID, FABRIKAM_TENANT_ID,
        MICROSOFT_GRAPH, MICROSOFT_GRAPH_APP_ID, ORDERS_API, ORDERS_API_APP_ID, ORDERS_IDENTITY,
        ORDERS_IDENTITY_RESOURCE_ID, ORDERS_READ, PAYMENTS_API_APP_ID, REPORTS_IDENTITY,
        ROLE_MANAGEMENT_READ_WRITE_DIRECTORY, SUBSCRIPTION_ID, contoso,
    },
};

use crate::world::{Setup, World, request_by_names, role};

const NEIGHBOUR: &str = "c0a70500-0000-4000-8000-00000000e001";
const FORGED: &str = "c0a70500-0000-4000-8000-00000000e002";
const TWOFOLD: &str = "c0a70500-0000-4000-8000-00000000e003";
const RECREATED: &str = "c0a70500-0000-4000-8000-00000000e004";
const PROTECTED: &str = "c0a70500-0000-4000-8000-00000000e005";
const LOOK_ALIKE_GRAPH: &str = "c0a70500-0000-4000-8000-00000000e006";
const LOOK_ALIKE_ORDERS: &str = "c0a70500-0000-4000-8000-00000000e007";
const ACCENTED: &str = "c0a70500-0000-4000-8000-00000000e008";

fn resource(group: &str, name: &str) -> String {
    format!(
        "/subscriptions/{SUBSCRIPTION_ID}/resourcegroups/{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{name}"
    )
}

/// The policy under attack: one team, one resource group, two APIs.
fn policy() -> String {
    let group = format!("/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/rg-orders-dev");
    json!({
        "version": 1,
        "protected": [PROTECTED, PAYMENTS_API_APP_ID, format!("/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/rg-platform")],
        "allow": [
            { "name": "orders", "requesters": ["queue:app-role-requests"], "principals": [group],
              "api": ORDERS_API_APP_ID, "roles": ["Orders.*"], "actions": ["assign", "revoke"] },
            { "name": "payments", "requesters": ["queue:app-role-requests"], "principals": [group],
              "api": PAYMENTS_API_APP_ID, "roles": ["Payments.Read"] },
            { "name": "graph", "requesters": ["queue:app-role-requests"], "principals": [group],
              "api": "graph", "actions": ["assign", "revoke"],
              "roles": ["Sites.Selected", "User.Read.All", "*", "RoleManagement.ReadWrite.Directory", "Application.ReadWrite.All"] },
            { "name": "one identity", "requesters": ["queue:app-role-requests"],
              "principals": [REPORTS_IDENTITY], "api": ORDERS_API_APP_ID, "roles": ["Orders.Read"] },
            { "name": "broker", "requesters": ["queue:app-role-requests"], "privileged": true,
              "principals": [BROKER_IDENTITY, format!("/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/rg-app-role-broker")],
              "api": "graph", "actions": ["assign", "revoke"],
              "roles": ["AppRoleAssignment.ReadWrite.All", "RoleManagement.ReadWrite.Directory"] },
            { "name": "others", "requesters": ["queue:other-requests", "cli:99999999-9999-9999-9999-999999999999"],
              "principals": [format!("/subscriptions/{SUBSCRIPTION_ID}")], "api": "graph", "privileged": true,
              "roles": ["RoleManagement.ReadWrite.Directory"] }
        ]
    })
    .to_string()
}

/// A tenant with objects that an attacker can create.
async fn world() -> World {
    let mut setup = Setup::new().await;
    setup.policy = Some(policy());
    let client_id = |id: &str| id.replace("e0", "f0");
    let identity = |id: &str, group: &str, name: &str| {
        ServicePrincipal::user_assigned(id, &client_id(id), name, &resource(group, name))
    };
    let mut twofold = identity(TWOFOLD, "rg-orders-dev", "id-twofold");
    twofold.alternative_names.push(resource("rg-elsewhere", "id-twofold"));
    let mut forged = identity(FORGED, "rg-orders-dev", "id-forged");
    forged.service_principal_type = ServicePrincipalType::Application;
    let directory = contoso();
    let mut graph = directory.service_principal(ORDERS_API).unwrap().clone();
    graph.id = LOOK_ALIKE_GRAPH.to_owned();
    graph.app_id = client_id(LOOK_ALIKE_GRAPH);
    graph.display_name = "Microsoft Graph".to_owned();
    graph.service_principal_names = vec![graph.app_id.clone(), "api://graph".to_owned()];
    graph.app_owner_organization_id = Some(FABRIKAM_TENANT_ID.to_owned());
    let mut orders = graph.clone();
    orders.id = LOOK_ALIKE_ORDERS.to_owned();
    orders.app_id = client_id(LOOK_ALIKE_ORDERS);
    orders.service_principal_names = vec![orders.app_id.clone()];
    orders.display_name = "\u{039F}rders API".to_owned();
    for service_principal in [
        identity(NEIGHBOUR, "rg-orders-dev-2", "id-orders-2"),
        identity(PROTECTED, "rg-orders-dev", "id-protected"),
        identity(RECREATED, "rg-reports", "id-reports"),
        identity(ACCENTED, "rg-\u{03BF}rders-dev", "id-accented"),
        twofold,
        forged,
        graph,
        orders,
    ] {
        setup.tenant.add_service_principal(service_principal);
    }
    setup.with_deliveries(2).start().await
}

/// A request, and the code that must refuse it.
fn case(principal: impl Into<Value>, api: &str, role: &str, code: &str) -> (Value, String) {
    (json!({ "principal": principal.into(), "api": api, "roles": [role] }), code.to_owned())
}

fn about_the_broker_itself() -> Vec<(Value, String)> {
    let spellings = [
        json!(BROKER_IDENTITY),
        json!(BROKER_IDENTITY.to_uppercase()),
        json!(BROKER_IDENTITY_CLIENT_ID),
        json!(BROKER_IDENTITY_RESOURCE_ID),
        json!(BROKER_IDENTITY_RESOURCE_ID.replace("resourcegroups", "resourceGroups")),
        json!(format!("{BROKER_IDENTITY_RESOURCE_ID}/")),
        json!("id-app-role-broker"),
        json!({ "objectId": BROKER_IDENTITY }),
        json!({ "clientId": BROKER_IDENTITY_CLIENT_ID }),
        json!({ "displayName": "ID-App-Role-Broker" }),
    ];
    let mut cases: Vec<_> = spellings
        .into_iter()
        .map(|principal| {
            case(principal, "graph", "RoleManagement.ReadWrite.Directory", "ownIdentity")
        })
        .collect();
    let mut revoke =
        case(json!(BROKER_IDENTITY), "graph", "AppRoleAssignment.ReadWrite.All", "ownIdentity");
    revoke.0["action"] = json!("revoke");
    cases.push(revoke);
    let mut revoke =
        case(json!(BROKER_IDENTITY), "graph", APP_ROLE_ASSIGNMENT_READ_WRITE_ALL, "ownIdentity");
    revoke.0["action"] = json!("revoke");
    cases.push(revoke);
    cases
}

fn about_privileged_roles() -> Vec<(Value, String)> {
    let me = || json!(ORDERS_IDENTITY);
    [
        ("graph", "RoleManagement.ReadWrite.Directory"),
        ("graph", "User.Read.All"),
        ("graph", "rolemanagement.readwrite.directory"),
        ("graph", ROLE_MANAGEMENT_READ_WRITE_DIRECTORY),
        (MICROSOFT_GRAPH_APP_ID, "RoleManagement.ReadWrite.Directory"),
        (MICROSOFT_GRAPH, "Application.ReadWrite.All"),
        ("https://graph.microsoft.com", "RoleManagement.ReadWrite.Directory"),
    ]
    .into_iter()
    .map(|(api, role)| case(me(), api, role, "privilegedRole"))
    .chain([
        // `*` in a rule for Microsoft's API covers nothing.
        case(me(), "graph", "AppRoleAssignment.ReadWrite.All", "noRuleForRole"),
        case(me(), "graph", "Directory.ReadWrite.All", "noRuleForRole"),
        case(me(), "graph", "Group.Read.All", "noRuleForRole"),
        case(me(), "graph", "00000000-0000-0000-0000-000000000000", "roleNotFound"),
    ])
    .collect()
}

fn about_names_and_places() -> Vec<(Value, String)> {
    let read = |principal: Value, code: &str| case(principal, "api://orders", "Orders.Read", code);
    vec![
        read(json!(NEIGHBOUR), "noRuleForPrincipal"),
        read(json!(resource("rg-orders-dev-2", "id-orders-2")), "noRuleForPrincipal"),
        read(json!(ACCENTED), "noRuleForPrincipal"),
        read(json!(FORGED), "noRuleForPrincipal"),
        read(json!({ "displayName": "id-forged" }), "noRuleForPrincipal"),
        read(json!(resource("rg-orders-dev", "id-forged")), "principalNotFound"),
        read(json!(TWOFOLD), "protected"),
        read(json!(resource("rg-orders-dev", "id-twofold")), "principalNotFound"),
        read(json!(RECREATED), "noRuleForPrincipal"),
        read(json!(PROTECTED), "protected"),
        read(json!(resource("rg-orders-dev", "id-protected")), "protected"),
        read(json!(BILLING_FUNCTION), "noRuleForPrincipal"),
        read(json!(BATCH_A_IDENTITY), "noRuleForPrincipal"),
        read(json!(ORDERS_API), "noRuleForPrincipal"),
        read(json!(format!("{ORDERS_IDENTITY_RESOURCE_ID}/../../x/id")), "malformed"),
        read(
            json!(ORDERS_IDENTITY_RESOURCE_ID.replace("rg-orders-dev", "rg-orders-dev%2F..")),
            "malformed",
        ),
        read(json!(ORDERS_IDENTITY_RESOURCE_ID.replace(SUBSCRIPTION_ID, "*")), "malformed"),
        read(json!(ORDERS_IDENTITY_RESOURCE_ID.replace("id-orders", "*")), "malformed"),
        case(json!(ORDERS_IDENTITY), "Microsoft Graph", "Orders.Read", "apiAmbiguous"),
        case(json!(ORDERS_IDENTITY), LOOK_ALIKE_GRAPH, "Orders.Read", "noRuleForApi"),
        case(json!(ORDERS_IDENTITY), "api://graph", "Orders.Read", "noRuleForApi"),
        case(json!(ORDERS_IDENTITY), "\u{039F}rders API", "Orders.Read", "noRuleForApi"),
        case(json!(ORDERS_IDENTITY), "api://payments", "Payments.Read", "protected"),
        case(json!(ORDERS_IDENTITY), "sharepoint", "Sites.FullControl.All", "noRuleForRequester"),
        case(json!(ORDERS_IDENTITY), "api://orders", "\u{039F}rders.Read", "roleNotFound"),
        case(json!(ORDERS_IDENTITY), "api://orders", "Orders.*", "roleNotFound"),
        case(json!(ORDERS_IDENTITY), "api://orders", "*", "roleNotFound"),
    ]
}

fn about_the_message_itself() -> Vec<(Value, String)> {
    let good =
        json!({ "principal": ORDERS_IDENTITY, "api": "api://orders", "roles": ["Orders.Read"] });
    let with = |field: &str, value: Value| {
        let mut request = good.clone();
        request[field] = value;
        (request, "malformed".to_owned())
    };
    vec![
        with("requester", json!("queue:other-requests")),
        with("privileged", json!(true)),
        with("rule", json!("others")),
        with("DequeueCount", json!("0")),
        with("request", good.clone()),
        with("principal", good.clone()),
        with("roles", json!(["Orders.Read", { "id": ORDERS_READ }])),
        with("Principal", json!(BROKER_IDENTITY)),
        with("principalId", json!(BROKER_IDENTITY)),
        (json!([good.clone()]), "malformed".to_owned()),
        (json!(good.to_string()), "malformed".to_owned()),
    ]
}

#[tokio::test]
async fn every_hostile_request_is_refused_for_its_reason_and_the_tenant_stays_as_it_was() {
    let world = world().await;
    let before = world.tenant.assignments().len();
    let mut cases = about_the_broker_itself();
    cases.extend(about_privileged_roles());
    cases.extend(about_names_and_places());
    cases.extend(about_the_message_itself());
    assert!(cases.len() >= 40, "{}", cases.len());
    for (request, code) in cases {
        let result = world.result_of(&request.to_string()).await;
        let role = &result["roles"][0];
        if code == "malformed" {
            assert_eq!(role["status"], "invalid", "{request}: {result}");
        } else {
            assert_eq!(role["code"], json!(code), "{request}: {result}");
        }
    }
    assert_eq!(world.tenant.assignments().len(), before);
    assert_eq!(world.tenant.count(Route::CreateAssignment), 0);
    assert_eq!(world.tenant.count(Route::DeleteAssignment), 0);
}

#[tokio::test]
async fn a_request_that_no_rule_could_allow_causes_no_look_up() {
    let world = World::start().await;
    let orders = "api://orders";
    for (action, principal, api) in [
        ("assign", ORDERS_IDENTITY.to_owned(), "sharepoint"),
        ("assign", resource("rg-elsewhere", "x"), orders),
        ("assign", resource("rg-orders-dev-2", "x"), orders),
        ("revoke", ORDERS_IDENTITY.to_owned(), orders),
    ] {
        let request = json!({ "action": action, "principal": principal, "api": api, "roles": ["Orders.Read"] });
        let result = world.result_of(&request.to_string()).await;
        assert_eq!(result["roles"][0]["code"], "noRuleForRequester", "{request}: {result}");
        assert!(result.get("principal").is_none() && result.get("api").is_none(), "{result}");
    }
    assert_eq!(world.tenant.count(Route::ReadServicePrincipal), 0);
    assert_eq!(world.tenant.count(Route::ListServicePrincipals), 0);
}

#[tokio::test]
async fn a_privileged_rule_that_names_a_privileged_role_allows_it_and_the_result_says_so() {
    let mut setup = Setup::new().await;
    setup.policy = Some(policy().replace(
        r#""actions":["assign","revoke"],"api":"graph","name":"graph""#,
        r#""actions":["assign","revoke"],"privileged":true,"api":"graph","name":"graph""#,
    ));
    let world = setup.start().await;
    let request = json!({ "principal": ORDERS_IDENTITY, "api": "graph", "roles": ["RoleManagement.ReadWrite.Directory", "Sites.Selected"] });
    let result = world.result_of(&request.to_string()).await;
    assert_eq!(result["roles"][0]["status"], "assigned", "{result}");
    assert_eq!(result["roles"][0]["privileged"], true);
    assert_eq!(result["roles"][1]["privileged"], false);
}

#[tokio::test]
async fn in_report_mode_everything_is_decided_and_nothing_is_written() {
    let mut setup = Setup::new().await;
    setup.policy = Some(policy());
    let world = setup.with_setting("BROKER_MODE", "report").start().await;
    let request =
        json!({ "principal": ORDERS_IDENTITY, "api": "api://orders", "roles": ["Orders.Read"] });
    let result = world.result_of(&request.to_string()).await;
    assert_eq!(result["roles"][0]["status"], "wouldAssign", "{result}");
    assert_eq!(result["dryRun"], true);
    assert!(world.tenant_is_unchanged());
}

#[tokio::test]
async fn in_paused_mode_messages_are_retried_and_finally_kept_for_replay() {
    let world =
        Setup::new().await.with_deliveries(2).with_setting("BROKER_MODE", "paused").start().await;
    let message = request_by_names("assign", ORDERS_IDENTITY, &["Orders.Read"]);
    let result = world.result_of(&message).await;
    assert_eq!((&role(&result)["code"], &result["attempt"]), (&"paused".into(), &2.into()));
    assert_eq!(world.messages(&world.failed).await[0]["request"], message);
    assert!(world.messages(&world.poison).await.is_empty());
    // Only the last delivery reads, so that its answer cannot contradict the tenant.
    assert!(world.tenant.count(Route::ReadServicePrincipal) <= 2);
    assert!(world.tenant_is_unchanged());
}
