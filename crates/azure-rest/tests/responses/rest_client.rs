//! Tokens, timeouts and retries of the client.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use azure_core::http::Url;
use azure_rest::{
    rest::{RequestError, Response, RestClient, ServiceError},
    retry::Deadline,
    timing::CallTiming,
};
use reqwest::Method;

use crate::server::{response, rest_client, start};

/// A status as an error, with the usual meaning.
#[derive(Debug, PartialEq)]
struct Status(u16);

impl fmt::Display for Status {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "status {}", self.0)
    }
}

impl ServiceError for Status {
    fn is_transient(&self) -> bool {
        self.0 == 503
    }

    fn is_token_refused(&self) -> bool {
        self.0 == 401
    }
}

fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(10))
}

async fn send(rest: &RestClient, url: &Url, deadline: Deadline) -> Result<Response, RequestError> {
    rest.send(rest.request(Method::GET, url.clone()), deadline).await
}

/// Reads the body of a response with retries.
async fn read(rest: &RestClient, url: &Url) -> Result<Vec<u8>, Status> {
    rest.with_retries("read", soon(), || async {
        let response = send(rest, url, soon()).await.unwrap();
        match response.status.as_u16() {
            200 => Ok(response.body().unwrap().to_vec()),
            status => Err(Status(status)),
        }
    })
    .await
}

fn fast() -> CallTiming {
    CallTiming::default().scaled(0.001)
}

#[tokio::test]
async fn a_refused_token_is_replaced_and_the_request_is_sent_again() {
    let url = start(|authorization| match authorization {
        "Bearer token-0" => response(401, vec![]),
        _ => response(200, authorization.as_bytes().to_vec()),
    })
    .await;
    let rest = rest_client(&url, fast());
    assert_eq!(read(&rest, &url).await.unwrap(), b"Bearer token-1");
}

#[tokio::test]
async fn a_request_is_sent_only_once_more_when_every_token_is_refused() {
    let requests = Arc::new(AtomicUsize::new(0));
    let counter = requests.clone();
    let url = start(move |_| {
        counter.fetch_add(1, SeqCst);
        response(401, vec![])
    })
    .await;
    let rest = rest_client(&url, fast());
    assert_eq!(read(&rest, &url).await, Err(Status(401)));
    assert_eq!(requests.load(SeqCst), 2);
}

#[tokio::test]
async fn transient_errors_are_retried_and_others_are_not() {
    for (status, expected, requests_expected) in
        [(503, Ok(b"ok".to_vec()), 3), (400, Err(Status(400)), 1)]
    {
        let requests = Arc::new(AtomicUsize::new(0));
        let counter = requests.clone();
        let url = start(move |_| match counter.fetch_add(1, SeqCst) {
            0 | 1 => response(status, vec![]),
            _ => response(200, b"ok".to_vec()),
        })
        .await;
        assert_eq!(read(&rest_client(&url, fast()), &url).await, expected);
        assert_eq!(requests.load(SeqCst), requests_expected);
    }
}

#[tokio::test]
async fn a_deadline_ends_a_request_before_the_timeout_of_a_call() {
    // A listener that never accepts.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    let rest = rest_client(&url, CallTiming::default());
    let error = send(&rest, &url, Deadline::after(Duration::from_millis(50))).await.unwrap_err();
    assert!(error.to_string().contains("timed out"), "{error}");
}

#[tokio::test]
async fn a_response_has_its_status_headers_and_body_whatever_the_status() {
    let url = start(|_| {
        let mut response = response(429, b"busy".to_vec());
        response.headers_mut().insert("retry-after", "7".parse().unwrap());
        response
    })
    .await;
    let response = send(&rest_client(&url, fast()), &url, soon()).await.unwrap();
    assert_eq!(response.status.as_u16(), 429);
    assert_eq!(response.retry_after(), Some(Duration::from_secs(7)));
    assert_eq!(response.header("Retry-After"), Some("7"));
    assert_eq!(response.body().unwrap(), b"busy");
}
