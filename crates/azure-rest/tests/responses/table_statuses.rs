//! Every status of the table service, and answers that break off.

use std::sync::{
    Arc,
    atomic::{AtomicU16, AtomicUsize, Ordering::SeqCst},
};

use azure_core::http::Url;
use azure_rest::{
    tables::{TableError, Tables},
    timing::CallTiming,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use crate::{
    server::{Asked, response, rest_client},
    statuses::{FINAL, fast, is_transient, without_retries},
    table_service::{Answer, failure, read, tables, transaction, write},
};

/// A client of a service that answers the first request with a status that can be set, and the others
/// well.
struct Service {
    status: Arc<AtomicU16>,
    asked: Arc<AtomicUsize>,
    tables: Tables,
}

impl Service {
    async fn start(timing: CallTiming, first: fn(u16) -> Answer) -> Self {
        let status = Arc::new(AtomicU16::new(0));
        let shared = status.clone();
        let answer = move |number, asked: &Asked| match (number, asked.method.as_str()) {
            (0, _) => first(shared.load(SeqCst)),
            (_, "GET") => response(200, br#"{"value":[]}"#.to_vec()),
            _ if asked.path == "/$batch" => transaction(&[(204, ""), (204, "")]),
            _ => response(204, vec![]),
        };
        let (tables, asked) = tables(timing, answer).await;
        Self { status, asked, tables }
    }

    /// Reads, or makes this number of changes.
    async fn call(&self, status: u16, changes: usize) -> Result<(), TableError> {
        self.status.store(status, SeqCst);
        self.asked.store(0, SeqCst);
        match changes {
            0 => read(&self.tables).await.map(drop),
            _ => write(&self.tables, changes).await,
        }
    }
}

#[tokio::test]
async fn a_passing_status_is_retried_and_every_other_is_not() {
    let outer = Service::start(fast(), |status| response(status, vec![])).await;
    let inner = Service::start(fast(), |status| transaction(&[(status, "{}")])).await;
    for status in 400..=599 {
        for (service, changes) in [(&outer, 0), (&outer, 1), (&outer, 2), (&inner, 2)] {
            let result = service.call(status, changes).await;
            let is_repeated = is_transient(status) || status == 401;
            assert_eq!(service.asked.load(SeqCst), 1 + usize::from(is_repeated), "{status}");
            if is_repeated {
                result.unwrap();
                continue;
            }
            let error = failure(result);
            assert!(error.to_string().contains(&format!("answered {status}")), "{error}");
            assert!(error.to_string().starts_with("table Rows of http://127.0.0.1:"), "{error}");
            assert_eq!(error.may_pass(), !FINAL.contains(&status), "{status}");
        }
    }
}

#[tokio::test]
async fn only_the_documented_statuses_are_the_word_that_a_change_is_stored() {
    let one = Service::start(without_retries(), |status| response(status, vec![])).await;
    let inner =
        Service::start(without_retries(), |status| transaction(&[(204, ""), (status, "")])).await;
    let outer = Service::start(without_retries(), |status| {
        let mut answer = transaction(&[(204, ""), (204, "")]);
        *answer.status_mut() = status.try_into().unwrap();
        answer
    })
    .await;
    for status in 200..=399 {
        assert_eq!(one.call(status, 1).await.is_ok(), [201, 204].contains(&status), "{status}");
        assert_eq!(inner.call(status, 2).await.is_ok(), [201, 204].contains(&status), "{status}");
        assert_eq!(outer.call(status, 2).await.is_ok(), status == 202, "{status}");
    }
}

/// A server that answers three connections with `bytes`, and each later one with `answer`.
async fn rude_server(bytes: &'static [u8], answer: String) -> Url {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    tokio::spawn(async move {
        for accepted in 0.. {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.read(&mut [0; 4096]).await;
            let bytes = if accepted < 3 { bytes } else { answer.as_bytes() };
            let _ = stream.write_all(bytes).await;
        }
    });
    url
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_asked_for_again() {
    let broken: [&[u8]; 4] = [
        b"",
        b"not http\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{",
        b"HTTP/1.1 202 Accepted\r\nContent-Length: 100\r\n\r\nHTTP/1.1 204",
    ];
    let whole = |status, body: &str| {
        let length = body.len();
        format!(
            "HTTP/1.1 {status} Reason\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
        )
    };
    for bytes in broken {
        let url = rude_server(bytes, whole(200, r#"{"value":[]}"#)).await;
        let tables = Tables::with_tokens(rest_client(&url, fast()), url);
        if !bytes.starts_with(b"HTTP/1.1 202") {
            assert!(read(&tables).await.unwrap().is_empty());
        }
        let parts = String::from_utf8(transaction(&[(204, ""), (204, "")]).into_body()).unwrap();
        let url = rude_server(bytes, whole(202, &parts)).await;
        let tables = Tables::with_tokens(rest_client(&url, fast()), url);
        if !bytes.starts_with(b"HTTP/1.1 200") {
            write(&tables, 2).await.unwrap();
        }
    }
}
