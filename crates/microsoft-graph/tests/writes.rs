//! Creating and removing assignments, with the payload files of Microsoft Graph's responses.

use std::time::Duration;

use app_roles::{
    directory::{Api, AppRole, Principal, PrincipalKind},
    held::HeldAssignments,
    ids::{AppId, AppRoleId, Guid},
    policy::{OwnIdentity, Policy, Question},
    request::Action,
    requester::Requester,
};
use azure_rest::retry::Deadline;
use microsoft_graph::{
    assignments::{WriteOptions, Written},
    caller::Caller,
    error::{ErrorKind, GraphError},
    priority::Priority,
};
use record::intent::Intent;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    payloads::{File, GRAPH_API, NOTHING, graph, id, payload},
    server::{PRINCIPAL, soon},
};

pub(crate) const USER_READ_ALL: &str = "df021288-bdef-4463-88db-98f22de89214";

/// A requester whose writes have this priority.
pub(crate) fn caller(priority: Priority) -> Caller {
    Caller { requester: Requester::Queue("app-role-requests".to_owned()), priority }
}

/// Options of a write that does not wait for replicas.
pub(crate) fn options() -> WriteOptions {
    WriteOptions {
        client_request_id: Uuid::new_v4(),
        deadline: soon(),
        replication_deadline: Deadline::after(Duration::ZERO),
        caller: caller(Priority::Normal),
    }
}

fn nothing_held() -> HeldAssignments {
    HeldAssignments::default()
}

/// An intent to assign this role to the principal.
pub(crate) fn intent(role: &str) -> Intent {
    intent_to(Action::Assign, role)
}

/// An intent for the principal and this role, by a policy with one rule.
pub(crate) fn intent_to(action: Action, role: &str) -> Intent {
    intent_for(PrincipalKind::Application, action, role)
}

/// An intent for a principal of this kind.
pub(crate) fn intent_for(kind: PrincipalKind, action: Action, role: &str) -> Intent {
    let policy = format!(
        r#"{{"version":1,"allow":[{{"name":"r","requesters":["queue:team"],"principals":["{PRINCIPAL}"],"api":"{GRAPH_API}","roles":["{role}"],"actions":["assign","revoke"]}}]}}"#
    );
    let app_id = AppId::parse(GRAPH_API).unwrap();
    let role = AppRole::known_by_id(AppRoleId::parse(role).unwrap());
    let question = Question {
        requester: &Requester::parse("queue:team").unwrap(),
        action,
        principal: &Principal {
            object_id: id(PRINCIPAL),
            client_id: Some(app_id),
            display_name: String::new(),
            kind,
            resource_id: None,
            by_client_id: false,
        },
        api: &Api {
            object_id: id(GRAPH_API),
            app_id,
            owner: Guid::parse("c0a70500-0000-4000-8000-000000000001").ok(),
            identifier_uris: vec![],
            display_name: String::new(),
            roles: vec![],
            has_unreadable_roles: false,
        },
        role: &role,
        own: OwnIdentity { object_id: id("c0a70500-0000-4000-8000-0000000000f0"), tenant_id: None },
        end: None,
        now: OffsetDateTime::UNIX_EPOCH,
    };
    let policy = Policy::parse(policy.as_bytes()).unwrap();
    Intent::by_operator(policy.decide(&question).unwrap().allowed().unwrap())
}

async fn create(get: File, post: File) -> Result<Written, GraphError> {
    graph(get, post)
        .await
        .assignments()
        .write(&intent(USER_READ_ALL), &nothing_held(), options())
        .await
}

