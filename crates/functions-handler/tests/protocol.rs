//! The protocol of the Functions host over real sockets, with handlers that fail.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::{net::SocketAddr, sync::Arc, time::Duration};

use functions_handler::{
    invocation::Invocation,
    reply::{Outputs, Reply},
    server::{handler, serve},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{Notify, oneshot},
};

const ENVELOPE: &str = r#"{"Data":{"request":"aGVsbG8="},"Metadata":{"DequeueCount":"1"}}"#;

/// How long a shutdown waits for calls in flight in these tests.
const DRAIN: Duration = Duration::from_millis(50);

/// A server with functions that are named after what they do.
struct Server {
    address: SocketAddr,
    started: Arc<Notify>,
    release: Arc<Notify>,
    finished: Arc<Notify>,
    stop: oneshot::Sender<()>,
    stopped: tokio::task::JoinHandle<bool>,
}

impl Server {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let signals = [(); 3].map(|()| Arc::new(Notify::new()));
        let [started, release, finished] = signals.clone();
        let functions = handler(move |invocation: Invocation| {
            let [started, release, finished] = signals.clone();
            async move {
                match invocation.function.as_str() {
                    "Echo" => echo(&invocation),
                    "Panic" => panic!("a handler that crashes"),
                    "Slow" => {
                        started.notify_one();
                        release.notified().await;
                        finished.notify_one();
                        Reply::Succeeded(Outputs::default())
                    }
                    _ => Reply::UnknownFunction,
                }
            }
        });
        let (stop, stopping) = oneshot::channel::<()>();
        let shutdown = async move {
            let _ = stopping.await;
        };
        let stopped = tokio::spawn(serve(listener, functions, shutdown, DRAIN));
        Self { address, started, release, finished, stop, stopped }
    }

    /// Sends bytes over a new connection and reads the answer to its end.
    async fn send(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    async fn post(&self, path: &str, body: &str) -> String {
        let length = body.len();
        self.send(&format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
        ))
        .await
    }
}

fn echo(invocation: &Invocation) -> Reply {
    match invocation.binary("request") {
        Ok(bytes) => {
            let text = String::from_utf8(bytes).unwrap();
            Reply::Succeeded(Outputs::default().message("result", text))
        }
        Err(fault) => Reply::Failed(fault.to_string()),
    }
}

/// Status and body of an answer.
fn parts(answer: &str) -> (u16, serde_json::Value) {
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    let body = answer.split_once("\r\n\r\n").unwrap().1;
    (status, serde_json::from_str(body).unwrap_or_else(|error| panic!("{answer}: {error}")))
}

#[tokio::test]
async fn a_panic_is_one_failed_invocation_and_the_next_one_is_served() {
    let server = Server::start().await;
    let (status, body) = parts(&server.post("/Panic", ENVELOPE).await);
    assert_eq!(status, 500);
    assert!(body["error"].as_str().unwrap().contains("crashed"));
    assert_eq!(parts(&server.post("/Echo", ENVELOPE).await).0, 200);
}

#[tokio::test]
async fn an_invocation_goes_on_when_the_host_hangs_up() {
    let server = Server::start().await;
    let request = format!(
        "POST /Slow HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{ENVELOPE}",
        ENVELOPE.len()
    );
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    server.started.notified().await;
    drop(stream);
    // The server answers another call, so it has seen the hang-up.
    server.post("/Echo", ENVELOPE).await;
    server.release.notify_one();
    server.finished.notified().await;
}

#[tokio::test]
async fn a_chunked_body_is_read_like_one_with_a_length() {
    let server = Server::start().await;
    let (first, second) = ENVELOPE.split_at(10);
    let chunks = [first, second, ""].map(|part| format!("{:x}\r\n{part}\r\n", part.len())).concat();
    let answer = server
        .send(&format!(
            "POST /Echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}"
        ))
        .await;
    let (status, body) = parts(&answer);
    assert_eq!(status, 200);
    assert_eq!(body["Outputs"]["result"][0], "hello");
}

#[tokio::test]
async fn an_invalid_call_is_refused_with_a_json_object_that_says_why() {
    let server = Server::start().await;
    let huge = format!("{{\"Data\":{{\"request\":\"{}\"}}}}", "A".repeat(2 << 20));
    for (path, body, status, text) in [
        ("/Echo", "", 400, "envelope"),
        ("/Echo", "null", 400, "envelope"),
        ("/Echo", "{\"Data\":[]}", 400, "Data"),
        ("/Nowhere", ENVELOPE, 404, "no function"),
        ("/Echo", &huge, 500, "1 MiB"),
    ] {
        let (got, json) = parts(&server.post(path, body).await);
        assert_eq!(got, status, "{path} {body:.40}");
        assert!(json["error"].as_str().unwrap().contains(text), "{json}");
    }
    let answer = server.send("GET /Echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
    assert_eq!(parts(&answer).0, 405);
}

#[tokio::test]
async fn the_readiness_ping_is_answered_with_a_json_object() {
    let server = Server::start().await;
    let answer = server.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
    let (status, body) = parts(&answer);
    assert_eq!(status, 200);
    assert!(body.is_object());
}

#[tokio::test]
async fn a_successful_reply_has_a_json_object_with_the_keys_that_the_host_expects() {
    for outputs in [Outputs::default(), Outputs::default().message("result", String::new())] {
        let reply = Reply::Succeeded(outputs);
        assert_eq!(reply.status(), 200);
        let body: serde_json::Value = serde_json::from_slice(&reply.body()).unwrap();
        for key in ["Outputs", "Logs", "ReturnValue"] {
            assert!(body.as_object().unwrap().contains_key(key), "{body}");
        }
    }
}

#[tokio::test]
async fn a_shutdown_waits_for_calls_in_flight_but_not_forever() {
    let server = Server::start().await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let length = ENVELOPE.len();
    let request =
        format!("POST /Slow HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n{ENVELOPE}");
    stream.write_all(request.as_bytes()).await.unwrap();
    server.started.notified().await;
    server.stop.send(()).unwrap();
    assert!(!server.stopped.await.unwrap(), "the call never ended, so the server was not drained");
}

#[tokio::test]
async fn a_shutdown_waits_for_calls_whose_connections_were_closed() {
    let server = Server::start().await;
    let request = format!(
        "POST /Slow HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{ENVELOPE}",
        ENVELOPE.len()
    );
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    server.started.notified().await;
    drop(stream);
    // The server answers another call, so it has seen the hang-up.
    server.post("/Echo", ENVELOPE).await;
    server.stop.send(()).unwrap();
    assert!(!server.stopped.await.unwrap(), "the call never ended, so the server was not drained");
}

#[tokio::test]
async fn half_sent_bodies_keep_no_other_call_waiting() {
    // More than the server works on at the same time.
    const HALF_SENT: usize = 600;
    let server = Server::start().await;
    let mut streams = Vec::new();
    for _ in 0..HALF_SENT {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        let request = "POST /Echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{\"Data";
        stream.write_all(request.as_bytes()).await.unwrap();
        streams.push(stream);
    }
    assert_eq!(parts(&server.post("/Echo", ENVELOPE).await).0, 200);
}
