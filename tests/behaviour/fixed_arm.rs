//! An Azure Resource Manager that answers everything with fixed bodies.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::SeqCst},
};

use serde_json::Value;
use tokio::net::TcpListener;
use warp::Filter;

/// Starts one that answers with these bodies in turn, and repeats the last one. Returns its address.
pub(crate) async fn start(bodies: &[Value]) -> String {
    let bodies: Vec<_> = bodies.iter().map(ToString::to_string).collect();
    let asked = Arc::new(AtomicUsize::new(0));
    let answer = warp::any().map(move || {
        let turn = asked.fetch_add(1, SeqCst).min(bodies.len() - 1);
        bodies[turn].clone()
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(warp::serve(answer).incoming(listener).run());
    format!("http://{address}")
}
