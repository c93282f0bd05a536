//! Answers that are usable only in part, or not at all.

use std::sync::{Arc, atomic::Ordering::SeqCst};

use app_roles::{
    directory::{Api, NoSuchRole, Principal, PrincipalKind},
    held::HeldAssignments,
    ids::AppId,
    names::{ApiName, PrincipalName, RoleName},
    outcome::Code,
    request::Action,
    text::RoleValue,
};
use microsoft_graph::{
    Graph, Lookup,
    assignments::Written,
    error::{ErrorKind, GraphError},
};
use serde_json::{Value, json};
use warp::http::Method;

use crate::{
    payloads::{GRAPH_API, id},
    server::{PRINCIPAL, Request, body, error, fast, graph, soon, status},
    writes::{USER_READ_ALL, intent_to, options},
};

const OTHER: &str = "c0a70500-0000-4000-8000-0000000000c7";
const RESOURCE: &str = "/subscriptions/c0a70500-0000-4000-8000-000000000002/resourcegroups/rg-a/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-a";

/// Rows that are no objects.
fn not_objects() -> [Value; 6] {
    [json!(null), json!(5), json!("text"), json!(true), json!([]), json!([{}])]
}

/// `object` with other members. A null removes nothing: Graph may write it.
fn with(object: &Value, more: &Value) -> Value {
    let mut object = object.clone();
    object.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    object
}

fn without(object: &Value, name: &str) -> Value {
    let mut object = object.clone();
    object.as_object_mut().unwrap().remove(name);
    object
}

/// A Graph that answers every `GET` with this body.
async fn answering(value: Value) -> Graph {
    graph(fast(), move |_| body(&value)).await.0
}

fn identity() -> Value {
    json!({
        "id": PRINCIPAL, "appId": PRINCIPAL, "displayName": "id-a",
        "servicePrincipalType": "ManagedIdentity", "alternativeNames": ["isExplicit=True", RESOURCE],
    })
}

/// The managed identities of a tenant with two rows, and the number of those that were skipped.
async fn identities(row: &Value) -> (Vec<Principal>, usize) {
    let good = with(&identity(), &json!({ "id": OTHER }));
    let graph = answering(json!({ "value": [row, good] })).await;
    let mut identities = graph.inventory().managed_identities();
    let page = identities.next_page(soon()).await.unwrap().unwrap();
    assert_eq!(page.last().unwrap().object_id, id(OTHER), "{row}");
    (page, identities.skipped())
}

#[tokio::test]
async fn an_identity_that_cannot_be_used_is_skipped_and_the_others_are_listed() {
    let without_id = ["id", "appId"].map(|name| without(&identity(), name));
    let bad_ids = [json!(null), json!(5), json!("x"), json!([]), json!({})]
        .into_iter()
        .flat_map(|bad| ["id", "appId"].map(|name| with(&identity(), &json!({ name: bad }))));
    for row in bad_ids.chain(without_id).chain(not_objects()).chain([json!({})]) {
        let (page, skipped) = identities(&row).await;
        assert_eq!((page.len(), skipped), (1, 1), "{row}");
    }
}

#[tokio::test]
async fn an_identity_with_unreadable_names_has_no_place() {
    for (names, has_place) in [
        (json!(["isExplicit=True", RESOURCE]), true),
        (json!([null, RESOURCE]), true),
        (json!(null), false),
        (json!([]), false),
        (json!("isExplicit=True"), false),
        (json!([RESOURCE, 5]), false),
        (json!([RESOURCE, [RESOURCE]]), false),
        (json!([RESOURCE, { "name": RESOURCE }]), false),
    ] {
        let row = with(&identity(), &json!({ "alternativeNames": names }));
        let (page, skipped) = identities(&row).await;
        assert_eq!((page.len(), skipped), (2, 0), "{names}");
        assert_eq!(page[0].kind, PrincipalKind::ManagedIdentity, "{names}");
        assert_eq!(page[0].resource_id.is_some(), has_place, "{names}");
    }
}

#[tokio::test]
async fn a_principal_without_an_app_id_is_found_by_object_id() {
    let agent = json!({
        "@odata.type": "#microsoft.graph.agentIdentity", "id": PRINCIPAL,
        "displayName": "Billing Agent", "servicePrincipalType": "ServiceIdentity",
    });
    for object in [agent.clone(), with(&agent, &json!({ "appId": null }))] {
        let graph = answering(object).await;
        let name = PrincipalName::ObjectId(id(PRINCIPAL));
        let found = graph.service_principals().find(&name, soon()).await.unwrap();
        let Lookup::Found(principal) = found else { panic!("{found:?}") };
        assert_eq!((principal.kind, principal.client_id), (PrincipalKind::Agent, None));
    }
}

