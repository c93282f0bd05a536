//! Every status of a failed call, on every route.

use std::sync::{Arc, Mutex, atomic::Ordering::SeqCst};

use app_roles::{
    held::{HeldAssignment, HeldAssignments},
    ids::AppRoleId,
    names::{ApiName, PrincipalName},
    request::Action,
};
use microsoft_graph::{
    Graph,
    error::{ErrorKind, GraphError},
};
use serde_json::json;
use uuid::Uuid;
use warp::http::{Method, Response};

use crate::{
    payloads::{GRAPH_API, id},
    server::{Answer, PRINCIPAL, Request, body, error, fast, graph, soon, status},
    writes::{USER_READ_ALL, intent_to, options},
};

/// The calls that the broker makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Route {
    ReadPrincipal,
    ReadApi,
    Search,
    List,
    Identities,
    Create,
    Remove,
}

const ROUTES: [Route; 7] = [
    Route::ReadPrincipal,
    Route::ReadApi,
    Route::Search,
    Route::List,
    Route::Identities,
    Route::Create,
    Route::Remove,
];

/// The body of an error.
#[derive(Debug, Clone, Copy)]
enum ErrorBody {
    Empty,
    Html,
    UnknownCode,
}

impl ErrorBody {
    fn answer(self, code: u16) -> Answer {
        match self {
            Self::Empty => status(code, ""),
            Self::Html => status(code, "<html><body>gateway</body></html>"),
            Self::UnknownCode => error(code, "Next_YearsCode", "Something new."),
        }
    }
}

/// The assignment that [`Route::Remove`] removes, with a new id each time.
fn held() -> HeldAssignments {
    let row = HeldAssignment {
        id: Some(Uuid::new_v4().to_string()),
        api: Some(id(GRAPH_API)),
        role: AppRoleId::parse(USER_READ_ALL).ok(),
        created: None,
    };
    [row].into_iter().collect()
}

impl Route {
    async fn call(self, graph: &Graph) -> Result<(), GraphError> {
        let principals = graph.service_principals();
        match self {
            Self::ReadPrincipal => {
                let name = PrincipalName::ObjectId(id(PRINCIPAL));
                principals.find(&name, soon()).await.map(drop)
            }
            Self::ReadApi => {
                let name = ApiName::ObjectId(id(GRAPH_API));
                principals.forget_api(&name);
                principals.find_api(&name, soon()).await.map(drop)
            }
            Self::Search => {
                let name = PrincipalName::parse("a display name").unwrap();
                principals.find(&name, soon()).await.map(drop)
            }
            Self::List => {
                let listed = graph.assignments().list_by_object_id(id(PRINCIPAL), soon());
                listed.await.map(drop)
            }
            Self::Identities => {
                let mut identities = graph.inventory().managed_identities();
                while identities.next_page(soon()).await?.is_some() {}
                Ok(())
            }
            Self::Create => write(graph, Action::Assign).await,
            Self::Remove => write(graph, Action::Revoke).await,
        }
    }

    /// The most requests after a fault that does not pass. A refused write is followed by one list, because
    /// the refusal may hide a success. An assignment that was created before is read before it is written
    /// again.
    fn most_requests(self) -> usize {
        match self {
            Self::Create => 3,
            Self::Remove => 2,
            _ => 1,
        }
    }

    /// Whether a request is the one that the route tests.
    fn is(self, request: &Request) -> bool {
        match self {
            Self::Create => request.method == Method::POST,
            Self::Remove => request.method == Method::DELETE,
            _ => true,
        }
    }
}

async fn write(graph: &Graph, action: Action) -> Result<(), GraphError> {
    let intent = intent_to(action, USER_READ_ALL);
    graph.assignments().write(&intent, &held(), options()).await.map(drop)
}

/// What a Graph without faults answers.
fn good(request: &Request) -> Answer {
    let object = json!({ "id": PRINCIPAL, "appId": PRINCIPAL, "displayName": "a display name" });
    match request.method {
        Method::POST => body(&json!({ "id": "assignment" })),
        Method::DELETE => status(204, ""),
        _ if request.path.ends_with("/appRoleAssignments") => {
            let row =
                json!({ "id": "assignment", "resourceId": GRAPH_API, "appRoleId": USER_READ_ALL });
            body(&json!({ "value": [row] }))
        }
        _ if request.path.ends_with("/servicePrincipals") => body(&json!({ "value": [object] })),
        _ => body(&object),
    }
}

/// A Graph that answers the next request of a route with a fault, if one is set.
async fn faulty(
    route: Route,
) -> (Graph, Arc<std::sync::atomic::AtomicUsize>, Arc<Mutex<Option<Answer>>>) {
    let fault: Arc<Mutex<Option<Answer>>> = Arc::default();
    let next = fault.clone();
    let respond = move |request: &Request| {
        let fault = if route.is(request) { next.lock().unwrap().take() } else { None };
        fault.unwrap_or_else(|| good(request))
    };
    let (graph, requests) = graph(fast(), respond).await;
    (graph, requests, fault)
}

/// Whether the cause of a status may disappear within seconds, or with a new token.
fn passes_within_the_call(status: u16) -> bool {
    matches!(status, 401 | 408 | 425 | 429) || status >= 500
}

