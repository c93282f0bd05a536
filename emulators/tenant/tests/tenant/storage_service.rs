//! The queue service: which tokens it takes, and how it refuses.

use reqwest::RequestBuilder;
use tenant_emulator::{
    Fault, Route,
    contoso::{AZURE_STORAGE_URI as STORAGE, MICROSOFT_GRAPH_URI},
};
use time::{OffsetDateTime, format_description::well_known::Rfc2822};

use crate::caller::{Answer, Caller};

const VERSION: &str = "2020-12-06";

/// The HTTP date of some minutes ago.
fn date(minutes: i64) -> String {
    let moment = OffsetDateTime::now_utc() - time::Duration::minutes(minutes);
    moment.format(&Rfc2822).unwrap().replace("+0000", "GMT")
}

async fn token(caller: &Caller, resource: &str) -> String {
    caller.ask_for_token(resource).await.json()["access_token"].as_str().unwrap().to_owned()
}

fn queue(caller: &Caller) -> String {
    format!("{}/app-role-requests?comp=metadata", caller.tenant.queue_service_uri())
}

/// A good request but for what the caller adds.
fn dated(caller: &Caller, url: &str) -> RequestBuilder {
    caller.http.get(url).header("x-ms-version", VERSION).header("x-ms-date", date(0))
}

#[tokio::test]
async fn a_request_without_a_token_for_storage_is_refused() {
    let caller = Caller::in_contoso().await;
    let url = queue(&caller);
    let graph = token(&caller, MICROSOFT_GRAPH_URI).await;
    let none = Answer::to(dated(&caller, &url)).await;
    let foreign = Answer::to(dated(&caller, &url).bearer_auth(graph)).await;
    let broken = Answer::to(dated(&caller, &url).bearer_auth("a.b.c")).await;
    for (answer, code) in [
        (none, "NoAuthenticationInformation"),
        (foreign, "InvalidAuthenticationInfo"),
        (broken, "InvalidAuthenticationInfo"),
    ] {
        assert_eq!(answer.status, 401);
        assert_eq!(answer.header("x-ms-error-code"), code);
        assert!(answer.header("www-authenticate").contains(STORAGE));
    }
}

#[tokio::test]
async fn a_request_needs_a_version_that_knows_such_tokens_and_a_date_of_today() {
    let caller = Caller::in_contoso().await;
    let token = token(&caller, STORAGE).await;
    let request = || caller.http.get(queue(&caller)).bearer_auth(&token);
    for request in [
        request().header("x-ms-date", date(0)),
        request().header("x-ms-date", date(0)).header("x-ms-version", "2017-07-29"),
        request().header("x-ms-version", VERSION),
        request().header("x-ms-version", VERSION).header("x-ms-date", date(16)),
    ] {
        assert_eq!(Answer::to(request).await.status, 403);
    }
    let request = request().header("x-ms-version", "2024-11-04").header("date", date(14));
    assert_eq!(Answer::to(request).await.status, 200);
}

#[tokio::test]
async fn a_fault_is_answered_in_the_shape_of_the_service() {
    let caller = Caller::in_contoso().await;
    let token = token(&caller, STORAGE).await;
    let fault = Fault::error(403, "AuthorizationPermissionMismatch", "This request is not");
    caller.tenant.answer_every(Route::ReadQueueMetadata, fault);
    let answer = Answer::to(dated(&caller, &queue(&caller)).bearer_auth(&token)).await;
    assert_eq!(answer.header("x-ms-error-code"), "AuthorizationPermissionMismatch");
    assert!(
        answer.text.contains("<Code>AuthorizationPermissionMismatch</Code>"),
        "{}",
        answer.text
    );
    caller.tenant.clear_faults(Route::ReadQueueMetadata);
    caller.tenant.answer_next(Route::ReadQueueMetadata, Fault::connection_closed());
    assert!(dated(&caller, &queue(&caller)).bearer_auth(&token).send().await.is_err());
}

#[tokio::test]
async fn a_token_for_storage_opens_a_queue() {
    let caller = Caller::in_contoso().await;
    let token = token(&caller, STORAGE).await;
    let answer = Answer::to(dated(&caller, &queue(&caller)).bearer_auth(&token)).await;
    assert_eq!(answer.header("x-ms-approximate-messages-count"), "0");
    assert_eq!(caller.tenant.count(Route::ReadQueueMetadata), 1);
}
