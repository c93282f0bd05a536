//! The proxy of the environment.

use std::sync::{Arc, Mutex};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

use crate::world::{Ended, World, end};

/// What a client sent over each connection.
type Received = Arc<Mutex<Vec<Vec<u8>>>>;

/// A proxy that opens each tunnel and then closes it as soon as it has read from it.
struct Proxy {
    address: String,
    received: Received,
}

impl Proxy {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let received = Received::default();
        let noted = received.clone();
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                tokio::spawn(serve(connection, noted.clone()));
            }
        });
        Self { address, received }
    }

    /// The first line of each connection.
    fn first_lines(&self) -> Vec<String> {
        let received = self.received.lock().unwrap();
        let first = |bytes: &Vec<u8>| {
            String::from_utf8_lossy(bytes).lines().next().unwrap_or_default().to_owned()
        };
        received.iter().map(first).collect()
    }

    /// Asserts that only tunnels were asked for, and that they carried TLS and no secret.
    fn assert_saw_no_secret(&self, host: &str) {
        let lines = self.first_lines();
        assert!(!lines.is_empty(), "nothing went through the proxy");
        for line in lines {
            assert_eq!(line, format!("CONNECT {host}:443 HTTP/1.1"));
        }
        for bytes in self.received.lock().unwrap().iter() {
            let text = String::from_utf8_lossy(bytes);
            assert!(!text.contains("secret") && !text.contains("Bearer"), "{text}");
            let (_, tunnel) = text.split_once("\r\n\r\n").unwrap();
            // A record of the TLS handshake.
            assert!(tunnel.starts_with('\u{16}'), "{text}");
        }
    }
}

async fn serve(mut connection: TcpStream, received: Received) {
    let mut bytes = Vec::new();
    while !bytes.windows(4).any(|end| end == b"\r\n\r\n") {
        if connection.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
            break;
        }
    }
    let _ = connection.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await;
    let _ = connection.read_buf(&mut bytes).await;
    received.lock().unwrap().push(bytes);
}

/// Submits a request to a broker in Azure with a key and the operator's own account.
async fn submit(world: &World, variables: &[(&str, &str)]) -> Ended {
    let request =
        ["submit", "assign", "id-orders", "api://orders", "Orders.Read", "--timeout", "2s"];
    let broker = ["--broker", "https://broker.contoso.com", "--audience", "api://orders"];
    let mut command = world.command(&[&request[..], &broker].concat());
    command.env("APP_ROLE_BROKER_KEY", "secret-key").envs(variables.iter().copied());
    end(command, "").await
}

#[tokio::test]
async fn a_proxy_passes_on_connections_and_sees_neither_tokens_nor_keys() {
    let world = World::new().await;
    for name in ["HTTPS_PROXY", "https_proxy"] {
        let proxy = Proxy::start().await;
        let address = format!("http://{}", proxy.address);
        submit(&world, &[(name, &address)]).await.assert_failed(1, &["broker.contoso.com"]);
        proxy.assert_saw_no_secret("broker.contoso.com");
    }
}

#[tokio::test]
async fn a_host_of_no_proxy_and_this_machine_are_reached_directly() {
    let world = World::new().await;
    let proxy = Proxy::start().await;
    let address = format!("http://{}", proxy.address);
    world.set("HTTPS_PROXY", &address);
    world.set("HTTP_PROXY", &address);
    world.set("ALL_PROXY", &address);
    for except in ["broker.contoso.com", ".contoso.com", "*"] {
        submit(&world, &[("NO_PROXY", except)]).await.assert_failed(1, &["broker.contoso.com"]);
    }
    // The emulated tenant and its identity endpoint are on this machine.
    world.run(&["list", "id-orders"]).await.assert_done(&[]);
    world.run(&["version", "--broker", "https://127.0.0.1:1"]).await.assert_failed(1, &[]);
    assert_eq!(proxy.first_lines(), Vec::<String>::new());
}

#[tokio::test]
async fn an_address_that_is_no_proxy_is_refused_and_not_repeated() {
    let world = World::new().await;
    for address in ["socks5://secret@proxy.contoso.com", "http://secret@x/path", "secret word"] {
        let ended = submit(&world, &[("HTTPS_PROXY", address)]).await;
        ended.assert_failed(2, &["HTTPS_PROXY is not the address of a proxy", "hint: "]);
        assert!(!ended.stderr.contains("secret "), "{ended:?}");
        assert!(!ended.stderr.contains("secret@"), "{ended:?}");
    }
}
