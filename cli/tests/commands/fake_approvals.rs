//! A broker with one request that waits for approval.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard},
};

use app_roles::approval::ApprovalSubject;
use serde_json::{Value, json};
use tenant_emulator::contoso::{
    ORDERS_API, ORDERS_API_APP_ID, ORDERS_API_URI, ORDERS_IDENTITY, ORDERS_IDENTITY_RESOURCE_ID,
    ORDERS_READ,
};
use tokio::{net::TcpListener, process::Command};
use warp::{
    Filter,
    http::{HeaderMap, Method, Response},
    hyper::body::Bytes,
    path::FullPath,
};

use crate::{
    fake_broker::{Answer, result},
    world::{Ended, World, end},
};

/// The id of the approval.
pub(crate) const APPROVAL: &str = "5f0a7d0e-0000-4000-8000-000000000001";

/// The path of the function.
const ROUTE: &str = "/api/app-role-approvals";

/// The approver who signs in.
const APPROVER: &str = "http:c0a70500-0000-4000-8000-000000000200";

/// A broker with one request that waits for approval, in the state that its callers made.
pub(crate) struct FakeApprovals {
    pub(crate) address: SocketAddr,
    world: Arc<Mutex<Approvals>>,
}

/// What the broker keeps.
#[derive(Default)]
struct Approvals {
    /// The approval; null if there is none.
    approval: Value,
    /// Another version, which replaces it after it was read once.
    next: Option<Value>,
    /// Answers that come first.
    answers: VecDeque<Answer>,
    calls: Vec<Call>,
}

/// A call that the broker received.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    /// The body; null if there is none.
    pub(crate) body: Value,
}

/// Returns an approval that needs this number of approvals.
pub(crate) fn approval(needed: usize) -> Value {
    sealed(json!({
        "approvalId": APPROVAL, "state": "pending", "digest": "",
        "subject": {
            "action": "assign", "principalId": ORDERS_IDENTITY, "apiId": ORDERS_API,
            "requester": "key:orders-team", "policySha256": "7d86".repeat(16),
            "roles": [ { "id": ORDERS_READ, "rule": "orders in production", "end": "PT8H" } ] },
        "principal": { "objectId": ORDERS_IDENTITY, "displayName": "id-orders",
                       "resourceId": ORDERS_IDENTITY_RESOURCE_ID },
        "api": { "objectId": ORDERS_API, "appId": ORDERS_API_APP_ID, "displayName": "Orders API" },
        "roles": [ { "id": ORDERS_READ, "value": "Orders.Read", "privileged": true,
                     "why": "the policy says so", "rule": "orders in production", "end": "PT8H",
                     "needed": needed } ],
        "requestId": "INC-1234", "reason": "reads its own API",
        "createdAt": "2026-08-20T10:11:12Z", "expiresAt": "2026-08-21T10:11:12Z", "decisions": [],
    }))
}

/// Returns an approval with the digest of its subject.
pub(crate) fn sealed(mut approval: Value) -> Value {
    let subject: ApprovalSubject = serde_json::from_value(approval["subject"].clone()).unwrap();
    approval["digest"] = json!(subject.digest());
    approval
}

/// Returns problem details of the broker.
pub(crate) fn problem(status: u16, name: &str, detail: &str) -> Answer {
    let kind = format!("urn:app-role-broker:problem:{name}");
    Answer(status, json!({ "type": kind, "status": status, "detail": detail }))
}

/// Returns the problem of a decision that does not fit the approval as it is now.
pub(crate) fn conflict(name: &str, now: &Value) -> Answer {
    let Answer(status, mut body) = problem(409, name, "it is in approval");
    body["approval"] = now.clone();
    Answer(status, body)
}

