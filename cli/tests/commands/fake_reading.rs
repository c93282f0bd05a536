//! A broker that answers GET requests.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use tokio::{net::TcpListener, process::Command};
use warp::{
    Filter,
    http::{HeaderMap, Response},
};

use crate::{
    fake_broker::Answer,
    world::{Ended, World, end},
};

/// The calls that the broker received: path, query and headers.
type Calls = Arc<Mutex<Vec<(String, String, HeaderMap)>>>;

/// A broker that gives one answer to every GET request.
pub(crate) struct FakeReading {
    address: SocketAddr,
    calls: Calls,
}

impl FakeReading {
    pub(crate) async fn start(Answer(status, body): Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let calls = Calls::default();
        let noted = calls.clone();
        let route = warp::get()
            .and(warp::path::full())
            .and(warp::query::raw())
            .and(warp::header::headers_cloned())
            .map(move |path: warp::path::FullPath, query, headers| {
                noted.lock().unwrap().push((path.as_str().to_owned(), query, headers));
                Response::builder()
                    .status(status)
                    .header("Content-Type", "application/json")
                    .header("Retry-After", "0")
                    .body(body.to_string())
            });
        tokio::spawn(warp::serve(route).incoming(listener).run());
        Self { address, calls }
    }

    /// Runs a command with the broker's URL and a key.
    pub(crate) async fn run(&self, world: &World, arguments: &[&str]) -> Ended {
        let mut command = self.command(world, arguments);
        command.env("APP_ROLE_BROKER_KEY", "secret-key");
        let ended = end(command, "").await;
        assert!(!format!("{ended:?}").contains("secret-key"), "{ended:?}");
        ended
    }

    /// The URL of the broker.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn command(&self, world: &World, arguments: &[&str]) -> Command {
        let mut command = world.command(arguments);
        command.env("APP_ROLE_BROKER", self.url());
        command
    }

    pub(crate) fn calls(&self) -> Vec<(String, String, HeaderMap)> {
        self.calls.lock().unwrap().clone()
    }
}
