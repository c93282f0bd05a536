//! What every answer carries, and what the tenant remembers of requests.

use std::{net::TcpStream, pin::pin, time::Duration};

use futures_util::future::{Either, select};
use tenant_emulator::{
    Directory, Fault, Route, Tenant,
    contoso::{BROKER_IDENTITY_CLIENT_ID, ORDERS_API, ORDERS_IDENTITY, ORDERS_READ, contoso},
};
use uuid::Uuid;

use crate::caller::{Answer, Caller, assignment, assignments_path, until};

const CLIENT_REQUEST_ID: &str = "3f2504e0-4f89-41d3-9a0c-0305e82c3301";

const CONTENT_TYPE: &str = "application/json;odata.metadata=minimal;odata.streaming=true;\
     IEEE754Compatible=false;charset=utf-8";

async fn list_as_named_request(caller: &Caller, path: &str) -> Answer {
    let request = caller.http.get(caller.url(path)).bearer_auth(&caller.token);
    Answer::to(request.header("client-request-id", CLIENT_REQUEST_ID)).await
}

#[tokio::test]
async fn an_error_names_the_request_in_headers_and_body() {
    let caller = Caller::in_contoso().await;
    let answer = list_as_named_request(&caller, &assignments_path("id-orders")).await;
    let inner = answer.json()["error"]["innerError"].clone();
    assert_eq!(inner["client-request-id"], CLIENT_REQUEST_ID);
    assert_eq!(inner["request-id"], answer.header("request-id"));
    assert_ne!(inner["request-id"], CLIENT_REQUEST_ID);
    assert_eq!(answer.header("client-request-id"), CLIENT_REQUEST_ID);
    assert_eq!(answer.header("content-type"), CONTENT_TYPE);
}

#[tokio::test]
async fn a_success_carries_the_same_headers() {
    let caller = Caller::in_contoso().await;
    let answer = list_as_named_request(&caller, &assignments_path(ORDERS_IDENTITY)).await;
    assert_eq!(answer.status, 200);
    assert!(Uuid::try_parse(answer.header("request-id")).is_ok());
    assert_eq!(answer.header("client-request-id"), CLIENT_REQUEST_ID);
    assert_eq!(answer.header("content-type"), CONTENT_TYPE);
}

#[tokio::test]
async fn requests_are_counted_by_route() {
    let caller = Caller::in_contoso().await;
    caller.get(&format!("/servicePrincipals/{ORDERS_IDENTITY}")).await;
    caller.get(&assignments_path(ORDERS_IDENTITY)).await;
    caller.get(&assignments_path(ORDERS_IDENTITY)).await;
    caller.assign(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ).await;
    caller.get("/servicePrincipals").await;
    caller.unassign(ORDERS_IDENTITY, "whatever").await;
    caller.get("/users").await;
    let routes = [
        (Route::IssueToken, 1),
        (Route::ReadServicePrincipal, 1),
        (Route::ListAssignments, 2),
        (Route::CreateAssignment, 1),
        (Route::ListServicePrincipals, 1),
        (Route::DeleteAssignment, 1),
        (Route::Other, 1),
    ];
    for (route, count) in routes {
        assert_eq!(caller.tenant.count(route), count, "{route:?}");
    }
}

#[tokio::test]
async fn requests_are_remembered_with_their_outcome() {
    let caller = Caller::in_contoso().await;
    let path = assignments_path(ORDERS_IDENTITY);
    list_as_named_request(&caller, &format!("{path}?$top=5")).await;
    caller.tenant.answer_next(Route::CreateAssignment, Fault::connection_closed());
    let body = assignment(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ);
    assert!(caller.post_request(&path, &body).send().await.is_err());

    let requests = caller.tenant.requests();
    let [token, list, create] = requests.as_slice() else { panic!("{requests:?}") };
    assert_eq!((token.route, token.status), (Route::IssueToken, Some(200)));
    assert_eq!((list.route, list.status), (Route::ListAssignments, Some(200)));
    assert_eq!(list.client_request_id.as_deref(), Some(CLIENT_REQUEST_ID));
    assert_eq!(list.path_and_query, format!("/v1.0{path}?$top=5"));
    assert_eq!((create.route, create.status), (Route::CreateAssignment, None));
    assert_eq!(create.method, "POST");
    assert!(token.arrived <= list.arrived && list.arrived <= create.arrived);
}

#[tokio::test]
async fn the_retry_after_of_a_refusal_is_recorded() {
    let caller = Caller::in_contoso().await;
    let throttled = Fault::error(429, "TooManyRequests", "Please retry again later.");
    caller.tenant.answer_next(Route::CreateAssignment, throttled.retry_after("2.128"));
    let body = assignment(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ);
    caller.post_request(&assignments_path(ORDERS_IDENTITY), &body).send().await.unwrap();
    let requests = caller.tenant.requests();
    let told: Vec<_> = requests.iter().map(|request| request.retry_after.as_deref()).collect();
    assert_eq!(told, [None, Some("2.128")]);
}

#[tokio::test]
async fn the_environment_leads_the_broker_to_the_tenant() {
    let tenant = Tenant::start(contoso()).await.unwrap();
    let expected = [
        ("IDENTITY_ENDPOINT", tenant.identity_endpoint()),
        ("IDENTITY_HEADER", tenant.identity_header().to_owned()),
        ("GRAPH_ENDPOINT", tenant.graph_endpoint().to_owned()),
        ("ARM_ENDPOINT", tenant.arm_endpoint().to_owned()),
        ("AZURE_CLIENT_ID", BROKER_IDENTITY_CLIENT_ID.to_owned()),
    ];
    let expected = expected.map(|(name, value)| (name.to_owned(), value));
    assert_eq!(tenant.environment(), expected);
}

#[tokio::test]
async fn a_tenant_without_a_user_assigned_identity_sets_no_client_id() {
    let tenant = Tenant::start(Directory::new(CLIENT_REQUEST_ID)).await.unwrap();
    assert!(tenant.environment().iter().all(|(name, _)| name != "AZURE_CLIENT_ID"));
}

#[tokio::test]
async fn a_caller_that_hangs_up_does_not_undo_its_write() {
    let caller = Caller::in_contoso().await;
    caller.tenant.set_latency(Duration::from_millis(100));
    let body = assignment(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ);
    let request = caller.post_request(&assignments_path(ORDERS_IDENTITY), &body);
    let hung_up = {
        let answer = pin!(request.send());
        let arrived = pin!(until(async || caller.tenant.count(Route::CreateAssignment) == 1));
        matches!(select(answer, arrived).await, Either::Right(_))
    };
    assert!(hung_up);
    until(async || caller.tenant.assignments_of(ORDERS_IDENTITY).len() == 1).await;
}

#[tokio::test]
async fn the_server_ends_with_the_tenant() {
    let tenant = Tenant::start(contoso()).await.unwrap();
    let address = tenant.graph_endpoint().trim_start_matches("http://").to_owned();
    assert!(TcpStream::connect(&address).is_ok());
    drop(tenant);
    until(async || TcpStream::connect(&address).is_err()).await;
}