#[tokio::test]
async fn every_status_that_is_not_known_to_be_final_may_pass_on_every_route() {
    for (index, route) in ROUTES.into_iter().enumerate() {
        let (graph, requests, fault) = faulty(route).await;
        for code in 400..=599_u16 {
            // Each status has each body on some routes.
            let kind = [ErrorBody::Empty, ErrorBody::Html, ErrorBody::UnknownCode]
                [(index + usize::from(code)) % 3];
            let case = format!("{route:?} {code} {kind:?}");
            *fault.lock().unwrap() = Some(kind.answer(code));
            let before = requests.load(SeqCst);
            let result = route.call(&graph).await;
            let made = requests.load(SeqCst) - before;
            if passes_within_the_call(code) {
                assert!(result.is_ok(), "{case}: {result:?}");
                continue;
            }
            let error = match result {
                // The list after the refused write already shows the result.
                Ok(()) if route == Route::Create => continue,
                Ok(()) => panic!("{case} was not reported"),
                Err(error) => error,
            };
            assert_eq!(error.is_worth_another_delivery(), code != 405, "{case}: {error}");
            assert!(made <= route.most_requests(), "{case}: {made} requests");
            assert!(error.to_string().contains(&code.to_string()), "{case}: {error}");
            assert!(route.call(&graph).await.is_ok(), "{case}, without the fault");
        }
    }
}

#[tokio::test]
async fn a_fault_that_says_nothing_about_the_object_passes_on_every_route() {
    const COMPANY: &str = "Unable to read the company information from the directory.";
    let limited = || {
        let answer = Response::builder().status(509).header("Retry-After", "0.01");
        let text = json!({ "error": { "code": "bandwidthLimitExceeded", "message": "busy" } });
        answer.body(text.to_string().into_bytes()).unwrap()
    };
    for route in ROUTES {
        let (graph, _, fault) = faulty(route).await;
        for answer in [error(404, "Directory_ObjectNotFound", COMPANY), limited()] {
            let case = format!("{route:?} {answer:?}");
            *fault.lock().unwrap() = Some(answer);
            assert!(route.call(&graph).await.is_ok(), "{case}");
        }
    }
}

#[tokio::test]
async fn an_unknown_refusal_with_retry_after_is_tried_again_within_the_call() {
    for route in ROUTES {
        let (graph, _, fault) = faulty(route).await;
        let answer = Response::builder().status(423).header("Retry-After", "0.01");
        *fault.lock().unwrap() = Some(answer.body(Vec::new()).unwrap());
        assert!(route.call(&graph).await.is_ok(), "{route:?}");
    }
}

#[tokio::test]
async fn no_fault_of_a_look_up_means_that_the_object_does_not_exist() {
    for kind in [ErrorBody::Empty, ErrorBody::Html, ErrorBody::UnknownCode] {
        for route in [Route::ReadPrincipal, Route::ReadApi] {
            let (graph, _, fault) = faulty(route).await;
            *fault.lock().unwrap() = Some(kind.answer(404));
            let error = route.call(&graph).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unknown, "{route:?} {kind:?}");
        }
    }
}

#[tokio::test]
async fn a_body_with_members_of_other_types_is_still_the_body_of_an_error() {
    let known = "One or more properties are invalid.";
    for (more, is_known) in [
        (json!({ "code": "Request_BadRequest", "message": known, "details": null }), true),
        (json!({ "code": "Request_BadRequest", "message": known, "details": "none" }), true),
        (json!({ "code": "Request_BadRequest", "message": known, "details": [null, 5, {}] }), true),
        (json!({ "code": null, "message": known }), true),
        (json!({ "message": known, "innerError": null }), true),
        (json!({ "code": 5, "message": known, "innerError": "none" }), true),
        (json!({ "code": "Request_UnsupportedQuery", "message": null }), true),
        (json!({ "code": "Request_UnsupportedQuery" }), true),
        (json!({ "code": "Request_UnsupportedQuery", "message": { "value": known } }), true),
        (json!({ "code": null, "message": null, "details": null }), false),
        (json!(null), false),
        (json!("invalid_request"), false),
    ] {
        let (graph, _, fault) = faulty(Route::Search).await;
        *fault.lock().unwrap() = Some(status(400, json!({ "error": more }).to_string()));
        let error = Route::Search.call(&graph).await.unwrap_err();
        assert_eq!(error.kind() == ErrorKind::Refused, is_known, "{more}: {error}");
    }
}

#[tokio::test]
async fn a_new_service_principal_is_recognized_by_its_detail_whatever_else_the_body_says() {
    for details in [
        json!([{ "code": "NoBackingApplicationObject" }]),
        json!([null, 5, { "code": null }, { "code": "nobackingapplicationobject", "target": null }]),
    ] {
        let (graph, _, fault) = faulty(Route::ReadPrincipal).await;
        let text = json!({ "error": { "code": null, "message": null, "details": details } });
        *fault.lock().unwrap() = Some(status(400, text.to_string()));
        let error = Route::ReadPrincipal.call(&graph).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PrincipalNotFound, "{details}");
    }
}
