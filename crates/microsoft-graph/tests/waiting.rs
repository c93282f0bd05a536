//! Requests that wait for the same principal, or for the same read.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::Duration,
};

use app_roles::{held::HeldAssignments, ids::ObjectId, names::PrincipalName, request::Action};
use azure_rest::{retry::Deadline, timing::CallTiming};
use futures_util::future::join_all;
use microsoft_graph::{
    Graph, Lookup,
    assignments::{WriteOptions, Written},
    error::{ErrorKind, GraphError},
    priority::Priority,
};
use serde_json::json;
use tokio::sync::Notify;
use warp::http::{Method, Response};

use crate::{
    payloads::GRAPH_API,
    server::{Answer, PRINCIPAL, Request, body, error, fast, graph, soon},
    writes::{caller, intent_to, options},
};

/// The id of a role with this number.
fn role(number: usize) -> String {
    format!("c0a70500-0000-4000-8000-{number:012}")
}

async fn assign(
    graph: &Graph,
    number: usize,
    options: WriteOptions,
) -> Result<Written, GraphError> {
    let (intent, nothing) = (intent_to(Action::Assign, &role(number)), HeldAssignments::default());
    graph.assignments().write(&intent, &nothing, options).await
}

/// The method and the last segment of the path of each request.
type Log = Arc<Mutex<Vec<(Method, String)>>>;

fn note(log: &Log, request: &Request) {
    let last = request.path.rsplit('/').next().unwrap_or_default();
    log.lock().unwrap().push((request.method.clone(), last.to_owned()));
}

fn count(log: &Log, method: &Method, last: &str) -> usize {
    let log = log.lock().unwrap();
    log.iter().filter(|(made, segment)| made == method && segment == last).count()
}

fn exists() -> Answer {
    error(400, "Request_BadRequest", "Permission being assigned already exists on the object")
}

fn created() -> Answer {
    body(&json!({ "id": "assignment" }))
}

/// The list of a principal that holds this many roles.
fn list(count: usize) -> Answer {
    let row = |number| {
        json!({ "id": format!("assignment-{number}"), "resourceId": GRAPH_API,
                "appRoleId": role(number) })
    };
    body(&json!({ "value": (0..count).map(row).collect::<Vec<_>>() }))
}

#[tokio::test]
async fn requests_for_many_roles_that_are_held_share_one_list() {
    const ROLES: usize = 30;
    let log = Log::default();
    let logged = log.clone();
    let (graph, _) = graph(fast(), move |request| {
        note(&logged, request);
        if request.method == Method::POST { exists() } else { list(ROLES) }
    })
    .await;
    let written = join_all((0..ROLES).map(|number| assign(&graph, number, options()))).await;
    for (number, written) in written.into_iter().enumerate() {
        let Ok(Written::AlreadyAssigned(Some(held))) = written else { panic!("{written:?}") };
        assert_eq!(held.id, format!("assignment-{number}"));
    }
    let counts = [Method::POST, Method::GET].map(|one| count(&log, &one, "appRoleAssignments"));
    assert_eq!(
        counts,
        [1, 2],
        "the first request writes, and the list after it answers the others"
    );
}

#[tokio::test]
async fn look_ups_of_a_principal_that_wait_share_one_read_whatever_it_says() {
    let found = || body(&json!({ "id": PRINCIPAL, "appId": PRINCIPAL, "displayName": "id" }));
    let missing = || {
        let text = format!("Resource '{PRINCIPAL}' does not exist");
        error(404, "Request_ResourceNotFound", &text)
    };
    for is_there in [true, false] {
        let answer = move |_: &Request| if is_there { found() } else { missing() };
        let (graph, requests) = graph(fast(), answer).await;
        let name = PrincipalName::ObjectId(ObjectId::parse(PRINCIPAL).unwrap());
        let finds = (0..50).map(|_| graph.service_principals().find(&name, soon()));
        for find in join_all(finds).await {
            assert_eq!(matches!(find.unwrap(), Lookup::Found(_)), is_there);
        }
        assert_eq!(requests.load(SeqCst), 2, "that of the first caller, and one for all others");
    }
}

#[tokio::test]
async fn a_request_that_gives_up_waiting_does_not_end_the_write_of_another() {
    let (is_down, sent) = (Arc::new(AtomicBool::new(true)), Arc::new(Notify::new()));
    let (down, notify) = (is_down.clone(), sent.clone());
    let (graph, _) = graph(fast(), move |request| {
        notify.notify_one();
        match request.method {
            Method::POST if down.load(SeqCst) => error(503, "ServiceUnavailable", ""),
            Method::POST => created(),
            _ => list(0),
        }
    })
    .await;
    let waits = async {
        sent.notified().await;
        let deadline = Deadline::after(Duration::from_millis(30));
        let gave_up = assign(&graph, 1, WriteOptions { deadline, ..options() }).await;
        is_down.store(false, SeqCst);
        gave_up
    };
    let (first, gave_up) = tokio::join!(assign(&graph, 0, options()), waits);
    assert!(matches!(first, Ok(Written::Assigned(_))), "{first:?}");
    let gave_up = gave_up.unwrap_err();
    assert_eq!(gave_up.kind(), ErrorKind::ConcurrentWrites);
    assert!(gave_up.is_worth_another_delivery());
}

#[tokio::test]
async fn a_background_write_that_waits_lets_others_go_first() {
    let throttled = Arc::new(Notify::new());
    let notify = throttled.clone();
    let posts = Arc::new(Mutex::new(0));
    let (graph, _) = graph(CallTiming::default().scaled(0.1), move |request| {
        if request.method != Method::POST {
            return match request.path.rsplit('/').next() {
                Some("appRoleAssignments") => list(1),
                _ => body(&json!({ "id": "assignment-0", "resourceId": GRAPH_API,
                                   "appRoleId": role(0) })),
            };
        }
        let mut posts = posts.lock().unwrap();
        *posts += 1;
        match *posts {
            1 => exists(),
            2 => {
                notify.notify_one();
                let answer = Response::builder().status(429).header("Retry-After", "1");
                answer.body(Vec::new()).unwrap()
            }
            _ => created(),
        }
    })
    .await;
    // From now on, it is known that the role exists.
    assign(&graph, 0, options()).await.unwrap();
    let background = assign(&graph, 1, WriteOptions { caller: caller(Priority::Low), ..options() });
    let mut background = std::pin::pin!(background);
    let repeat = async {
        throttled.notified().await;
        assign(&graph, 0, options()).await
    };
    tokio::select! {
        biased;
        first = &mut background => panic!("the repeat waited for the background write: {first:?}"),
        repeat = repeat => assert!(matches!(repeat, Ok(Written::AlreadyAssigned(Some(_))))),
    }
    assert!(matches!(background.await, Ok(Written::Assigned(_))));
}