#[tokio::test]
async fn a_principal_found_by_its_client_id_has_it_whether_the_answer_repeats_it_or_not() {
    let graph = answering(without(&identity(), "appId")).await;
    let name = PrincipalName::ClientId(AppId::parse(OTHER).unwrap());
    let found = graph.service_principals().find(&name, soon()).await.unwrap();
    let Lookup::Found(principal) = found else { panic!("{found:?}") };
    assert!(principal.by_client_id);
    assert_eq!(principal.client_id.unwrap().to_string(), OTHER);
}

/// Searches a display name, when Graph lists these rows.
async fn search(rows: &[Value]) -> Result<Lookup<Principal>, GraphError> {
    let graph = answering(json!({ "value": rows })).await;
    let name = PrincipalName::parse("id-a").unwrap();
    graph.service_principals().find(&name, soon()).await
}

#[tokio::test]
async fn an_agent_without_an_app_id_is_a_candidate_of_its_name() {
    let agent =
        json!({ "id": OTHER, "displayName": "id-a", "servicePrincipalType": "ServiceIdentity" });
    let found = search(&[agent.clone(), identity()]).await.unwrap();
    let Lookup::Ambiguous(candidates) = found else { panic!("{found:?}") };
    assert_eq!(candidates.len(), 2);
    let found = search(&[agent]).await.unwrap();
    assert!(matches!(found, Lookup::Found(_)), "{found:?}");
}

#[tokio::test]
async fn a_name_that_an_unreadable_service_principal_may_have_has_no_single_owner() {
    let unreadable = without(&identity(), "id");
    for rows in [vec![unreadable.clone()], vec![identity(), unreadable.clone()]] {
        let error = search(&rows).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unreadable, "{rows:?}");
        assert!(error.to_string().contains("use an id"), "{error}");
    }
    let two = with(&identity(), &json!({ "id": OTHER }));
    let found = search(&[identity(), unreadable, two]).await.unwrap();
    assert!(matches!(found, Lookup::Ambiguous(_)), "{found:?}");
}

fn api() -> Value {
    json!({
        "id": GRAPH_API, "appId": GRAPH_API, "displayName": "Billing API",
        "appOwnerOrganizationId": OTHER, "servicePrincipalNames": ["api://billing"],
        "appRoles": [role()],
    })
}

fn role() -> Value {
    json!({
        "id": USER_READ_ALL, "value": "Billing.Read", "isEnabled": true,
        "allowedMemberTypes": ["Application"],
    })
}

async fn read_api(object: Value) -> Arc<Api> {
    let graph = answering(object).await;
    let name = ApiName::ObjectId(id(GRAPH_API));
    let found = graph.service_principals().find_api(&name, soon()).await.unwrap();
    let api = match found {
        Lookup::Found(api) => Some(api),
        Lookup::NotFound | Lookup::Ambiguous(_) => None,
    };
    api.unwrap()
}

fn named(value: &str) -> RoleName {
    RoleName::Value(RoleValue::parse(value).unwrap())
}

#[tokio::test]
async fn a_role_that_cannot_be_used_leaves_the_others() {
    for (more, remaining) in [
        (json!({ "allowedMemberTypes": null }), 2),
        (json!({ "allowedMemberTypes": [null] }), 2),
        (json!({ "allowedMemberTypes": ["User", null, 5] }), 2),
        (json!({ "isEnabled": "no" }), 2),
        (json!({ "value": null, "allowedMemberTypes": null }), 2),
        (json!({ "value": 5 }), 1),
        (json!({ "id": null }), 1),
        (json!({ "id": "x" }), 1),
    ] {
        let bad = with(&role(), &with(&json!({ "id": OTHER, "value": "Billing.Write" }), &more));
        let api = read_api(with(&api(), &json!({ "appRoles": [bad, role()] }))).await;
        assert_eq!(api.roles.len(), remaining, "{more}");
        let read = api.role(&named("Billing.Read")).unwrap();
        assert!(read.is_assignable(), "{more}");
        let write = api.role(&named("Billing.Write"));
        assert!(write.is_err() || !write.unwrap().is_assignable(), "{more}");
    }
    for row in not_objects() {
        let api = read_api(with(&api(), &json!({ "appRoles": [row, role()] }))).await;
        assert_eq!(api.roles.len(), 1, "{row}");
    }
}

#[tokio::test]
async fn an_api_whose_roles_cannot_be_read_has_no_default_access() {
    for (roles, has_default_access) in [
        (json!([]), true),
        (json!(null), true),
        (json!("none"), false),
        (json!([null]), false),
        (json!([without(&role(), "id")]), false),
        (json!([role()]), false),
    ] {
        let api = read_api(with(&api(), &json!({ "appRoles": roles }))).await;
        let role = api.role(&RoleName::DefaultAccess);
        assert_eq!(role.is_ok(), has_default_access, "{roles}");
        assert!(has_default_access || role == Err(NoSuchRole::HasRoles), "{roles}");
    }
}

