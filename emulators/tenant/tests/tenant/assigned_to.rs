//! Creating, reading and deleting assignments at the API's side, `appRoleAssignedTo`, which Microsoft
//! recommends.

use tenant_emulator::{
    Route,
    contoso::{
        CALENDAR_API, ORDERS_API, ORDERS_API_APP_ID, ORDERS_IDENTITY, ORDERS_IDENTITY_CLIENT_ID,
        ORDERS_READ, ORDERS_WRITE, managed_identities,
    },
};

use crate::caller::{Caller, NOBODY, assignment, assignments_path};

fn assigned_to_path(api: &str) -> String {
    format!("/servicePrincipals/{api}/appRoleAssignedTo")
}

#[tokio::test]
async fn an_unknown_api_in_the_url_is_not_found_and_an_unknown_principal_is_no_valid_reference() {
    let caller = Caller::in_contoso().await;
    let body = assignment(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ);
    let answer = caller.post(&assigned_to_path(NOBODY), &body).await;
    answer.assert_is(404, "error-resource-not-found.json");
    let body = assignment(NOBODY, ORDERS_API, ORDERS_READ);
    let answer = caller.post(&assigned_to_path(ORDERS_API), &body).await;
    answer.assert_is(400, "error-not-a-valid-reference-update.json");
    let answer = caller.delete(&assigned_to_path(ORDERS_API)).await;
    answer.assert_is(405, "error-method-not-allowed.json");
}

#[tokio::test]
async fn an_assignment_of_another_api_is_neither_read_nor_deleted() {
    let caller = Caller::in_contoso().await;
    let id = caller.tenant.grant(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ).unwrap();
    let path = format!("{}/{id}", assigned_to_path(CALENDAR_API));
    assert_eq!(caller.get(&path).await.status, 404);
    caller.delete(&path).await.assert_is(400, "error-entitlement-grant-not-found.json");
    let path = format!("{}/{id}", assigned_to_path(ORDERS_IDENTITY));
    caller.delete(&path).await.assert_is(400, "error-entitlement-grant-not-found.json");
    assert_eq!(caller.tenant.assignments_of(ORDERS_IDENTITY).len(), 1);
}

#[tokio::test]
async fn every_form_of_both_urls_names_the_same_assignments() {
    let caller = Caller::in_contoso().await;
    let forms = [
        format!("/servicePrincipals/{ORDERS_IDENTITY}/appRoleAssignments"),
        format!("/servicePrincipals('{ORDERS_IDENTITY}')/appRoleAssignments"),
        format!("/servicePrincipals(appId='{ORDERS_IDENTITY_CLIENT_ID}')/appRoleAssignments"),
        format!("/servicePrincipals/{ORDERS_API}/appRoleAssignedTo"),
        format!("/servicePrincipals('{ORDERS_API}')/appRoleAssignedTo"),
        format!("/servicePrincipals(appId='{ORDERS_API_APP_ID}')/appRoleAssignedTo"),
        format!("/servicePrincipals%28appId%3D%27{ORDERS_API_APP_ID}%27%29/appRoleAssignedTo"),
    ];
    for create in &forms {
        let body = assignment(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ);
        let created = caller.post(create, &body).await;
        assert_eq!(created.status, 201, "{create}: {}", created.text);
        let id = created.json()["id"].as_str().unwrap().to_owned();
        for other in &forms {
            let again = caller.post(other, &body).await;
            again.assert_is(400, "error-permission-already-exists.json");
            let listed = caller.get(other).await.json();
            assert_eq!(listed["value"][0]["id"], id, "{other}");
            assert_eq!(caller.get(&format!("{other}/{id}")).await.json()["id"], id, "{other}");
        }
        let answer = caller.delete(&format!("{create}/{id}")).await;
        assert_eq!(answer.status, 204, "{create}");
        assert!(caller.tenant.assignments_of(ORDERS_IDENTITY).is_empty());
    }
    assert_eq!(caller.tenant.count(Route::CreateAssignment), forms.len() * (1 + forms.len()));
    assert_eq!(caller.tenant.count(Route::DeleteAssignment), forms.len());
}

#[tokio::test]
async fn the_context_of_a_new_assignment_names_the_url_that_it_was_posted_to() {
    let caller = Caller::in_contoso().await;
    let body = assignment(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ);
    let answer = caller.post(&assigned_to_path(ORDERS_API), &body).await;
    answer.assert_is(201, "create-assigned-to-response.json");
    let body = assignment(ORDERS_IDENTITY, ORDERS_API, ORDERS_WRITE);
    let answer = caller.post(&assignments_path(ORDERS_IDENTITY), &body).await.json();
    let context = answer["@odata.context"].as_str().unwrap();
    let end = format!("#servicePrincipals('{ORDERS_IDENTITY}')/appRoleAssignments/$entity");
    assert!(context.ends_with(&end), "{context}");
}

/// The ids of all assignments of the API's roles, from pages of this size.
async fn ids_by_pages(caller: &Caller, size: usize) -> Vec<String> {
    let (mut ids, mut next) = (Vec::new(), format!("{}?$top={size}", assigned_to_path(ORDERS_API)));
    loop {
        let page = caller.get(&next).await.json();
        let found = page["value"].as_array().unwrap();
        assert!(
            found.len() <= size && (found.len() == size || page.get("@odata.nextLink").is_none())
        );
        ids.extend(found.iter().map(|one| one["id"].as_str().unwrap().to_owned()));
        let Some(link) = page["@odata.nextLink"].as_str() else { return ids };
        next = link.replace(&caller.url(""), "");
    }
}

#[tokio::test]
async fn pages_of_any_size_together_are_the_whole_list_whatever_was_removed_before() {
    let caller = Caller::in_contoso().await;
    let identities = managed_identities(4);
    let mut ids = Vec::new();
    for identity in identities.clone() {
        let principal = identity.id.clone();
        caller.tenant.add_service_principal(identity);
        for role in [ORDERS_READ, ORDERS_WRITE] {
            ids.push(caller.tenant.grant(&principal, ORDERS_API, role).unwrap());
        }
    }
    let whole = ids_by_pages(&caller, 999).await;
    assert!(whole.len() >= 8 && ids.iter().all(|id| whole.contains(id)), "{whole:?}");
    assert!(caller.tenant.revoke(&ids[2]));
    assert!(caller.tenant.remove_service_principal(&identities[3].id));
    let is_left = |id: &&String| !([&ids[2], &ids[6], &ids[7]].contains(id));
    let left: Vec<_> = whole.iter().filter(is_left).cloned().collect();
    for size in 1..=left.len() + 1 {
        assert_eq!(ids_by_pages(&caller, size).await, left, "{size}");
    }
    assert!(caller.tenant.remove_service_principal(ORDERS_API));
}
