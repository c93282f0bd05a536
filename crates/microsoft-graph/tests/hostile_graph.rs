//! A Microsoft Graph that is hostile, broken or only slow to calm down.

use std::{
    sync::{Arc, Mutex, atomic::Ordering::SeqCst},
    time::Duration,
};

use app_roles::{
    ids::ObjectId,
    names::{ApiName, PrincipalName},
};
use azure_rest::timing::CallTiming;
use microsoft_graph::{
    Graph, Lookup,
    error::{ErrorKind, GraphError},
};
use serde_json::{Value, json};
use warp::http::Response;

use crate::server::{Answer, PRINCIPAL as ID, Request, body, fast, graph, soon};

fn throttled(retry_after: &str) -> Answer {
    let response = Response::builder().status(429).header("Retry-After", retry_after);
    response.body(b"{}".to_vec()).unwrap()
}

fn principal() -> Value {
    json!({ "id": ID, "appId": ID, "displayName": "id" })
}

fn principal_name() -> PrincipalName {
    PrincipalName::ObjectId(ObjectId::parse(ID).unwrap())
}

/// Reads the list of all managed identities to its end.
async fn read_tenant(graph: &Graph) -> Result<usize, GraphError> {
    let mut identities = graph.inventory().managed_identities();
    while identities.next_page(soon()).await?.is_some() {}
    Ok(identities.pages())
}

#[tokio::test]
async fn no_list_follows_a_link_that_was_followed_before() {
    // Each list leads back to its first page, to its second page, or to itself.
    for cycle in [1, 2, 3] {
        let (graph, requests) = graph(fast(), move |Request { number, endpoint, .. }| {
            let page = if number + 1 < 4 { number + 1 } else { 4 - cycle };
            let link = format!("{endpoint}/v1.0/servicePrincipals?$skiptoken={page}");
            body(&json!({ "value": [], "@odata.nextLink": link }))
        })
        .await;
        let error = read_tenant(&graph).await.unwrap_err();
        assert!(error.to_string().contains("was read before"), "{error}");
        assert!(requests.load(SeqCst) <= 5);
        let resource = PrincipalName::parse("a display name").unwrap();
        assert!(graph.service_principals().find(&resource, soon()).await.is_err());
    }
}

#[tokio::test]
async fn a_list_of_the_tenant_without_an_end_is_an_error() {
    let (graph, requests) = graph(fast(), |Request { number, endpoint, .. }| {
        let link = format!("{endpoint}/v1.0/servicePrincipals?$skiptoken={number}");
        body(&json!({ "value": [], "@odata.nextLink": link }))
    })
    .await;
    let error = read_tenant(&graph).await.unwrap_err();
    assert!(error.to_string().contains("too many pages"), "{error}");
    assert_eq!(requests.load(SeqCst), 5_000);
}

#[tokio::test]
async fn no_link_with_credentials_is_followed() {
    for credentials in ["user@", "user:password@", ":password@"] {
        let (graph, requests) = graph(fast(), move |Request { endpoint, .. }| {
            let endpoint = endpoint.replace("http://", &format!("http://{credentials}"));
            let link = format!("{endpoint}/v1.0/servicePrincipals?$skiptoken=1");
            body(&json!({ "value": [], "@odata.nextLink": link }))
        })
        .await;
        let error = read_tenant(&graph).await.unwrap_err();
        assert!(error.to_string().contains("credentials"), "{error}");
        assert_eq!(requests.load(SeqCst), 1);
    }
}

#[tokio::test]
async fn a_page_and_an_object_that_are_too_large_are_not_buffered() {
    // No retry fits into the deadline.
    let timing = CallTiming { first_wait: Duration::from_secs(60), ..CallTiming::default() };
    let (graph, _) = graph(timing, |_| Response::new(vec![b' '; 9 * 1024 * 1024])).await;
    let find = graph.service_principals().find(&principal_name(), soon()).await;
    let list = graph.inventory().managed_identities().next_page(soon()).await.map(|_| ());
    for error in [find.unwrap_err(), list.unwrap_err()] {
        assert!(error.to_string().contains("larger than"), "{error}");
        assert_eq!(error.kind(), ErrorKind::Unavailable);
    }
}

