//! A broker whose token does not identify it.

#![expect(clippy::unwrap_used, reason = "so tests fail")]

use std::{path::Path, sync::Arc, time::Duration};

use app_roles::{ids::InvocationId, policy::Policy, request::Request, requester::Requester};
use azure_core::{
    credentials::{AccessToken, TokenCredential, TokenRequestOptions},
    http::Url,
};
use azure_rest::{
    arm::Arm, client, credential::MakeCredential, rest::RestClient, retry::Deadline,
    timing::CallTiming, token::TokenSource,
};
use broker::{
    ArmConfirmation, Ask, Broker, Delivery, IfFailed, LogOutput, MOST_ASSIGNMENTS, Mode, Obstacle,
    Parts, timing::Timing,
};
use microsoft_graph::{Graph, write_quota::WriteQuota};
use tokio::net::TcpListener;
use warp::{
    Filter,
    http::{Method, StatusCode},
};

const PRINCIPAL: &str = "c0a70500-0000-4000-8000-0000000000c0";

/// A credential with a token without claims.
#[derive(Debug)]
struct SignedIn;

#[async_trait::async_trait]
impl TokenCredential for SignedIn {
    async fn get_token(
        &self,
        _scopes: &[&str],
        _options: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        let expires_on = time::OffsetDateTime::now_utc() + time::Duration::hours(1);
        Ok(AccessToken::new("token", expires_on))
    }
}

fn payload(file: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/graph");
    std::fs::read(folder.join(file)).unwrap()
}

/// Starts a Graph that knows the principal and accepts every write.
async fn start_graph() -> Url {
    let responses = warp::method().map(|method: Method| match method {
        Method::POST => warp::reply::with_status(
            payload("create-assignment-response.json"),
            StatusCode::CREATED,
        ),
        _ => warp::reply::with_status(
            payload("service-principal-user-assigned.json"),
            StatusCode::OK,
        ),
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    tokio::spawn(warp::serve(responses).incoming(listener).run());
    endpoint
}

fn rest_client(endpoint: &Url) -> RestClient {
    let timing = CallTiming::default().scaled(0.001);
    let make: MakeCredential = Arc::new(|| Ok(Arc::new(SignedIn)));
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
    let request = Request::decode(request.as_bytes()).unwrap();
    let again = broker.grant(&ask, Ok(&request)).await.unwrap_err();
    assert_eq!(again.obstacle, Obstacle::Other);
    assert!(again.reason.contains("could not sign in"), "{}", again.reason);
}