impl FakeApprovals {
    /// Starts a broker with this approval. If it is null, nothing waits.
    pub(crate) async fn start(approval: Value) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let world = Arc::new(Mutex::new(Approvals { approval, ..Approvals::default() }));
        let kept = world.clone();
        let calls = warp::method()
            .and(warp::path::full())
            .and(warp::header::headers_cloned())
            .and(warp::body::bytes())
            .map(move |method, path: FullPath, headers, body: Bytes| {
                let body = serde_json::from_slice(&body).unwrap_or_default();
                let call = Call { method, path: path.as_str().to_owned(), headers, body };
                let Answer(status, body) = kept.lock().unwrap().answer(call);
                Response::builder().status(status).header("Retry-After", "0").body(body.to_string())
            });
        tokio::spawn(warp::serve(calls).incoming(listener).run());
        Self { address, world }
    }

    /// Gives an answer before any other.
    pub(crate) fn answer(&self, answer: Answer) {
        self.kept().answers.push_back(answer);
    }

    /// Replaces the approval after it was read once.
    pub(crate) fn change_after_it_was_read(&self, approval: Value) {
        self.kept().next = Some(approval);
    }

    /// Returns the approval as it is now.
    pub(crate) fn approval(&self) -> Value {
        self.kept().approval.clone()
    }

    /// Returns the calls so far.
    pub(crate) fn calls(&self) -> Vec<Call> {
        self.kept().calls.clone()
    }

    /// Returns whether no decision was sent.
    pub(crate) fn is_undecided(&self) -> bool {
        self.calls().iter().all(|call| call.method == Method::GET)
    }

    /// Returns a command below `app-role approvals` of a signed-in operator.
    pub(crate) fn command(&self, world: &World, arguments: &[&str]) -> Command {
        let mut command = world.command(&[&["approvals"], arguments].concat());
        command
            .env("APP_ROLE_BROKER", format!("http://{}", self.address))
            .env("APP_ROLE_BROKER_AUDIENCE", ORDERS_API_URI);
        command
    }

    /// Runs a command below `app-role approvals` of a signed-in operator, without a terminal.
    pub(crate) async fn run(&self, world: &World, arguments: &[&str]) -> Ended {
        end(self.command(world, arguments), "").await
    }

    fn kept(&self) -> MutexGuard<'_, Approvals> {
        self.world.lock().unwrap()
    }
}

impl Approvals {
    fn answer(&mut self, call: Call) -> Answer {
        self.calls.push(call.clone());
        if let Some(answer) = self.answers.pop_front() {
            return answer;
        }
        let id = call.path.strip_prefix(ROUTE).and_then(|rest| rest.strip_prefix('/'));
        match (id, call.method) {
            (None, Method::GET) if call.path == ROUTE => {
                let all: Vec<_> =
                    Some(&self.approval).filter(|one| !one.is_null()).into_iter().collect();
                Answer(200, json!({ "approvals": all }))
            }
            (Some(id), _) if self.approval["approvalId"] != id => {
                problem(404, "not-found", "no approval has this id")
            }
            (Some(_), Method::GET) => {
                let read = self.approval.clone();
                self.approval = self.next.take().unwrap_or(self.approval.take());
                Answer(200, read)
            }
            (Some(_), Method::POST) => self.decide(&call.body),
            _ => Answer(404, Value::Null),
        }
    }

    fn decide(&mut self, ballot: &Value) -> Answer {
        let approval = &mut self.approval;
        if approval["digest"] != ballot["digest"] {
            return conflict("approval-changed", approval);
        }
        if approval["state"] != "pending" {
            return conflict("already-decided", approval);
        }
        let decided = json!({ "approver": APPROVER, "decision": ballot["decision"],
                              "at": "2026-08-20T11:11:12Z" });
        approval["decisions"].as_array_mut().unwrap().push(decided);
        if ballot["decision"] == "deny" {
            approval["state"] = json!("denied");
        } else if approval["roles"][0]["needed"] == approval["decisions"].as_array().unwrap().len()
        {
            approval["state"] = json!("done");
            approval["result"] = result("assigned", "");
        }
        Answer(200, approval.clone())
    }
}
