//! A server that loses answers.

use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

/// What the server does about a request that it has read.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// It answers with this status and document.
    Json(u16, Value),
    /// It closes the connection.
    Drop,
    /// It closes the connection in the middle of the answer's body.
    HalfBody,
    /// It keeps the connection, and says nothing.
    Hang,
}

/// A request: its first line, and its body.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) line: String,
    pub(crate) body: String,
}

/// A server, and what it has received.
pub(crate) struct RudeServer {
    pub(crate) address: String,
    received: Arc<Mutex<Vec<Request>>>,
}

impl RudeServer {
    /// Starts a server whose reply depends on the number of the request, from 0, and on the request.
    pub(crate) async fn start(
        reply: impl Fn(usize, &Request) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let received = Arc::<Mutex<Vec<Request>>>::default();
        let (noted, reply) = (received.clone(), Arc::new(reply));
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                let (noted, reply) = (noted.clone(), reply.clone());
                tokio::spawn(async move {
                    let mut connection = connection;
                    let Some(request) = read(&mut connection).await else { return };
                    let number = {
                        let mut noted = noted.lock().unwrap();
                        noted.push(request.clone());
                        noted.len() - 1
                    };
                    answer(connection, reply(number, &request)).await;
                });
            }
        });
        Self { address, received }
    }

    pub(crate) fn received(&self) -> Vec<Request> {
        self.received.lock().unwrap().clone()
    }

    /// The connection string of a storage account at this server.
    pub(crate) fn account(&self) -> String {
        let address = &self.address;
        format!(
            "AccountName=contoso;AccountKey=c2VjcmV0;QueueEndpoint={address}/contoso;TableEndpoint={address}/contoso"
        )
    }
}

/// Reads a request. `None` if the client sends none.
async fn read(connection: &mut TcpStream) -> Option<Request> {
    let (mut bytes, mut part) = (Vec::new(), [0; 4096]);
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(": ")?;
                name.eq_ignore_ascii_case("content-length").then(|| value.parse().unwrap())
            });
            if body.len() >= length.unwrap_or(0) {
                let line = head.lines().next().unwrap_or_default().to_owned();
                return Some(Request { line, body: body.to_owned() });
            }
        }
        match connection.read(&mut part).await {
            Ok(0) | Err(_) => return None,
            Ok(count) => bytes.extend_from_slice(&part[..count]),
        }
    }
}

async fn answer(mut connection: TcpStream, reply: Reply) {
    let (status, body, is_half) = match reply {
        Reply::Json(status, body) => (status, body.to_string(), false),
        Reply::HalfBody => (200, "{\"roles\":[".to_owned(), true),
        Reply::Drop => return,
        Reply::Hang => return std::future::pending().await,
    };
    let length = body.len() + usize::from(is_half);
    let head = format!(
        "HTTP/1.1 {status} Status\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\
         Connection: close\r\n\r\n{body}"
    );
    // The client may have gone.
    let _ = connection.write_all(head.as_bytes()).await;
}
