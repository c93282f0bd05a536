//! Concurrent requests for one principal, against a model: whatever happens, each answer was true at some
//! time between the request and the answer.

#![expect(clippy::indexing_slicing, reason = "so tests fail")]

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use app_roles::{
    directory::{Principal, PrincipalKind},
    held::HeldAssignments,
    ids::ObjectId,
    request::Action,
};
use azure_core::http::Url;
use azure_rest::retry::Deadline;
use microsoft_graph::{
    Graph,
    assignments::{WriteOptions, Written},
    priority::Priority,
};
use proptest::prelude::*;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use uuid::Uuid;
use warp::{
    Filter,
    http::{Method, StatusCode},
};

use crate::{
    payloads::GRAPH_API,
    server::{PRINCIPAL, connect, fast},
    writes::{caller, intent_to},
};

const ROLES: [&str; 2] =
    ["c0a70500-0000-4000-8000-0000000000b2", "c0a70500-0000-4000-8000-0000000000b3"];

/// What happens to a write at Graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    FailsBefore,
    FailsAfter,
    Throttled,
}

/// The assignments of the principal, with their history, and the faults to come.
#[derive(Default)]
struct Tenant {
    /// For each role, its changes: the time, and the id of the assignment from then on.
    changes: [Vec<(Instant, Option<String>)>; ROLES.len()],
    lag: Duration,
    next_id: u32,
    faults: Vec<Fault>,
    writing: bool,
    overlaps: u32,
}

impl Tenant {
    fn held(&self, role: usize, at: Instant) -> Option<&String> {
        let change = self.changes[role].iter().rfind(|(time, _)| *time <= at)?;
        change.1.as_ref()
    }

    fn set(&mut self, role: usize, id: Option<String>) {
        self.changes[role].push((Instant::now(), id));
    }

    fn create(&mut self, role: usize) -> String {
        self.next_id += 1;
        let id = format!("assignment-{}", self.next_id);
        self.set(role, Some(id.clone()));
        id
    }

    fn role_of(&self, id: &str) -> Option<usize> {
        let now = Instant::now();
        (0..ROLES.len()).find(|role| self.held(*role, now).is_some_and(|held| held == id))
    }

    /// Whether the role was in this state at some time: held with an id, or not held.
    fn was(&self, role: usize, id: Option<&str>, (from, to): (Instant, Instant)) -> bool {
        let starts = std::iter::once(from);
        let changed = self.changes[role].iter().map(|(time, _)| *time);
        let times = starts.chain(changed.filter(|time| *time >= from && *time <= to));
        times.into_iter().any(|at| self.held(role, at).map(String::as_str) == id)
    }

    fn list(&self) -> Value {
        let at = Instant::now().checked_sub(self.lag).unwrap();
        let held = (0..ROLES.len()).filter_map(|role| Some((role, self.held(role, at)?)));
        json!({ "value": held.map(|(role, id)| body(role, id)).collect::<Vec<_>>() })
    }
}

fn body(role: usize, id: &str) -> Value {
    json!({ "id": id, "principalId": PRINCIPAL, "resourceId": GRAPH_API, "appRoleId": ROLES[role],
            "createdDateTime": "2026-11-26T10:00:00Z" })
}

fn refusal(status: u16, code: &str, message: &str) -> (u16, Value) {
    (status, json!({ "error": { "code": code, "message": message } }))
}

/// Answers one request, after a pause before and after its effect.
async fn respond(
    tenant: Arc<Mutex<Tenant>>,
    pause: Duration,
    method: Method,
    id: String,
    posted: Value,
) -> (u16, Value) {
    let is_write = method != Method::GET;
    let fault = {
        let mut tenant = tenant.lock().unwrap();
        if is_write && std::mem::replace(&mut tenant.writing, true) {
            tenant.overlaps += 1;
            return refusal(409, "Directory_ConcurrencyViolation", "");
        }
        if is_write { tenant.faults.pop().unwrap_or(Fault::None) } else { Fault::None }
    };
    let _writing = is_write.then(|| Writing(tenant.clone()));
    tokio::time::sleep(pause).await;
    match fault {
        Fault::FailsBefore => return refusal(503, "ServiceUnavailable", ""),
        Fault::Throttled => return refusal(429, "TooManyRequests", ""),
        Fault::FailsAfter | Fault::None => {}
    }
    let response = effect(&mut tenant.lock().unwrap(), &method, &id, &posted);
    tokio::time::sleep(pause).await;
    if fault == Fault::FailsAfter { refusal(503, "ServiceUnavailable", "") } else { response }
}

