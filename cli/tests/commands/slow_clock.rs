//! A proxy whose clock is an hour slow.

use std::time::{Duration, SystemTime};

use loopback::http_client_builder;
use tokio::net::TcpListener;
use warp::{
    Filter,
    http::{HeaderMap, Method, Response},
};

const AN_HOUR: Duration = Duration::from_secs(3600);

/// Starts a proxy for a server. Returns its address.
pub(crate) async fn in_front_of(origin: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (origin, client) = (origin.to_owned(), client());
    let route = warp::method()
        .and(warp::path::full())
        .and(warp::query::raw().or(warp::any().map(String::new)).unify())
        .and(warp::header::headers_cloned())
        .then(move |method, path: warp::path::FullPath, query, headers| {
            let url = format!("{origin}{}?{query}", path.as_str());
            forward(client.clone(), method, url, headers)
        });
    tokio::spawn(warp::serve(route).incoming(listener).run());
    format!("http://{address}")
}

async fn forward(
    client: reqwest::Client,
    method: Method,
    url: String,
    mut headers: HeaderMap,
) -> Response<warp::hyper::body::Bytes> {
    headers.remove("host");
    let answer = client.request(method, url).headers(headers).send().await.unwrap();
    let date = httpdate::fmt_http_date(SystemTime::now() - AN_HOUR);
    let mut response = Response::builder().status(answer.status()).header("Date", date);
    if let Some(kind) = answer.headers().get("Content-Type") {
        response = response.header("Content-Type", kind);
    }
    response.body(answer.bytes().await.unwrap()).unwrap()
}

fn client() -> reqwest::Client {
    http_client_builder().build().unwrap()
}
