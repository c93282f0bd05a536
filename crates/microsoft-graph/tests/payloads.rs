//! Reads the payload files of Microsoft Graph's responses.

use std::path::Path;

use app_roles::{
    directory::PrincipalKind,
    ids::{AppRoleId, ObjectId},
    names::{ApiName, PrincipalName},
    reconcile::CompactAssignment,
    request::Action,
};
use microsoft_graph::{Graph, Listed, Lookup, error::ErrorKind};
use time::macros::datetime;
use warp::http::Method;

use crate::server::{self, PRINCIPAL, Request, fast, soon, status};

pub(crate) const GRAPH_API: &str = "c0a70500-0000-4000-8000-0000000000a0";

/// A status and the file of its body.
pub(crate) type File = (u16, &'static str);

pub(crate) const NOTHING: File = (404, "error-resource-not-found.json");

pub(crate) fn payload(file: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/graph");
    std::fs::read(folder.join(file)).unwrap()
}

/// A Graph that responds to every `GET` with one file and to every `POST` with another. It accepts every
/// `DELETE`.
pub(crate) async fn graph(get: File, post: File) -> Graph {
    let respond = move |Request { method, .. }: &Request| {
        let (code, file) = match *method {
            Method::DELETE => return status(204, ""),
            Method::POST => post,
            _ => get,
        };
        status(code, payload(file))
    };
    server::graph(fast(), respond).await.0
}

pub(crate) fn id(text: &str) -> ObjectId {
    ObjectId::parse(text).unwrap()
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
    let Listed { rows, skipped: 0 } = &blueprints else { panic!("{blueprints:?}") };
    let [blueprint] = rows.as_slice() else { panic!("{blueprints:?}") };
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
    let Listed { rows, skipped: 0 } = &holders else { panic!("{holders:?}") };
    let [holder] = rows.as_slice() else { panic!("{holders:?}") };
    assert_eq!((holder.principal, holder.display_name.as_str()), (id(PRINCIPAL), "id-orders"));
    assert_eq!(holder.kind, "ServicePrincipal");
    assert_eq!(holder.created.as_deref(), Some("2026-08-20T10:11:13.7654321Z"));
}

#[tokio::test]
async fn a_service_principal_that_does_not_exist_is_not_found() {
    let name = PrincipalName::ObjectId(id(PRINCIPAL));
    let found =
        graph(NOTHING, NOTHING).await.service_principals().find(&name, soon()).await.unwrap();
    assert!(matches!(found, Lookup::NotFound), "{found:?}");
}

#[tokio::test]
async fn an_audit_log_that_may_not_be_read_is_forbidden_and_not_empty() {
    let graph = graph((403, "error-audit-log-permission-missing.json"), NOTHING).await;
    let since = datetime!(2026-08-20 00:00 UTC);
    let error = graph.directory_audits().app_role_changes(since, soon()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Forbidden);
}

#[tokio::test]
async fn an_entry_of_the_audit_log_names_author_principal_api_and_role() {
    let graph = graph((200, "list-directory-audits-response.json"), NOTHING).await;
    let since = datetime!(2026-08-20 00:00 UTC);
    let listed = graph.directory_audits().app_role_changes(since, soon()).await.unwrap();
    // One for each activity that is asked for.
    assert_eq!((listed.rows.len(), listed.skipped), (2, 0));
    let entry = &listed.rows[0];
    assert_eq!(entry.action, Action::Assign);
    assert_eq!(entry.at, Some(datetime!(2026-08-20 10:11:12.1234567 UTC)));
    assert_eq!(entry.author, Some(id("c0a70500-0000-4000-8000-0000000000f0")));
    assert_eq!(entry.principal, Some(id("c0a70500-0000-4000-8000-0000000000c0")));
    assert_eq!(entry.api, Some(id("c0a70500-0000-4000-8000-0000000000b0")));
    let role = AppRoleId::parse("c0a70500-0000-4000-8000-0000000000b2").unwrap();
    assert_eq!(entry.role, Some(role));
    assert_eq!(entry.correlation_id.as_deref(), Some("3f2504e0-4f89-41d3-9a0c-0305e82c3301"));
}
