//! A broker whose token does not identify it.

#![expect(clippy::unwrap_used, reason = "so tests fail")]

use std::{path::Path, sync::Arc, time::Duration};

use app_roles::{ids::InvocationId, policy::Policy, request, requester::Requester};
use azure_core::http::Url;
use azure_rest::{
    arm::Arm, client, credential::MakeCredential, rest::RestClient, retry::Deadline,
    timing::CallTiming, token::TokenSource,
};
use broker::{
    ArmConfirmation, Ask, Broker, Delivery, IfFailed, LogOutput, MOST_ASSIGNMENTS, Mode, Obstacle,
    Parts, timing::Timing,
};
use microsoft_graph::{Graph, write_quota::WriteQuota};
use scripted_server::{FixedToken, Request, answer, serve};

const PRINCIPAL: &str = "c0a70500-0000-4000-8000-0000000000c0";

fn payload(file: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/graph");
    std::fs::read(folder.join(file)).unwrap()
}

/// Starts a Graph that knows the principal and accepts every write.
async fn start_graph() -> Url {
    let respond = |request: &Request| match request.method.as_str() {
        "POST" => answer(201, payload("create-assignment-response.json")),
        _ => answer(200, payload("service-principal-user-assigned.json")),
    };
    serve(respond).await.unwrap()
}

fn rest_client(endpoint: &Url) -> RestClient {
    let timing = CallTiming::default().scaled(0.001);
    // A token without claims.
    let make: MakeCredential = Arc::new(|| Ok(Arc::new(FixedToken("token".to_owned()))));
    let tokens = TokenSource::new(make, "scope".to_owned(), timing.clone());
    RestClient::new(client::build(endpoint, &timing).unwrap(), Arc::new(tokens), timing)
}

#[tokio::test]
async fn a_broker_that_does_not_know_its_own_identity_writes_nothing() {
    let endpoint = start_graph().await;
    let graph = Graph::new(rest_client(&endpoint), &endpoint, WriteQuota::default());
    let arm = Arm::new(rest_client(&endpoint), endpoint);
    let policy = Policy::parse(br#"{"version":1,"allow":[{"name":"r","requesters":["queue:team"],"principals":["c0a70500-0000-4000-8000-0000000000c0"],"api":"graph","roles":["User.Read.All"]}]}"#);
    let broker = Broker::new(Parts {
        graph: Arc::new(graph),
        arm,
        storage: None,
        record: None,
        outbox: None,
        policy: policy.unwrap(),
        mode: Mode::Enforce,
        log: LogOutput::default(),
        confirmation: ArmConfirmation::default(),
        timing: Timing::default(),
        most_assignments: MOST_ASSIGNMENTS,
    });
    let requester = Requester::parse("queue:team").unwrap();
    let deadline = Deadline::after(Duration::from_secs(10));
    let delivery = Delivery { number: 1, if_failed: IfFailed::Redelivered };
    let ask = Ask::call("AssignRole", InvocationId::random(), requester, deadline);
    let ask = Ask { delivery, ..ask };
    let request =
        format!(r#"{{"principal":"{PRINCIPAL}","api":"graph","roles":["User.Read.All"]}}"#);
    let request = request::Request::decode(request.as_bytes()).unwrap();
    let again = broker.grant(&ask, Ok(&request)).await.unwrap_err();
    assert_eq!(again.obstacle, Obstacle::Other);
    assert!(again.reason.contains("could not sign in"), "{}", again.reason);
}
