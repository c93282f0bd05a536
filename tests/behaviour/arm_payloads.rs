//! Azure Resource Manager's answers, byte for byte, as the handler reads them.

use std::{path::Path, sync::Arc, time::Duration};

use app_roles::{
    arm::ArmScope,
    ids::{AppId, ObjectId},
};
use azure_core::http::Url;
use azure_rest::{
    arm::{Arm, Identity},
    client,
    credential::MakeCredential,
    retry::Deadline,
    timing::CallTiming,
    token::TokenSource,
};
use tokio::net::TcpListener;
use warp::{Filter, http::StatusCode};

use crate::graph_payloads::SignedIn;

/// An Azure Resource Manager that answers everything with one file.
async fn identity(status: u16, file: &str) -> Result<Identity, azure_rest::arm::ArmError> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/arm");
    let body = std::fs::read(folder.join(file)).unwrap();
    let status = StatusCode::from_u16(status).unwrap();
    let answers = warp::any().map(move || warp::reply::with_status(body.clone(), status));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    tokio::spawn(warp::serve(answers).incoming(listener).run());
    // One try: the wait for another one would pass the deadline.
    let timing = CallTiming { first_wait: Duration::from_secs(3600), ..CallTiming::default() };
    let client = client::build(&endpoint, &timing).unwrap();
    let make: MakeCredential = Arc::new(|| Ok(Arc::new(SignedIn)));
    let tokens = Arc::new(TokenSource::new(make, "scope".to_owned(), timing.clone()));
    let resource = "/subscriptions/c0a70500-0000-4000-8000-000000000002/resourceGroups/rg/providers/Microsoft.Web/sites/func";
    let deadline = Deadline::after(Duration::from_secs(30));
    Arm::new(client, tokens, endpoint, timing)
        .identity(&ArmScope::parse(resource).unwrap(), deadline)
        .await
}

#[tokio::test]
async fn a_refused_token_and_throttling_are_errors_that_say_what_was_answered() {
    for (status, file, text) in [
        (
            401,
            "error-wrong-audience.json",
            "check that ARM_ENDPOINT belongs to this tenant's cloud",
        ),
        (429, "error-too-many-requests.json", "answered 429 TooManyRequests"),
        (200, "error-too-many-requests.json", "could not be read"),
    ] {
        let error = identity(status, file).await.unwrap_err().to_string();
        assert!(error.contains(text), "{error}");
    }
}

#[tokio::test]
async fn no_identity_and_no_right_to_see_one_are_answers() {
    let found = identity(404, "error-resource-not-found.json").await.unwrap();
    assert_eq!(found, Identity::None);
    let found = identity(403, "error-authorization-failed.json").await.unwrap();
    assert_eq!(found, Identity::Forbidden);
    let found = identity(400, "error-resource-not-found.json").await.unwrap();
    assert!(matches!(found, Identity::Unanswered(text) if text.contains("400 ResourceNotFound")));
}

#[tokio::test]
async fn identities_of_both_kinds_are_read() {
    for (file, number) in
        [("user-assigned-identity.json", "c"), ("system-assigned-identity.json", "e")]
    {
        let id = |last: &str| format!("c0a70500-0000-4000-8000-0000000000{number}{last}");
        let expected = Identity::Of {
            object_id: ObjectId::parse(&id("0")).unwrap(),
            client_id: AppId::parse(&id("1")).unwrap(),
        };
        assert_eq!(identity(200, file).await.unwrap(), expected, "{file}");
    }
}
