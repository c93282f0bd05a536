//! Every status that a service may answer with, on every route of this crate.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use app_roles::arm::ArmScope;
use azure_rest::{
    arm::{Arm, Identity},
    body::BodyLimit,
    call_error::CallError,
    client,
    queues::{QueueAddress, QueueService, Queues},
    retry::Deadline,
    storage::{Presence, Storage},
    tables::Tables,
    timing::CallTiming,
};

use crate::server::{response, rest_client, start};

/// The answer to the identity of a resource, as Azure Resource Manager sends it.
const IDENTITY: &str =
    r#"{"properties":{"principalId":"11111111-1111-1111-1111-111111111111","clientId":null}}"#;

/// The statuses that are the fault of the request.
pub(crate) const FINAL: [u16; 9] = [400, 405, 406, 411, 413, 414, 415, 417, 431];

/// The statuses after which a service may answer within seconds.
pub(crate) fn is_transient(status: u16) -> bool {
    [408, 425, 429].contains(&status) || status >= 500
}

/// A service that answers with a status, and the clients of this crate for it.
struct Service {
    /// The status, and how many more times it is sent.
    fault: Arc<Mutex<(u16, usize)>>,
    requests: Arc<AtomicUsize>,
    arm: Arm,
    storage: Storage,
}

impl Service {
    async fn start(timing: CallTiming) -> Self {
        let (fault, requests) = (Arc::new(Mutex::new((200, 0))), Arc::<AtomicUsize>::default());
        let (faults, counter) = (fault.clone(), requests.clone());
        let url = start(move |_| {
            counter.fetch_add(1, SeqCst);
            let mut fault = faults.lock().unwrap();
            if fault.1 == 0 {
                return response(200, IDENTITY);
            }
            fault.1 -= 1;
            response(fault.0, vec![])
        })
        .await;
        let rest = rest_client(&url, timing.clone());
        let services = BTreeMap::from([("Jobs".to_owned(), QueueService::Identity(url.clone()))]);
        let queues = Queues::new(&rest, client::build(&url, &timing).unwrap(), services);
        let storage = Storage::new(queues, Tables::with_tokens(rest.clone(), url.clone()));
        Self { fault, requests, arm: Arm::new(rest, url), storage }
    }

    /// Answers the next requests with this status.
    fn answer(&self, status: u16, times: usize) {
        *self.fault.lock().unwrap() = (status, times);
        self.requests.store(0, SeqCst);
    }

    fn requests(&self) -> usize {
        self.requests.load(SeqCst)
    }

    async fn identity(&self) -> Result<Identity, CallError> {
        let group = "/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/rg";
        let resource = format!("{group}/providers/Microsoft.Web/sites/func");
        self.arm.identity(&ArmScope::parse(&resource).unwrap(), soon()).await
    }

    async fn table(&self) -> Result<Presence, CallError> {
        self.storage.table("Rows", soon()).await
    }

    async fn queue(&self) -> Result<Presence, CallError> {
        let jobs = QueueAddress { connection: "Jobs".to_owned(), name: "jobs".to_owned() };
        self.storage.queue(&jobs, soon()).await.unwrap()
    }
}

pub(crate) fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(10))
}

/// One attempt: the wait before another would pass the deadline.
pub(crate) fn without_retries() -> CallTiming {
    CallTiming { first_wait: Duration::from_secs(3600), ..CallTiming::default() }
}

pub(crate) fn fast() -> CallTiming {
    CallTiming::default().scaled(0.001)
}

#[tokio::test]
async fn a_passing_status_of_azure_resource_manager_is_retried_and_a_final_one_is_not() {
    let service = Service::start(fast()).await;
    for status in 400..=599 {
        service.answer(status, 1);
        let answer = service.identity().await;
        let is_repeated = is_transient(status) || status == 401;
        assert_eq!(service.requests(), 1 + usize::from(is_repeated), "{status}");
        match status {
            _ if is_repeated => assert!(matches!(answer, Ok(Identity::Of { .. })), "{status}"),
            403 => assert_eq!(answer.unwrap(), Identity::Forbidden),
            404 => assert_eq!(answer.unwrap(), Identity::None),
            _ if FINAL.contains(&status) => {
                assert!(matches!(answer, Ok(Identity::Unanswered(_))), "{status}");
            }
            // An unknown status: another delivery may get an answer.
            _ => assert!(answer.unwrap_err().may_pass(), "{status}"),
        }
    }
}

#[tokio::test]
async fn a_lasting_fault_of_azure_resource_manager_is_left_to_another_delivery() {
    let service = Service::start(without_retries()).await;
    for status in (400..=599).filter(|status| is_transient(*status) || *status == 401) {
        service.answer(status, usize::MAX);
        let error = service.identity().await.unwrap_err();
        assert!(error.may_pass() && error.to_string().contains(&status.to_string()), "{error}");
    }
}

#[tokio::test]
async fn an_answer_of_azure_resource_manager_that_cannot_be_read_is_final_and_asked_for_once() {
    let service = Service::start(fast()).await;
    service.answer(204, usize::MAX);
    let error = service.identity().await.unwrap_err();
    assert!(!error.may_pass() && error.to_string().contains("could not be read"), "{error}");
    assert_eq!(service.requests(), 1);
}

#[tokio::test]
async fn a_byte_order_mark_before_an_answer_is_ignored() {
    let url = start(|_| response(200, format!("\u{feff}{IDENTITY}").into_bytes())).await;
    let response = rest_client(&url, fast());
    let request = response.request(reqwest::Method::GET, url);
    let response = response.send(request, BodyLimit::SMALL, soon()).await.unwrap();
    assert_eq!(response.body().unwrap(), IDENTITY.as_bytes());
}

#[tokio::test]
async fn a_passing_status_of_storage_is_retried_and_a_refused_token_replaced() {
    let service = Service::start(fast()).await;
    for status in 400..=599 {
        let is_repeated = is_transient(status) || status == 401;
        service.answer(status, 1);
        assert_eq!(service.table().await.is_ok(), is_repeated, "{status}");
        service.answer(status, 1);
        assert_eq!(service.queue().await.is_ok(), is_repeated, "{status}");
        assert_eq!(service.requests(), 1 + usize::from(is_repeated), "{status}");
    }
}

#[tokio::test]
async fn a_lasting_fault_of_storage_is_an_error_with_the_status() {
    let service = Service::start(without_retries()).await;
    for status in 400..=599 {
        service.answer(status, usize::MAX);
        for answer in [service.table().await, service.queue().await] {
            let error = answer.unwrap_err();
            assert!(error.to_string().contains(&status.to_string()), "{error}");
            assert_eq!(error.may_pass(), !FINAL.contains(&status), "{status}");
        }
    }
}