#[tokio::test]
async fn each_refusal_of_a_write_has_its_own_kind() {
    for (status, file, kind) in [
        (400, "error-not-a-valid-reference-update.json", ErrorKind::PrincipalNotFound),
        (400, "error-resource-id-not-found.json", ErrorKind::ApiNotFound),
        (400, "error-permission-not-found-on-application.json", ErrorKind::RoleNotFound),
        (404, "error-resource-not-found.json", ErrorKind::PrincipalNotFound),
        (400, "error-invalid-object-identifier.json", ErrorKind::Refused),
        (400, "error-cannot-convert-literal.json", ErrorKind::Refused),
        (400, "error-invalid-properties.json", ErrorKind::Refused),
        (401, "error-token-expired.json", ErrorKind::TokenRefused),
        (401, "error-token-audience.json", ErrorKind::TokenRefused),
        (403, "error-insufficient-privileges.json", ErrorKind::Forbidden),
        (405, "error-method-not-allowed.json", ErrorKind::Refused),
    ] {
        let error = create(NOTHING, (status, file)).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{file}");
    }
}

#[tokio::test]
async fn a_duplicate_is_found_in_the_list_whichever_error_graph_returns() {
    for file in
        ["error-permission-already-exists.json", "error-entitlement-grant-already-exists.json"]
    {
        let written = create((200, "list-assignments-response.json"), (400, file)).await.unwrap();
        let Written::AlreadyAssigned(assignment) = written else { panic!("{written:?}") };
        let list: serde_json::Value =
            serde_json::from_slice(&payload("list-assignments-response.json")).unwrap();
        let mut listed = list["value"].as_array().unwrap().iter();
        let expected = listed.find(|entry| entry["appRoleId"] == USER_READ_ALL).unwrap();
        assert_eq!(assignment.unwrap().id, expected["id"]);
    }
}

#[tokio::test]
async fn a_new_assignment_can_be_revoked_before_graph_lists_it() {
    let graph = graph(NOTHING, (201, "create-assignment-response.json")).await;
    let revoke = intent_to(Action::Revoke, USER_READ_ALL);
    let written = graph.assignments().write(&revoke, &nothing_held(), options()).await.unwrap();
    assert!(matches!(written, Written::AlreadyRevoked), "{written:?}");
    graph.assignments().write(&intent(USER_READ_ALL), &nothing_held(), options()).await.unwrap();
    let written = graph.assignments().write(&revoke, &nothing_held(), options()).await.unwrap();
    let Written::Revoked(response) = written else { panic!("{written:?}") };
    assert_eq!(response.body.id, "AAWnwAAAAECAAAAAAAAAwIzJZ6of2JxasLwmyqAFGuo");
    let written = graph.assignments().write(&revoke, &nothing_held(), options()).await.unwrap();
    assert!(matches!(written, Written::AlreadyRevoked), "{written:?}");
}

#[tokio::test]
async fn an_assignment_older_than_a_lost_response_does_not_count_as_created() {
    let lost = (504, "error-insufficient-privileges.json");
    let written = create((200, "list-assignments-response.json"), lost).await.unwrap();
    assert!(matches!(written, Written::AlreadyAssigned(_)), "{written:?}");
}

#[tokio::test]
async fn a_duplicate_that_is_not_listed_yet_is_worth_another_delivery() {
    let list = (200, "list-assignments-empty-response.json");
    let error = create(list, (400, "error-permission-already-exists.json")).await.unwrap_err();
    assert!(error.is_worth_another_delivery());
}

#[tokio::test]
async fn no_token_is_sent_to_a_next_page_on_another_host() {
    let list = (200, "list-assignments-page-response.json");
    let graph = graph(list, (400, "error-permission-already-exists.json")).await;
    let not_on_this_page = intent("c0a70500-0000-4000-8000-0000000000ff");
    let error =
        graph.assignments().write(&not_on_this_page, &nothing_held(), options()).await.unwrap_err();
    assert!(error.to_string().contains("another host"), "{error}");
}

#[tokio::test]
async fn a_created_assignment_is_read_with_its_id_and_time() {
    let written = create(NOTHING, (201, "create-assignment-response.json")).await.unwrap();
    let Written::Assigned(answer) = written else { panic!("{written:?}") };
    assert_eq!(answer.body.id, "AAWnwAAAAECAAAAAAAAAwIzJZ6of2JxasLwmyqAFGuo");
    assert_eq!(answer.body.created.as_deref(), Some("2026-08-20T10:11:12.1234567Z"));
}
