//! Refused writes: whether the principal, the API or a permission is missing.

use std::sync::atomic::Ordering::SeqCst;

use app_roles::{directory::PrincipalKind, held::HeldAssignments, outcome::Code, request::Action};
use azure_rest::retry::Deadline;
use microsoft_graph::{
    assignments::{WriteOptions, Written},
    error::{ErrorKind, GraphError},
};
use serde_json::json;
use warp::http::Method;

use crate::{
    payloads::{GRAPH_API, id},
    server::{
        Answer, PRINCIPAL, Request, body, error, fast, graph, graph_with_token, soon, status,
    },
    writes::{USER_READ_ALL, intent_for, intent_to, options},
};

/// A token with the roles that the broker needs.
const TOKEN: &str = "eyJhbGciOiJub25lIn0.eyJyb2xlcyI6WyJBcHBSb2xlQXNzaWdubWVudC5SZWFkV3JpdGUuQWxsIiwiQXBwbGljYXRpb24uUmVhZC5BbGwiXX0.x";

const OTHER: &str = "c0a70500-0000-4000-8000-0000000000ff";

/// A 404 whose message names an object.
fn does_not_exist(id: &str) -> Answer {
    let message = format!(
        "Resource '{id}' does not exist or one of its queried reference-property objects are not present."
    );
    error(404, "Request_ResourceNotFound", &message)
}

/// Assigns a role while Graph refuses each `POST`, and knows these objects. Returns the error, and the
/// number of requests.
async fn refused(
    refusal: impl Fn() -> Answer + Clone + Send + Sync + 'static,
    known: &'static [&'static str],
) -> (GraphError, usize) {
    let respond = move |request: &Request| match request.method {
        Method::POST => refusal(),
        _ if known.iter().any(|id| request.path.ends_with(id)) => body(&json!({ "id": PRINCIPAL })),
        _ => does_not_exist(request.path.rsplit('/').next().unwrap()),
    };
    let (graph, requests) = graph(fast(), respond).await;
    let intent = intent_to(Action::Assign, USER_READ_ALL);
    let held = HeldAssignments::default();
    let result = graph.assignments().write(&intent, &held, options()).await;
    (result.unwrap_err(), requests.load(SeqCst))
}

#[tokio::test]
async fn a_404_is_about_the_object_that_it_names() {
    for (named, kind) in [
        (GRAPH_API.to_owned(), ErrorKind::ApiNotFound),
        (GRAPH_API.to_uppercase(), ErrorKind::ApiNotFound),
        (PRINCIPAL.to_owned(), ErrorKind::PrincipalNotFound),
    ] {
        // Then it does not matter what Graph knows.
        for known in [&[][..], &[GRAPH_API], &[PRINCIPAL], &[GRAPH_API, PRINCIPAL]] {
            let name = named.clone();
            let (error, requests) = refused(move || does_not_exist(&name), known).await;
            assert_eq!(error.kind(), kind, "{named} {known:?}");
            assert_eq!(requests, 1, "{named} {known:?}");
        }
    }
}

#[tokio::test]
async fn an_id_counts_however_the_message_quotes_it() {
    for (before, after) in [("'", "'"), ("\"", "\""), ("(id=", ")"), (" ", " "), ("", "")] {
        let message = format!("Resource {before}{GRAPH_API}{after} does not exist");
        let refusal = move || error(404, "Request_ResourceNotFound", &message);
        let (error, requests) = refused(refusal, &[]).await;
        assert_eq!((error.kind(), requests), (ErrorKind::ApiNotFound, 1), "{before}{after}");
    }
}

#[tokio::test]
async fn where_no_id_is_named_both_objects_are_looked_for() {
    let unnamed: [fn() -> Answer; 4] = [
        || error(404, "Request_ResourceNotFound", ""),
        || error(400, "Request_BadRequest", "Not a valid reference update."),
        || does_not_exist(OTHER),
        || error(404, "Request_ResourceNotFound", &format!("'{GRAPH_API}' or '{PRINCIPAL}'")),
    ];
    for refusal in unnamed {
        for (known, kind) in [
            (&[PRINCIPAL][..], ErrorKind::ApiNotFound),
            (&[GRAPH_API], ErrorKind::PrincipalNotFound),
            // A replica that knows neither is behind.
            (&[], ErrorKind::PrincipalNotFound),
            (&[GRAPH_API, PRINCIPAL], ErrorKind::PrincipalNotFound),
        ] {
            let (error, _) = refused(refusal, known).await;
            assert_eq!(error.kind(), kind, "{known:?}: {error}");
        }
    }
}

