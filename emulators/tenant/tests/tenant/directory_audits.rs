//! The audit log, as Microsoft Graph lists it.

use std::time::Duration;

use serde_json::Value;
use tenant_emulator::contoso::{
    AUDIT_LOG_READ_ALL, BROKER_IDENTITY, DIRECTORY_READ_ALL, MICROSOFT_GRAPH, ORDERS_ADMIN,
    ORDERS_API, ORDERS_IDENTITY, ORDERS_READ, REPORTS_IDENTITY,
};

use crate::{
    caller::{Answer, Caller, assignment, assignments_path, percent_encoded, until},
    payload,
};

const CLIENT_REQUEST_ID: &str = "3f2504e0-4f89-41d3-9a0c-0305e82c3301";
const ADDED: &str = "Add app role assignment to service principal";
const REMOVED: &str = "Remove app role assignment from service principal";
const LIST: &str = "/auditLogs/directoryAudits";

/// The broker's identity, which may read the audit log.
async fn caller() -> Caller {
    let mut caller = Caller::in_contoso().await;
    caller.tenant.grant(BROKER_IDENTITY, MICROSOFT_GRAPH, AUDIT_LOG_READ_ALL).unwrap();
    caller.renew_token().await;
    caller
}

async fn entries(caller: &Caller, filter: &str) -> Vec<Value> {
    let path = format!("{LIST}?$filter={}", percent_encoded(filter));
    let answer = caller.get(&path).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["value"].as_array().unwrap().clone()
}

#[tokio::test]
async fn the_audit_log_needs_its_own_permission() {
    let mut caller = Caller::in_contoso().await;
    caller.tenant.grant(BROKER_IDENTITY, MICROSOFT_GRAPH, DIRECTORY_READ_ALL).unwrap();
    caller.renew_token().await;
    caller.get(LIST).await.assert_is(403, "error-audit-log-permission-missing.json");
}

#[tokio::test]
async fn a_refused_write_is_no_entry() {
    let caller = caller().await;
    caller.assign(ORDERS_IDENTITY, ORDERS_API, ORDERS_API).await;
    caller.unassign(ORDERS_IDENTITY, "whatever").await;
    let broker = entries(&caller, &format!("activityDisplayName eq '{ADDED}'")).await;
    assert_eq!(broker.len(), 1, "the role that lets the broker read the log");
    assert_eq!(entries(&caller, &format!("activityDisplayName eq '{REMOVED}'")).await.len(), 0);
}

#[tokio::test]
async fn an_entry_has_the_documented_shape() {
    let caller = caller().await;
    let body = assignment(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ);
    let request = caller.post_request(&assignments_path(ORDERS_IDENTITY), &body);
    Answer::to(request.header("client-request-id", CLIENT_REQUEST_ID)).await;
    let answer = caller.get(&format!("{LIST}?$top=1")).await;
    let mut expected: Value =
        serde_json::from_str(&payload::read("list-directory-audits-response.json")).unwrap();
    let mut seen = answer.json();
    seen.as_object_mut().unwrap().remove("@odata.nextLink");
    for list in [&mut expected, &mut seen] {
        let entry = &mut list["value"][0];
        entry["id"] = entry["id"].as_str().unwrap().len().into();
        entry["activityDateTime"] = entry["activityDateTime"].as_str().unwrap().len().into();
        for index in [3, 4] {
            let property = &mut entry["targetResources"][0]["modifiedProperties"][index];
            property["newValue"] = property["newValue"].as_str().unwrap().len().into();
        }
    }
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn a_removal_has_the_old_values_and_a_change_by_an_administrator_has_no_app() {
    let caller = caller().await;
    let id = caller.tenant.grant(REPORTS_IDENTITY, ORDERS_API, ORDERS_ADMIN).unwrap();
    caller.unassign(REPORTS_IDENTITY, &id).await;
    let [removed] = &*entries(&caller, &format!("activityDisplayName eq '{REMOVED}'")).await else {
        panic!("one entry")
    };
    assert_eq!(removed["initiatedBy"]["app"]["servicePrincipalId"], BROKER_IDENTITY);
    let role = &removed["targetResources"][0]["modifiedProperties"][0];
    assert_eq!(role["oldValue"], format!("\"{ORDERS_ADMIN}\""));
    assert_eq!(role["newValue"], Value::Null);
    let added = entries(&caller, &format!("activityDisplayName eq '{ADDED}'")).await;
    assert_eq!(added[0]["initiatedBy"]["app"], Value::Null);
}

#[tokio::test]
async fn a_list_is_filtered_by_time_and_comes_in_pages() {
    let caller = caller().await;
    for role in [ORDERS_READ, ORDERS_ADMIN] {
        caller.assign(ORDERS_IDENTITY, ORDERS_API, role).await;
    }
    for (filter, count) in [
        ("activityDateTime ge 2026-01-01T00:00:00Z", 3),
        ("activityDateTime ge 2999-01-01T00:00:00Z", 0),
        ("activityDateTime le 2026-01-01T00:00:00.5Z", 0),
    ] {
        assert_eq!(entries(&caller, filter).await.len(), count, "{filter}");
    }
    let first = caller.get(&format!("{LIST}?$top=2")).await.json();
    let next = first["@odata.nextLink"].as_str().unwrap();
    let second = Answer::to(caller.http.get(next).bearer_auth(&caller.token)).await.json();
    let of = |page: &Value| page["value"].as_array().unwrap().len();
    assert_eq!((of(&first), of(&second)), (2, 1));
    for filter in ["activityDateTime ge yesterday", "initiatedBy/app/servicePrincipalId eq 'a'"] {
        let answer = caller.get(&format!("{LIST}?$filter={}", percent_encoded(filter))).await;
        assert_eq!(answer.status, 400, "{answer:?}");
    }
}

#[tokio::test]
async fn an_entry_can_be_late() {
    let caller = caller().await;
    let all = "activityDateTime ge 2026-01-01T00:00:00Z";
    caller.tenant.set_audit_log_lag(Duration::from_secs(3600));
    assert_eq!(entries(&caller, all).await.len(), 0);
    caller.tenant.set_audit_log_lag(Duration::from_millis(1));
    until(async || entries(&caller, all).await.len() == 1).await;
}