fn effect(tenant: &mut Tenant, method: &Method, id: &str, posted: &Value) -> (u16, Value) {
    match (method, tenant.role_of(id)) {
        (&Method::POST, _) => {
            let role = ROLES.iter().position(|role| posted["appRoleId"] == *role).unwrap();
            if tenant.held(role, Instant::now()).is_some() {
                let text = "Permission being assigned already exists on the object";
                return refusal(400, "Request_BadRequest", text);
            }
            let id = tenant.create(role);
            (201, body(role, &id))
        }
        (&Method::DELETE, Some(role)) => {
            tenant.set(role, None);
            (204, Value::Null)
        }
        (&Method::DELETE, None) => {
            let text = "EntitlementGrant being updated or deleted is not found";
            refusal(400, "Request_BadRequest", text)
        }
        (_, Some(role)) => (200, body(role, id)),
        (_, None) if id.is_empty() => (200, tenant.list()),
        (_, None) => refusal(404, "Request_ResourceNotFound", "Resource does not exist"),
    }
}

/// A write in progress at Graph. A write whose caller has gone ends, too.
struct Writing(Arc<Mutex<Tenant>>);

impl Drop for Writing {
    fn drop(&mut self) {
        self.0.lock().unwrap().writing = false;
    }
}

async fn graph(tenant: Arc<Mutex<Tenant>>, pause: Duration) -> Graph {
    let id = warp::path!("v1.0" / "servicePrincipals" / String / "appRoleAssignments" / ..)
        .and(warp::path::param::<String>().or(warp::any().map(String::new)).unify());
    let posted = warp::body::json().or(warp::any().map(|| Value::Null)).unify();
    let answers = warp::method().and(id).and(posted).then(
        move |method: Method, _principal: String, id: String, posted: Value| {
            let answer = respond(tenant.clone(), pause, method, id, posted);
            async {
                let (status, body) = answer.await;
                let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
                warp::reply::with_status(body, StatusCode::from_u16(status).unwrap())
            }
        },
    );
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address: SocketAddr = listener.local_addr().unwrap();
    tokio::spawn(warp::serve(answers).incoming(listener).run());
    let endpoint = Url::parse(&format!("http://{address}")).unwrap();
    connect(&endpoint, "token", fast())
}

fn principal() -> Principal {
    Principal {
        object_id: ObjectId::parse(PRINCIPAL).unwrap(),
        client_id: None,
        display_name: String::new(),
        kind: PrincipalKind::Application,
        resource_id: None,
        by_client_id: false,
    }
}

/// One thing that happens in a case.
#[derive(Debug, Clone)]
struct Event {
    at: u64,
    role: usize,
    kind: Kind,
}

#[derive(Debug, Clone)]
enum Kind {
    /// A request. It may be cancelled after some milliseconds.
    Request { action: Action, priority: Priority, cancelled_after: Option<u64> },
    /// Another client creates the assignment.
    Granted,
    /// Another client removes the assignment.
    Revoked,
}

fn request(cancelled: BoxedStrategy<Option<u64>>) -> impl Strategy<Value = Kind> {
    let action = prop_oneof![3 => Just(Action::Assign), 1 => Just(Action::Revoke)];
    let priority = prop_oneof![3 => Just(Priority::Normal), 1 => Just(Priority::Low)];
    (action, priority, cancelled).prop_map(|(action, priority, cancelled_after)| Kind::Request {
        action,
        priority,
        cancelled_after,
    })
}

fn events(kind: BoxedStrategy<Kind>) -> impl Strategy<Value = Vec<Event>> {
    let event =
        (0..30_u64, 0..ROLES.len(), kind).prop_map(|(at, role, kind)| Event { at, role, kind });
    proptest::collection::vec(event, 1..30)
}

