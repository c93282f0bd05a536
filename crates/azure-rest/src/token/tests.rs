use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use azure_core::{credentials::TokenRequestOptions, error::ErrorKind};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use super::*;

const SCOPE: &str = "https://graph.microsoft.com/.default";

/// A credential that follows a plan and repeats its last entry: minutes until expiry, or an error.
#[derive(Debug)]
struct Planned {
    plan: Vec<Result<i64, &'static str>>,
    calls: Arc<AtomicUsize>,
}

#[async_trait::async_trait]
impl TokenCredential for Planned {
    async fn get_token(
        &self,
        scopes: &[&str],
        _options: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        assert_eq!(scopes, [SCOPE]);
        let call = self.calls.fetch_add(1, SeqCst);
        tokio::task::yield_now().await;
        match self.plan.get(call).or(self.plan.last()).unwrap() {
            Ok(minutes) => {
                let expires_on = OffsetDateTime::now_utc() + Span::minutes(*minutes);
                Ok(AccessToken::new(format!("token-{call}"), expires_on))
            }
            Err(message) => Err(azure_core::Error::with_message(ErrorKind::Credential, *message)),
        }
    }
}

fn source(plan: &[Result<i64, &'static str>]) -> (TokenSource, Arc<AtomicUsize>) {
    let calls = Arc::new(AtomicUsize::new(0));
    let counter = calls.clone();
    let plan = plan.to_vec();
    let make: MakeCredential =
        Arc::new(move || Ok(Arc::new(Planned { plan: plan.clone(), calls: counter.clone() })));
    (TokenSource::new(make, SCOPE.to_owned(), CallTiming::default()), calls)
}

/// The header that a request would carry.
async fn sent(source: &TokenSource) -> String {
    let token = source.token().await.unwrap();
    token.authorization().to_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_failure_names_the_scope_and_the_cause() {
    let (source, _) = source(&[Err("the endpoint is down")]);
    let error = source.token().await.unwrap_err().to_string();
    assert!(error.contains(SCOPE) && error.contains("the endpoint is down"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_returned_without_a_fetch_until_a_later_attempt() {
    let (source, calls) = source(&[Err("down"), Ok(60)]);
    for _ in 0..20 {
        assert!(source.token().await.is_err());
    }
    assert_eq!(calls.load(SeqCst), 1);
    tokio::time::advance(CallTiming::default().token_failure).await;
    assert_eq!(sent(&source).await, "Bearer token-1");
}

#[tokio::test(start_paused = true)]
async fn a_failed_refresh_leaves_the_old_token_in_use_while_it_is_valid() {
    let (source, calls) = source(&[Ok(5), Err("down")]);
    source.token().await.unwrap();
    tokio::time::advance(CallTiming::default().token_renewal).await;
    for _ in 0..3 {
        assert_eq!(sent(&source).await, "Bearer token-0");
    }
    assert_eq!(calls.load(SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn an_expired_token_is_not_used_when_the_refresh_fails() {
    let (source, _) = source(&[Ok(0), Err("down")]);
    source.token().await.unwrap();
    tokio::time::advance(CallTiming::default().token_failure).await;
    assert!(source.token().await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_token_near_its_end_is_not_fetched_on_each_call() {
    let timing = CallTiming::default();
    for (minutes, pause) in [
        (9, timing.token_renewal),
        (1, timing.token_renewal),
        (0, timing.token_failure),
        (-5, timing.token_failure),
    ] {
        let (source, calls) = source(&[Ok(minutes)]);
        for fetches in 1..4 {
            for _ in 0..50 {
                source.token().await.unwrap();
            }
            assert_eq!(calls.load(SeqCst), fetches, "{minutes} minutes");
            tokio::time::advance(pause).await;
        }
    }
}

/// A JWT with this payload.
fn jwt(payload: &str) -> AccessToken {
    let text = format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(payload));
    AccessToken::new(text, OffsetDateTime::now_utc() + Span::hours(1))
}

#[tokio::test]
async fn a_token_for_another_api_or_identity_is_not_sent() {
    let (source, _) = source(&[Ok(60)]);
    let own = AppId::parse("11111111-1111-1111-1111-111111111111").unwrap();
    let source = source.of_client(Some(own));
    for (payload, text) in [
        (r#"{"aud":"https://management.azure.com"}"#, "https://management.azure.com"),
        (r#"{"appid":"22222222-2222-2222-2222-222222222222"}"#, "AZURE_CLIENT_ID"),
    ] {
        let error = source.checked(jwt(payload)).unwrap_err();
        assert!(error.to_string().contains(text) && error.is_lasting(), "{error}");
    }
    assert!(source.checked(jwt(&format!(r#"{{"appid":"{own}"}}"#))).is_ok());
}

#[test]
fn a_status_of_the_identity_endpoint_lasts_only_if_it_is_known_to_be_final() {
    use azure_core::http::{RawResponse, StatusCode};
    for status in 400..=599u16 {
        let response = RawResponse::from_bytes(StatusCode::from(status), Default::default(), "");
        let refused = ErrorKind::HttpResponse {
            status: StatusCode::from(status),
            error_code: None,
            raw_response: Some(Box::new(response)),
        };
        let refused = azure_core::Error::with_message(refused, "the endpoint refused");
        let error = azure_core::Error::with_error(ErrorKind::Credential, refused, "no token");
        let (source, _) = source(&[]);
        let is_final = [400, 401, 403, 405, 406, 411, 413, 414, 415, 417, 431].contains(&status);
        assert_eq!(source.no_token(error).is_lasting(), is_final, "{status}");
    }
}

#[tokio::test]
async fn a_hundred_concurrent_callers_cause_one_fetch() {
    let (source, calls) = source(&[Ok(60)]);
    let source = Arc::new(source);
    let callers: Vec<_> = (0..100)
        .map(|_| {
            let source = source.clone();
            tokio::spawn(async move { sent(&source).await })
        })
        .collect();
    for caller in callers {
        assert_eq!(caller.await.unwrap(), "Bearer token-0");
    }
    assert_eq!(calls.load(SeqCst), 1);
}

#[tokio::test]
async fn a_discarded_token_is_fetched_again_and_a_newer_one_is_kept() {
    let (source, _) = source(&[Ok(60)]);
    let refused = source.token().await.unwrap();
    source.discard(&refused).await;
    let newer = source.token().await.unwrap();
    assert_ne!(newer.authorization(), refused.authorization());
    source.discard(&refused).await;
    assert_eq!(source.token().await.unwrap().authorization(), newer.authorization());
}

#[test]
fn a_token_that_a_header_cannot_contain_is_refused() {
    for text in ["two\nlines", "nul\0"] {
        let token = AccessToken::new(text, OffsetDateTime::now_utc());
        assert!(Token::try_from(token).is_err(), "{text:?}");
    }
}

#[test]
fn a_token_never_shows_in_debug_output() {
    let token =
        Token::try_from(AccessToken::new("very-secret", OffsetDateTime::now_utc())).unwrap();
    assert!(!format!("{token:?}").contains("very-secret"));
}