#[tokio::test]
async fn a_missing_api_is_final_and_a_missing_principal_is_not() {
    let (error, _) = refused(|| does_not_exist(GRAPH_API), &[]).await;
    assert!(!error.is_worth_another_delivery());
    assert_eq!(error.into_failure().code, Code::ApiNotFound);
    let (error, _) = refused(|| does_not_exist(PRINCIPAL), &[]).await;
    assert!(error.is_worth_another_delivery());
    assert_eq!(error.into_failure().code, Code::PrincipalNotFound);
}

#[tokio::test]
async fn a_young_principal_is_waited_for_and_looked_for_once() {
    let respond = |request: &Request| match (&request.method, request.number) {
        (&Method::POST, 0..6) => error(400, "Request_BadRequest", "Not a valid reference update."),
        (&Method::POST, _) => body(&json!({ "id": "assignment" })),
        _ => body(&json!({ "id": PRINCIPAL })),
    };
    let (graph, requests) = graph(fast(), respond).await;
    let intent = intent_to(Action::Assign, USER_READ_ALL);
    let waiting = WriteOptions { replication_deadline: soon(), ..options() };
    let held = HeldAssignments::default();
    let written = graph.assignments().write(&intent, &held, waiting).await.unwrap();
    assert!(matches!(written, Written::Assigned(_)), "{written:?}");
    // Six requests before the last POST: the first POST, one read of the API, and four POSTs.
    assert_eq!(requests.load(SeqCst), 7);
}

#[tokio::test]
async fn a_missing_api_whose_holders_are_listed_is_not_a_missing_principal() {
    let (graph, _) = graph(fast(), |_| does_not_exist(GRAPH_API)).await;
    let mut holders = graph.inventory().holders(id(GRAPH_API), time::OffsetDateTime::now_utc());
    assert_eq!(holders.next_page(soon()).await.unwrap_err().kind(), ErrorKind::ApiNotFound);
}

/// The error of a write for a principal of this kind that Graph forbids.
async fn forbidden(kind: PrincipalKind, token: &str, refusal: fn() -> Answer) -> GraphError {
    let respond = move |request: &Request| match request.method {
        Method::POST => refusal(),
        _ => body(&json!({ "value": [] })),
    };
    let (graph, _) = graph_with_token(token, fast(), respond).await;
    let intent = intent_for(kind, Action::Assign, USER_READ_ALL);
    let held = HeldAssignments::default();
    let options =
        WriteOptions { deadline: Deadline::after(std::time::Duration::from_secs(5)), ..options() };
    graph.assignments().write(&intent, &held, options).await.unwrap_err()
}

fn denied() -> Answer {
    error(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
}

#[tokio::test]
async fn a_role_that_graph_refuses_to_an_agent_is_no_missing_permission_of_the_broker() {
    let error = forbidden(PrincipalKind::Agent, TOKEN, denied).await;
    assert_eq!(error.kind(), ErrorKind::NotForAgents);
    assert!(!error.is_worth_another_delivery());
    assert!(error.to_string().contains("gives some roles to no agent"), "{error}");
    let failure = error.into_failure();
    assert_eq!(failure.code, Code::RoleNotForAgents);
    assert!(!failure.message.contains("lacks a permission"), "{}", failure.message);
    for (kind, token) in [
        (PrincipalKind::Agent, "a token that does not say what it carries"),
        (PrincipalKind::Application, TOKEN),
        (PrincipalKind::ManagedIdentity, TOKEN),
        (PrincipalKind::Unknown, TOKEN),
    ] {
        let error = forbidden(kind, token, denied).await;
        assert_eq!(error.kind(), ErrorKind::Forbidden, "{kind:?}");
    }
}

#[tokio::test]
async fn a_missing_permission_is_no_refused_token_whatever_the_status() {
    let refusals: [fn() -> Answer; 2] = [
        || error(403, "Authentication_MSGraphPermissionMissing", "x"),
        || error(401, "Authentication_MSGraphPermissionMissing", "x"),
    ];
    for refusal in refusals {
        let error = forbidden(PrincipalKind::ManagedIdentity, "token", refusal).await;
        assert_eq!(error.kind(), ErrorKind::Forbidden);
        assert!(error.to_string().contains("lacks AppRoleAssignment.ReadWrite.All"), "{error}");
    }
}

#[tokio::test]
async fn a_removed_assignment_needs_no_readable_answer() {
    for answer in ["", "null", "not JSON", "{\"value\":"] {
        let respond = move |request: &Request| match request.method {
            Method::POST => body(&json!({ "id": "assignment" })),
            _ => status(200, answer),
        };
        let (graph, _) = graph(fast(), respond).await;
        let held = HeldAssignments::default();
        let assign = intent_to(Action::Assign, USER_READ_ALL);
        graph.assignments().write(&assign, &held, options()).await.unwrap();
        let revoke = intent_to(Action::Revoke, USER_READ_ALL);
        let written = graph.assignments().write(&revoke, &held, options()).await.unwrap();
        assert!(matches!(written, Written::Revoked(_)), "{answer:?}: {written:?}");
    }
}
