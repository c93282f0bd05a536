//! Authentication and permissions of Microsoft Graph's callers.

use reqwest::Method;
use tenant_emulator::{
    Tenant,
    contoso::{
        APP_ROLE_ASSIGNMENT_READ_WRITE_ALL, APPLICATION_READ_ALL, BROKER_IDENTITY,
        DIRECTORY_READ_ALL, MICROSOFT_GRAPH, MICROSOFT_GRAPH_APP_ID, ORDERS_API, ORDERS_API_URI,
        ORDERS_IDENTITY, ORDERS_READ, contoso,
    },
};

use crate::caller::{Answer, Caller, assignments_path};

/// Leaves the broker with one role on Microsoft Graph.
async fn caller_holding_only(role: &str) -> Caller {
    let mut caller = Caller::in_contoso().await;
    for held in caller.tenant.assignments_of(BROKER_IDENTITY) {
        caller.tenant.revoke(&held.id);
    }
    caller.tenant.grant(BROKER_IDENTITY, MICROSOFT_GRAPH, role).unwrap();
    caller.renew_token().await;
    caller
}

async fn read_with(caller: &Caller) -> Answer {
    caller.get(&format!("/servicePrincipals/{ORDERS_IDENTITY}")).await
}

#[tokio::test]
async fn a_request_without_a_token_is_unauthorized_and_challenged() {
    let caller = Caller::in_contoso().await;
    let url = caller.url(&assignments_path(ORDERS_IDENTITY));
    let answer = Answer::to(caller.http.get(url)).await;
    answer.assert_is(401, "error-access-token-empty.json");
    assert!(answer.header("www-authenticate").starts_with("Bearer realm=\"\""));
}

#[tokio::test]
async fn a_token_that_is_not_a_jwt_is_not_well_formed() {
    let mut caller = Caller::in_contoso().await;
    for token in ["nonsense", "a.b", "a.b.c", "e30.e30.e30"] {
        caller.token = token.to_owned();
        read_with(&caller).await.assert_is(401, "error-token-not-well-formed.json");
    }
}

#[tokio::test]
async fn a_token_of_another_tenant_has_the_wrong_signature() {
    let mut caller = Caller::in_contoso().await;
    caller.tenant = Tenant::start(contoso()).await.unwrap();
    read_with(&caller).await.assert_is(401, "error-token-signature.json");
}

#[tokio::test]
async fn a_token_for_another_api_has_the_wrong_audience() {
    let mut caller = Caller::in_contoso().await;
    caller.tenant.set_token_audience(Some(ORDERS_API_URI));
    caller.renew_token().await;
    read_with(&caller).await.assert_is(401, "error-token-audience.json");
}

#[tokio::test]
async fn reading_takes_a_read_role() {
    let caller = caller_holding_only(APP_ROLE_ASSIGNMENT_READ_WRITE_ALL).await;
    read_with(&caller).await.assert_is(403, "error-insufficient-privileges.json");
    let answer = caller.get(&assignments_path(ORDERS_IDENTITY)).await;
    answer.assert_is(403, "error-insufficient-privileges.json");
}

#[tokio::test]
async fn writing_takes_the_write_role_and_a_read_role() {
    for role in [APP_ROLE_ASSIGNMENT_READ_WRITE_ALL, APPLICATION_READ_ALL, DIRECTORY_READ_ALL] {
        let caller = caller_holding_only(role).await;
        let answer = caller.assign(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ).await;
        answer.assert_is(403, "error-insufficient-privileges.json");
        assert!(caller.tenant.assignments_of(ORDERS_IDENTITY).is_empty());
        let id = caller.tenant.grant(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ).unwrap();
        let answer = caller.unassign(ORDERS_IDENTITY, &id).await;
        answer.assert_is(403, "error-insufficient-privileges.json");
        assert_eq!(caller.tenant.assignments_of(ORDERS_IDENTITY).len(), 1);
    }
}

#[tokio::test]
async fn every_name_of_microsoft_graph_is_a_valid_audience() {
    let mut caller = Caller::in_contoso().await;
    let names =
        ["https://graph.microsoft.com", "https://graph.microsoft.com/", MICROSOFT_GRAPH_APP_ID];
    for name in names {
        caller.tenant.set_token_audience(Some(name));
        caller.renew_token().await;
        assert_eq!(read_with(&caller).await.status, 200, "{name}");
    }
}

#[tokio::test]
async fn a_method_that_a_url_does_not_have_is_not_allowed() {
    let caller = Caller::in_contoso().await;
    let list = assignments_path(ORDERS_IDENTITY);
    let one = format!("{list}/whatever");
    for (method, path) in [
        (Method::PATCH, &list),
        (Method::PUT, &list),
        (Method::DELETE, &list),
        (Method::PATCH, &one),
        (Method::POST, &one),
        (Method::POST, &"/servicePrincipals".to_owned()),
    ] {
        let url = caller.url(path);
        let request = caller.http.request(method, url).bearer_auth(&caller.token);
        Answer::to(request).await.assert_is(405, "error-method-not-allowed.json");
    }
}

#[tokio::test]
async fn an_unknown_url_or_version_is_a_bad_request() {
    let caller = Caller::in_contoso().await;
    let answer = caller.get(&format!("/servicePrincipals/{ORDERS_API}/owners")).await;
    answer.assert_is(400, "error-unknown-segment.json");
    let answer = caller.get("/appRoleAssignments/whatever").await;
    answer.assert_is(400, "error-direct-queries.json");
    let url = format!("{}/beta/servicePrincipals", caller.tenant.graph_endpoint());
    let answer = Answer::to(caller.http.get(url).bearer_auth(&caller.token)).await;
    answer.assert_is(400, "error-invalid-version.json");
}

#[tokio::test]
async fn a_permission_without_an_assignment_is_in_the_token_and_in_no_list() {
    let mut directory = contoso();
    directory.permit(BROKER_IDENTITY, &["AuditLog.Read.All"]);
    let caller = Caller::of(directory).await;
    let audits = caller.get("/auditLogs/directoryAudits").await;
    assert_eq!(audits.status, 200);
    assert_eq!(caller.tenant.assignments_of(BROKER_IDENTITY).len(), 2);
}
