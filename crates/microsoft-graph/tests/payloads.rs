//! Reads the payload files of Microsoft Graph's responses.

#![expect(clippy::unwrap_used, reason = "so tests fail")]

use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};

use app_roles::{
    directory::{Api, AppRole, Principal, PrincipalKind},
    ids::{AppId, AppRoleId, Guid, ObjectId},
    names::{ApiName, PrincipalName},
    policy::{OwnIdentity, Permit, Policy, Question},
    reconcile::CompactAssignment,
    request::Action,
    requester::Requester,
};
use azure_core::{
    credentials::{AccessToken, TokenCredential, TokenRequestOptions},
    http::Url,
};
use azure_rest::{
    client, credential::MakeCredential, rest::RestClient, retry::Deadline, timing::CallTiming,
    token::TokenSource,
};
use microsoft_graph::{
    Graph, Lookup,
    assignments::{WriteOptions, Written},
    error::{ErrorKind, GraphError},
    priority::Priority,
    write_quota::WriteQuota,
};
use time::macros::datetime;
use tokio::net::TcpListener;
use uuid::Uuid;
use warp::{
    Filter,
    http::{Method, StatusCode},
};

const PRINCIPAL: &str = "c0a70500-0000-4000-8000-0000000000c0";
const GRAPH_API: &str = "c0a70500-0000-4000-8000-0000000000a0";
const USER_READ_ALL: &str = "df021288-bdef-4463-88db-98f22de89214";

/// A credential with a token without claims.
#[derive(Debug)]
struct SignedIn;

#[async_trait::async_trait]
impl TokenCredential for SignedIn {
    async fn get_token(
        &self,
        _scopes: &[&str],
        _options: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        let expires_on = time::OffsetDateTime::now_utc() + time::Duration::hours(1);
        Ok(AccessToken::new("token", expires_on))
    }
}

fn payload(file: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/graph");
    std::fs::read(folder.join(file)).unwrap()
}

/// A Graph that responds to every `GET` with one file and to every `POST` with another. It accepts every
/// `DELETE`.
async fn graph(get: (u16, &'static str), post: (u16, &'static str)) -> Graph {
    let answers = warp::method().map(move |method: Method| {
        let (status, file) = match method {
            Method::DELETE => return warp::reply::with_status(vec![], StatusCode::NO_CONTENT),
            Method::POST => post,
            _ => get,
        };
        let status = StatusCode::from_u16(status).unwrap();
        warp::reply::with_status(payload(file), status)
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address: SocketAddr = listener.local_addr().unwrap();
    tokio::spawn(warp::serve(answers).incoming(listener).run());
    let endpoint = Url::parse(&format!("http://{address}")).unwrap();
    let timing = CallTiming::default().scaled(0.001);
    let client = client::build(&endpoint, &timing).unwrap();
    let make: MakeCredential = Arc::new(|| Ok(Arc::new(SignedIn)));
    let tokens = TokenSource::new(make, "scope".to_owned(), timing.clone());
    let rest = RestClient::new(client, Arc::new(tokens), timing);
    Graph::new(rest, &endpoint, WriteQuota::default())
}

const NOTHING: (u16, &str) = (404, "error-resource-not-found.json");

fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(10))
}

fn id(text: &str) -> ObjectId {
    ObjectId::parse(text).unwrap()
}

/// Options of a write that does not wait for replicas.
fn options() -> WriteOptions {
    WriteOptions {
        client_request_id: Uuid::new_v4(),
        deadline: soon(),
        replication_deadline: Deadline::after(Duration::ZERO),
        priority: Priority::Normal,
    }
}

/// A permit to assign this role to the principal.
fn permit(role: &str) -> Permit {
    permit_to(Action::Assign, role)
}

/// A permit for the principal and this role, by a policy with one rule.
fn permit_to(action: Action, role: &str) -> Permit {
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
            client_id: app_id,
            display_name: String::new(),
            kind: PrincipalKind::Application,
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
        },
        role: &role,
        own: OwnIdentity { object_id: id("c0a70500-0000-4000-8000-0000000000f0"), tenant_id: None },
    };
    Policy::parse(policy.as_bytes()).unwrap().decide(&question).unwrap()
}