fn faults() -> impl Strategy<Value = Vec<Fault>> {
    let fault = prop_oneof![
        6 => Just(Fault::None), 1 => Just(Fault::FailsBefore),
        1 => Just(Fault::FailsAfter), 1 => Just(Fault::Throttled)
    ];
    proptest::collection::vec(fault, 0..12)
}

/// The outcome of a request, with the times at which it began and ended.
struct Answered {
    role: usize,
    written: Written,
    between: (Instant, Instant),
}

async fn work(graph: &Graph, role: usize, action: Action, priority: Priority) -> Answered {
    let began = Instant::now();
    let deadline = Deadline::after(Duration::from_secs(20));
    let assignments = graph.assignments();
    let held = match action {
        Action::Assign => HeldAssignments::default(),
        Action::Revoke => assignments.list(&principal(), deadline).await.unwrap(),
    };
    let options = WriteOptions {
        client_request_id: Uuid::new_v4(),
        deadline,
        replication_deadline: deadline,
        caller: caller(priority),
    };
    let written = assignments.write(&intent_to(action, ROLES[role]), &held, options).await.unwrap();
    Answered { role, written, between: (began, Instant::now()) }
}

async fn happen(graph: Arc<Graph>, tenant: Arc<Mutex<Tenant>>, event: Event) -> Option<Answered> {
    tokio::time::sleep(Duration::from_millis(event.at)).await;
    let role = event.role;
    match event.kind {
        Kind::Request { action, priority, cancelled_after } => {
            let patience = cancelled_after.map_or(Duration::MAX, Duration::from_millis);
            return tokio::time::timeout(patience, work(&graph, role, action, priority)).await.ok();
        }
        Kind::Granted => {
            let mut tenant = tenant.lock().unwrap();
            if tenant.held(role, Instant::now()).is_none() {
                tenant.create(role);
            }
        }
        Kind::Revoked => tenant.lock().unwrap().set(role, None),
    }
    None
}

/// Lets everything happen, and checks each answer against the history of the tenant.
fn run(events: Vec<Event>, faults: Vec<Fault>, lag: Duration) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let is_cancelled =
            |event: &Event| matches!(event.kind, Kind::Request { cancelled_after: Some(_), .. });
        let may_overlap = events.iter().any(is_cancelled);
        let tenant = Arc::new(Mutex::new(Tenant { lag, faults, ..Tenant::default() }));
        let graph = Arc::new(graph(tenant.clone(), Duration::from_millis(1)).await);
        let tasks: Vec<_> = events
            .into_iter()
            .map(|event| tokio::spawn(happen(graph.clone(), tenant.clone(), event)))
            .collect();
        for task in tasks {
            let Some(Answered { role, written, between }) = task.await.unwrap() else { continue };
            let tenant = tenant.lock().unwrap();
            let is_true = match &written {
                Written::Assigned(response) => tenant.was(role, Some(&response.body.id), between),
                Written::AlreadyAssigned(held) => {
                    let id = held.as_ref().map(|held| held.id.as_str());
                    id.is_some() && tenant.was(role, id, between)
                }
                Written::Revoked(_) | Written::AlreadyRevoked => tenant.was(role, None, between),
            };
            assert!(is_true, "{written:?} {between:?}, {:#?}", tenant.changes);
        }
        assert!(may_overlap || tenant.lock().unwrap().overlaps == 0, "two writes at a time");
    });
}

proptest! {
    // The cases depend on real time, so a seed does not reproduce a run.
    #![proptest_config(ProptestConfig {
        cases: 48, failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn each_answer_was_true_while_its_request_waited(
        events in events(prop_oneof![
            6 => request(prop_oneof![4 => Just(None), 1 => (0..10_u64).prop_map(Some)].boxed()),
            1 => Just(Kind::Granted),
            1 => Just(Kind::Revoked),
        ].boxed()),
        faults in faults(),
    ) {
        run(events, faults, Duration::ZERO);
    }

    #[test]
    fn without_other_writers_each_answer_is_true_although_lists_lag(
        events in events(request(Just(None).boxed()).boxed()),
        lag in 1..40_u64,
    ) {
        run(events, Vec::new(), Duration::from_millis(lag));
    }
}
