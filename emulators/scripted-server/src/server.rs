//! A server whose answers are computed from each request.

use std::{
    io,
    net::Ipv4Addr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};

use bytes::Bytes;
use tokio::net::TcpListener;
use url::Url;
use warp::{
    Filter as _,
    http::{HeaderMap, Method, Response, StatusCode},
    path::FullPath,
};

/// A response with its status, headers and body.
pub type Answer = Response<Vec<u8>>;

/// A request as it arrived.
#[derive(Debug, Clone)]
pub struct Request {
    /// The number of the request, from 0.
    pub number: usize,
    /// The method.
    pub method: Method,
    /// The path, as it was sent.
    pub path: String,
    /// The query, as it was sent. Empty if there is none.
    pub query: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as text.
    pub body: String,
    /// The address of the server, without a slash at its end.
    pub endpoint: String,
}

/// A response with this status and body.
#[must_use]
pub fn answer(status: u16, body: impl Into<Vec<u8>>) -> Answer {
    let mut response = Response::new(body.into());
    // A status that HTTP does not have is a mistake of the test, and shows as an error of the server.
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response
}

/// Starts a server on a free port that responds to each request until the end of the test. Returns its
/// address.
///
/// # Errors
///
/// If no port is free.
pub async fn serve(
    respond: impl Fn(&Request) -> Answer + Send + Sync + 'static,
) -> io::Result<Url> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let endpoint = format!("http://{}", listener.local_addr()?);
    let url = Url::parse(&endpoint).map_err(io::Error::other)?;
    let (respond, requests) = (Arc::new(respond), Arc::new(AtomicUsize::new(0)));
    let query = warp::query::raw().or(warp::any().map(String::new)).unify();
    let responses = warp::method()
        .and(warp::path::full())
        .and(query)
        .and(warp::header::headers_cloned())
        .and(warp::body::bytes())
        .map(move |method, path: FullPath, query, headers, body: Bytes| {
            respond(&Request {
                number: requests.fetch_add(1, SeqCst),
                method,
                path: path.as_str().to_owned(),
                query,
                headers,
                body: String::from_utf8_lossy(&body).into_owned(),
                endpoint: endpoint.clone(),
            })
        });
    tokio::spawn(warp::serve(responses).incoming(listener).run());
    Ok(url)
}