#[tokio::test]
async fn a_retry_after_of_a_day_lets_one_read_through_each_minute() {
    let timing = CallTiming { probe: Duration::from_millis(200), ..fast() };
    // The first probe is throttled, too.
    let (graph, requests) = graph(timing, |request| match request.number {
        0 | 1 => throttled("86400"),
        _ => body(&principal()),
    })
    .await;
    // The principals differ, because concurrent reads of one principal become a single read.
    let find = async |number: usize| {
        let name =
            PrincipalName::ObjectId(ObjectId::parse(&format!("{}{number:02}", &ID[..34])).unwrap());
        graph.service_principals().find(&name, soon()).await
    };
    assert_eq!(find(0).await.unwrap_err().kind(), ErrorKind::Throttled);
    assert_eq!(find(0).await.unwrap_err().kind(), ErrorKind::Throttled, "the first probe");
    let reads = futures_util::future::join_all((0..20).map(&find)).await;
    assert!(reads.iter().all(|read| matches!(read, Ok(Lookup::Found(_)))));
    assert_eq!(requests.load(SeqCst), 22, "the second probe ends the wait for all");
}

/// An API with one role of this value and id.
fn api(role: &str) -> Value {
    json!({ "id": ID, "appId": ID, "appRoles": [
        { "id": role, "value": "Orders.Read", "isEnabled": true, "allowedMemberTypes": ["Application"] }
    ] })
}

async fn role_id(graph: &Graph) -> String {
    let name = ApiName::ObjectId(ObjectId::parse(ID).unwrap());
    let found = graph.service_principals().find_api(&name, soon()).await.unwrap();
    let api = match found {
        Lookup::Found(api) => Some(api),
        Lookup::NotFound | Lookup::Ambiguous(_) => None,
    };
    let role = api.as_ref().and_then(|api| api.roles.first());
    role.unwrap().id.to_string()
}

#[tokio::test]
async fn a_role_whose_value_moved_to_another_id_is_known_after_five_minutes() {
    const OLD: &str = "c0a70500-0000-4000-8000-000000000001";
    const NEW: &str = "c0a70500-0000-4000-8000-000000000002";
    let current = Arc::new(Mutex::new(OLD));
    let shown = current.clone();
    let respond = move |_: &Request| body(&api(*shown.lock().unwrap()));
    let (graph, requests) = graph(fast(), respond).await;
    assert_eq!(role_id(&graph).await, OLD);
    *current.lock().unwrap() = NEW;
    assert_eq!(role_id(&graph).await, OLD);
    assert_eq!(requests.load(SeqCst), 1, "within five minutes, no other read");
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(5 * 60)).await;
    tokio::time::resume();
    assert_eq!(role_id(&graph).await, NEW);
    assert_eq!(role_id(&graph).await, NEW);
    assert_eq!(requests.load(SeqCst), 2, "one more read in five minutes");
}

/// An API with this many roles, with values as long as this.
fn api_with_roles(count: usize, length: usize) -> Value {
    let role = |number: usize| {
        let id = format!("c0a70500-0000-4000-8000-{number:012}");
        let value = format!("{number:0>length$}");
        json!({ "id": id, "value": value, "allowedMemberTypes": ["Application"] })
    };
    json!({ "id": ID, "appId": ID, "appRoles": (0..count).map(role).collect::<Vec<_>>() })
}

#[tokio::test]
async fn an_api_is_cached_only_if_its_roles_take_little_memory() {
    for (count, length, reads) in [(1500, 120, 1), (1500, 1000, 3), (20_000, 20, 3)] {
        let respond = move |_: &Request| body(&api_with_roles(count, length));
        let (graph, requests) = graph(fast(), respond).await;
        for _ in 0..3 {
            role_id(&graph).await;
        }
        assert_eq!(requests.load(SeqCst), reads, "{count} roles, {length} characters");
    }
}
