//! Reading one assignment.

use std::time::Duration;

use tenant_emulator::{
    Route,
    contoso::{
        MICROSOFT_GRAPH, ORDERS_IDENTITY, ORDERS_IDENTITY_CLIENT_ID, REPORTS_IDENTITY,
        USER_READ_ALL,
    },
};

use crate::caller::{Answer, Caller, NOBODY, assignments_path};

/// Longer than any test.
const LONG: Duration = Duration::from_secs(3600);

/// A caller, and the id of an assignment that `id-orders` holds.
async fn caller_and_assignment() -> (Caller, String) {
    let caller = Caller::in_contoso().await;
    let id = caller.tenant.grant(ORDERS_IDENTITY, MICROSOFT_GRAPH, USER_READ_ALL).unwrap();
    (caller, id)
}

async fn read(caller: &Caller, principal: &str, id: &str) -> Answer {
    caller.get(&format!("{}/{id}", assignments_path(principal))).await
}

#[tokio::test]
async fn an_invalid_assignment_id_is_an_invalid_identifier() {
    let (caller, id) = caller_and_assignment().await;
    for malformed in ["whatever", NOBODY, &id[1..]] {
        let answer = read(&caller, ORDERS_IDENTITY, malformed).await;
        answer.assert_is(400, "error-invalid-assignment-identifier.json");
    }
}

#[tokio::test]
async fn an_assignment_that_is_gone_or_of_another_principal_is_not_found() {
    let (caller, id) = caller_and_assignment().await;
    let of_another = read(&caller, REPORTS_IDENTITY, &id).await;
    caller.unassign(ORDERS_IDENTITY, &id).await;
    let of_nobody = read(&caller, NOBODY, &id).await;
    for answer in [of_another, of_nobody, read(&caller, ORDERS_IDENTITY, &id).await] {
        assert_eq!(answer.status, 404, "{}", answer.text);
        assert_eq!(answer.json()["error"]["code"], "Request_ResourceNotFound");
    }
}

#[tokio::test]
async fn a_single_assignment_is_answered_as_when_it_was_created() {
    let (caller, id) = caller_and_assignment().await;
    let answer = read(&caller, ORDERS_IDENTITY, &id).await;
    answer.assert_is(200, "create-assignment-response.json");
    assert_eq!(answer.json()["id"], id);
    let by_app_id =
        format!("/servicePrincipals(appId='{ORDERS_IDENTITY_CLIENT_ID}')/appRoleAssignments/{id}");
    assert_eq!(caller.get(&by_app_id).await.json(), answer.json());
    assert_eq!(caller.tenant.count(Route::ReadAssignment), 2);
}

#[tokio::test]
async fn a_single_read_does_not_lag_as_lists_do() {
    let (caller, id) = caller_and_assignment().await;
    caller.tenant.set_list_lag(LONG);
    caller.unassign(ORDERS_IDENTITY, &id).await;
    assert_eq!(read(&caller, ORDERS_IDENTITY, &id).await.status, 404);
    let created = caller.assign(ORDERS_IDENTITY, MICROSOFT_GRAPH, USER_READ_ALL).await.json();
    let id = created["id"].as_str().unwrap();
    assert_eq!(read(&caller, ORDERS_IDENTITY, id).await.status, 200);
}
