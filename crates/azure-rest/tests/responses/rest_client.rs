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
    body::BodyLimit,
    rest::{RequestError, Response, RestClient, ServiceError},
    retry::Deadline,
    timing::CallTiming,
};
use reqwest::Method;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

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

    fn is_response(&self) -> bool {
        true
    }
}

fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(10))
}

async fn send(rest: &RestClient, url: &Url, deadline: Deadline) -> Result<Response, RequestError> {
    rest.send(rest.request(Method::GET, url.clone()), BodyLimit::SMALL, deadline).await
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

#[tokio::test]
async fn a_body_is_read_up_to_the_limit_of_its_route_whatever_its_status_and_encoding() {
    const SMALL: usize = 256 * 1024;
    for (limit, length, is_read) in [
        (BodyLimit::SMALL, SMALL, true),
        (BodyLimit::SMALL, SMALL + 1, false),
        (BodyLimit::LARGE, 32 * SMALL, true),
        (BodyLimit::LARGE, 32 * SMALL + 1, false),
    ] {
        for status in [200, 403, 500] {
            let url = start(move |_| response(status, vec![b'a'; length])).await;
            let rest = rest_client(&url, fast());
            let request = rest.request(Method::GET, url.clone());
            let response = rest.send(request, limit, soon()).await.unwrap();
            assert_eq!(response.status.as_u16(), status);
            assert_eq!(response.body().is_ok(), is_read, "{length} bytes, {status}");
        }
    }
}

/// Starts a server that sends a body without an end. Returns its address and the bytes that it has sent.
async fn start_endless() -> (Url, Arc<AtomicUsize>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    let sent = Arc::new(AtomicUsize::new(0));
    let counter = sent.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let counter = counter.clone();
            tokio::spawn(async move {
                let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
                let chunk = [b"10000\r\n".as_slice(), &vec![b'a'; 65536], b"\r\n"].concat();
                let _request = stream.read(&mut [0; 1024]).await;
                let mut is_open = stream.write_all(head).await.is_ok();
                while is_open {
                    is_open = stream.write_all(&chunk).await.is_ok();
                    counter.fetch_add(chunk.len(), SeqCst);
                }
            });
        }
    });
    (url, sent)
}

#[tokio::test]
async fn a_body_without_an_end_is_dropped_while_it_is_read() {
    let (url, sent) = start_endless().await;
    let response = send(&rest_client(&url, fast()), &url, soon()).await.unwrap();
    let error = response.body().unwrap_err().to_string();
    assert!(error.contains("larger than 262144 bytes"), "{error}");
    // The rest is in the buffers of the sockets.
    assert!(sent.load(SeqCst) < 16 * 1024 * 1024, "{sent:?}");
}

#[tokio::test]
async fn many_large_bodies_are_not_in_memory_at_once() {
    let url = start(|_| response(200, vec![b'a'; 300_000])).await;
    let rest = rest_client(&url, fast());
    let read = || rest.send(rest.request(Method::GET, url.clone()), BodyLimit::LARGE, soon());
    let mut held = Vec::new();
    for _ in 0..8 {
        held.push(read().await.unwrap());
    }
    let mut ninth = std::pin::pin!(read());
    assert!(tokio::time::timeout(Duration::from_millis(200), &mut ninth).await.is_err());
    held.pop();
    assert!(ninth.await.unwrap().body().is_ok());
}
