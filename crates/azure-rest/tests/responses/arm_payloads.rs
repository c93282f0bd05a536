//! Reads the payload files of Azure Resource Manager's responses.

use std::{path::Path, time::Duration};

use app_roles::{
    arm::ArmScope,
    ids::{AppId, ObjectId},
};
use azure_rest::{
    arm::{Arm, Identity},
    call_error::CallError,
    retry::Deadline,
    timing::CallTiming,
};

use crate::server::{response, rest_client, start};

/// Reads an identity from an Azure Resource Manager that responds to everything with one file.
async fn identity(status: u16, file: &str) -> Result<Identity, CallError> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/arm");
    let body = std::fs::read(folder.join(file)).unwrap();
    let endpoint = start(move |_| response(status, body.clone())).await;
    // One attempt: the wait before another would pass the deadline.
    let timing = CallTiming { first_wait: Duration::from_secs(3600), ..CallTiming::default() };
    let resource = "/subscriptions/c0a70500-0000-4000-8000-000000000002/resourceGroups/rg/providers/Microsoft.Web/sites/func";
    let deadline = Deadline::after(Duration::from_secs(30));
    Arm::new(rest_client(&endpoint, timing), endpoint)
        .identity(&ArmScope::parse(resource).unwrap(), deadline)
        .await
}

#[tokio::test]
async fn a_refused_token_and_throttling_are_errors_with_the_response() {
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
async fn a_missing_identity_and_a_missing_permission_are_answers() {
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
            client_id: Some(AppId::parse(&id("1")).unwrap()),
        };
        assert_eq!(identity(200, file).await.unwrap(), expected, "{file}");
    }
}