#[tokio::test]
async fn an_api_keeps_its_roles_whatever_else_of_it_cannot_be_read() {
    for name in ["displayName", "appOwnerOrganizationId", "servicePrincipalNames"] {
        for value in [json!(null), json!(5), json!("x"), json!([null, 5]), json!({})] {
            let read = read_api(with(&api(), &json!({ name: value }))).await;
            assert_eq!(read.roles.len(), 1, "{name} {value}");
        }
        assert_eq!(read_api(without(&api(), name)).await.roles.len(), 1, "{name}");
    }
    let names = json!({ "servicePrincipalNames": [null, "api://billing", 5] });
    assert_eq!(read_api(with(&api(), &names)).await.identifier_uris, ["api://billing"]);
}

#[tokio::test]
async fn an_api_without_its_ids_is_an_answer_that_cannot_be_used() {
    for name in ["id", "appId"] {
        let graph = answering(without(&api(), name)).await;
        let api = ApiName::ObjectId(id(GRAPH_API));
        let error = graph.service_principals().find_api(&api, soon()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unreadable, "{name}");
        assert!(error.to_string().contains(name), "{error}");
    }
}

#[tokio::test]
async fn a_holder_that_cannot_be_used_is_skipped_and_the_others_are_listed() {
    let holder = json!({
        "id": "a", "principalId": PRINCIPAL, "principalType": "ServicePrincipal",
        "resourceId": GRAPH_API, "appRoleId": USER_READ_ALL,
    });
    let bad = ["principalId", "appRoleId"].into_iter().flat_map(|name| {
        [json!(null), json!(5), json!("x")].map(|value| with(&holder, &json!({ name: value })))
    });
    for row in bad.chain(not_objects()) {
        let graph = answering(json!({ "value": [row, holder] })).await;
        let mut holders = graph.inventory().holders(id(GRAPH_API), time::OffsetDateTime::now_utc());
        let page = holders.next_page(soon()).await.unwrap().unwrap();
        assert_eq!((page.len(), holders.skipped()), (1, 1), "{row}");
    }
    for name in ["id", "principalType", "resourceId", "createdDateTime", "principalDisplayName"] {
        let row = with(&holder, &json!({ name: null }));
        let graph = answering(json!({ "value": [row, holder] })).await;
        let mut holders = graph.inventory().holders(id(GRAPH_API), time::OffsetDateTime::now_utc());
        let page = holders.next_page(soon()).await.unwrap().unwrap();
        assert_eq!((page.len(), holders.skipped()), (2, 0), "{name}");
    }
}

fn assignment() -> Value {
    json!({ "id": "a", "resourceId": GRAPH_API, "appRoleId": USER_READ_ALL })
}

/// Lists what the principal holds, and revokes the role.
async fn revoke(row: &Value) -> Result<Written, GraphError> {
    let list = json!({ "value": [row] });
    let respond = move |request: &Request| match request.method {
        Method::GET => body(&list),
        _ => status(204, ""),
    };
    let (graph, _) = graph(fast(), respond).await;
    let held: HeldAssignments =
        graph.assignments().list_by_object_id(id(PRINCIPAL), soon()).await.unwrap();
    graph.assignments().write(&intent_to(Action::Revoke, USER_READ_ALL), &held, options()).await
}

#[tokio::test]
async fn nothing_counts_as_revoked_because_the_list_cannot_be_read() {
    let may_be_it = ["id", "resourceId", "appRoleId"].into_iter().flat_map(|name| {
        [json!(null), json!(5)].map(|value| with(&assignment(), &json!({ name: value })))
    });
    for row in may_be_it.chain([json!({})]).chain(not_objects()) {
        let error = revoke(&row).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unreadable, "{row}");
        assert!(!error.is_worth_another_delivery());
        assert_eq!(error.into_failure().code, Code::GraphUnreadable);
    }
    for row in [
        with(&assignment(), &json!({ "resourceId": OTHER, "appRoleId": null })),
        with(&assignment(), &json!({ "resourceId": null, "appRoleId": OTHER })),
        with(&assignment(), &json!({ "resourceId": OTHER, "id": null })),
    ] {
        let written = revoke(&row).await.unwrap();
        assert!(matches!(written, Written::AlreadyRevoked), "{row}: {written:?}");
    }
    let written = revoke(&with(&assignment(), &json!({ "createdDateTime": null }))).await.unwrap();
    assert!(matches!(written, Written::Revoked(_)), "{written:?}");
}

#[tokio::test]
async fn an_assignment_that_exists_is_reported_without_its_id_if_the_list_cannot_be_read() {
    let list = json!({ "value": [without(&assignment(), "id")] });
    let respond = move |request: &Request| match request.method {
        Method::POST => error(
            400,
            "Request_BadRequest",
            "Permission being assigned already exists on the object",
        ),
        _ => body(&list),
    };
    let (graph, requests) = graph(fast(), respond).await;
    let intent = intent_to(Action::Assign, USER_READ_ALL);
    let held = HeldAssignments::default();
    let written = graph.assignments().write(&intent, &held, options()).await.unwrap();
    assert!(matches!(written, Written::AlreadyAssigned(None)), "{written:?}");
    assert_eq!(requests.load(SeqCst), 2);
}