async fn create(
    get: (u16, &'static str),
    post: (u16, &'static str),
) -> Result<Written, GraphError> {
    graph(get, post).await.assignments().write(&permit(USER_READ_ALL), &[], options()).await
}

#[tokio::test]
async fn each_refusal_of_a_write_has_its_own_kind() {
    for (status, file, kind) in [
        (400, "error-not-a-valid-reference-update.json", ErrorKind::PrincipalNotFound),
        (400, "error-resource-id-not-found.json", ErrorKind::ApiNotFound),
        (400, "error-permission-not-found-on-application.json", ErrorKind::RoleNotFound),
        (404, "error-resource-not-found.json", ErrorKind::NotFound),
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
        assert_eq!(assignment.id, expected["id"]);
    }
}

#[tokio::test]
async fn a_new_assignment_can_be_revoked_before_graph_lists_it() {
    let graph = graph(NOTHING, (201, "create-assignment-response.json")).await;
    let revoke = permit_to(Action::Revoke, USER_READ_ALL);
    let written = graph.assignments().write(&revoke, &[], options()).await.unwrap();
    assert!(matches!(written, Written::AlreadyRevoked), "{written:?}");
    graph.assignments().write(&permit(USER_READ_ALL), &[], options()).await.unwrap();
    let written = graph.assignments().write(&revoke, &[], options()).await.unwrap();
    let Written::Revoked(response) = written else { panic!("{written:?}") };
    assert_eq!(response.body.id, "AAWnwAAAAECAAAAAAAAAwIzJZ6of2JxasLwmyqAFGuo");
    let written = graph.assignments().write(&revoke, &[], options()).await.unwrap();
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
    let not_on_this_page = permit("c0a70500-0000-4000-8000-0000000000ff");
    let error = graph.assignments().write(&not_on_this_page, &[], options()).await.unwrap_err();
    assert!(error.to_string().contains("another host"), "{error}");
}

#[tokio::test]
async fn no_token_is_sent_to_another_host_while_reading_the_whole_tenant() {
    let graph = graph((200, "list-managed-identities-page-response.json"), NOTHING).await;
    let error = graph.inventory().managed_identities().next_page(soon()).await.unwrap_err();
    assert!(error.to_string().contains("another host"), "{error}");
}

#[tokio::test]
async fn a_page_of_managed_identities_is_read_with_their_resources() {
    let graph = graph((200, "list-managed-identities-last-page-response.json"), NOTHING).await;
    let mut identities = graph.inventory().managed_identities();
    let page = identities.next_page(soon()).await.unwrap().unwrap();
    assert_eq!(page.len(), 1);
    assert_eq!(page[0].object_id, id("c0a70500-0000-4000-8000-000000000160"));
    assert!(page[0].resource_id.as_ref().unwrap().as_str().ends_with("id-batch"));
    assert!(identities.next_page(soon()).await.unwrap().is_none());
    assert_eq!(identities.pages(), 1);
}

#[tokio::test]
async fn the_principals_of_agent_blueprints_are_listed() {
    let graph = graph((200, "list-agent-blueprints-response.json"), NOTHING).await;
    let blueprints = graph.inventory().agent_blueprints(soon()).await.unwrap();
    let [blueprint] = blueprints.as_slice() else { panic!("{blueprints:?}") };
    assert_eq!(blueprint.object_id, id("c0a70500-0000-4000-8000-00000000b100"));
    assert_eq!(blueprint.kind, PrincipalKind::AgentBlueprint);
}

#[tokio::test]
async fn a_page_of_holders_is_read_with_their_roles() {
    let graph = graph((200, "list-assigned-to-last-page-response.json"), NOTHING).await;
    let api = id("c0a70500-0000-4000-8000-0000000000b0");
    let created = datetime!(2026-08-20 10:11:12 UTC);
    let mut holders = graph.inventory().holders(api, created - time::Duration::days(1));
    let role = AppRoleId::parse("c0a70500-0000-4000-8000-0000000000b3").unwrap();
    let held = CompactAssignment {
        principal: id("c0a70500-0000-4000-8000-0000000000e0"),
        api,
        role,
        is_old: false,
    };
    assert_eq!(holders.next_page(soon()).await.unwrap(), Some(vec![held]));
    assert_eq!(holders.next_page(soon()).await.unwrap(), None);
}

#[tokio::test]
async fn a_created_assignment_is_read_with_its_id_and_time() {
    let written = create(NOTHING, (201, "create-assignment-response.json")).await.unwrap();
    let Written::Assigned(answer) = written else { panic!("{written:?}") };
    assert_eq!(answer.body.id, "AAWnwAAAAECAAAAAAAAAwIzJZ6of2JxasLwmyqAFGuo");
    assert_eq!(answer.body.created.as_deref(), Some("2026-08-20T10:11:12.1234567Z"));
}

#[tokio::test]
async fn managed_identities_of_both_kinds_are_read_with_their_resource() {
    for (file, resource) in [
        ("service-principal-user-assigned.json", "userAssignedIdentities/id-orders"),
        ("service-principal-system-assigned.json", "Microsoft.Web/sites/func-billing"),
    ] {
        let name = PrincipalName::ObjectId(id(PRINCIPAL));
        let found = graph((200, file), NOTHING)
            .await
            .service_principals()
            .find(&name, soon())
            .await
            .unwrap();
        let Lookup::Found(principal) = found else { panic!("{found:?}") };
        assert!(principal.resource_id.unwrap().as_str().ends_with(resource), "{file}");
    }
}

#[tokio::test]
async fn an_api_is_read_with_its_roles() {
    let graph = graph((200, "service-principal-api.json"), NOTHING).await;
    let found = graph
        .service_principals()
        .find_api(&ApiName::ObjectId(id(GRAPH_API)), soon())
        .await
        .unwrap();
    let Lookup::Found(api) = found else { panic!("{found:?}") };
    assert!(!api.roles.is_empty());
    assert!(api.roles.iter().all(|role| role.value.is_some()));
}

#[tokio::test]
async fn holders_of_an_api_are_read_with_name_and_time_of_assignment() {
    let with_api = graph((200, "service-principal-api.json"), NOTHING).await;
    let found = with_api
        .service_principals()
        .find_api(&ApiName::ObjectId(id(GRAPH_API)), soon())
        .await
        .unwrap();
    let Lookup::Found(api) = found else { panic!("{found:?}") };
    let list = (200, "list-assigned-to-response.json");
    let holders =
        graph(list, NOTHING).await.assignments().list_holders(&api, soon()).await.unwrap();
    let [holder] = holders.as_slice() else { panic!("{holders:?}") };
    assert_eq!((holder.principal, holder.display_name.as_str()), (id(PRINCIPAL), "id-orders"));
    assert_eq!(holder.kind, "ServicePrincipal");
    assert_eq!(holder.assignment.created.as_deref(), Some("2026-08-20T10:11:13.7654321Z"));
}

#[tokio::test]
async fn a_service_principal_that_does_not_exist_is_not_found() {
    let name = PrincipalName::ObjectId(id(PRINCIPAL));
    let found =
        graph(NOTHING, NOTHING).await.service_principals().find(&name, soon()).await.unwrap();
    assert!(matches!(found, Lookup::NotFound), "{found:?}");
}
