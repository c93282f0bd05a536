//! What the storage services are sent, and what their answers mean.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use azure_core::http::Url;
use azure_rest::{
    client,
    queues::{QueueAddress, QueueService, Queues},
    retry::Deadline,
    storage::{Presence, Storage},
    tables::Tables,
    timing::CallTiming,
};
use warp::http::HeaderMap;

use crate::server::{response, rest_client, serve, start};

fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(10))
}

fn storage(url: &Url) -> Storage {
    let timing = CallTiming::default().scaled(0.001);
    let rest = rest_client(url, timing.clone());
    let services = BTreeMap::from([("Jobs".to_owned(), QueueService::Identity(url.clone()))]);
    let queues = Queues::new(&rest, client::build(url, &timing).unwrap(), services);
    Storage::new(queues, Tables::with_tokens(rest, url.clone()))
}

fn jobs() -> QueueAddress {
    QueueAddress { connection: "Jobs".to_owned(), name: "jobs".to_owned() }
}

#[tokio::test]
async fn each_service_is_asked_for_one_media_type() {
    let seen: Arc<Mutex<Vec<HeaderMap>>> = Arc::default();
    let recorder = seen.clone();
    let url = serve(move |asked| {
        recorder.lock().unwrap().push(asked.headers.clone());
        response(200, vec![])
    })
    .await;
    let storage = storage(&url);
    storage.table("Rows", soon()).await.unwrap();
    storage.queue(&jobs(), soon()).await.unwrap().unwrap();
    let seen = seen.lock().unwrap();
    let accepted = seen.iter().map(|headers| headers.get_all("accept").iter().collect::<Vec<_>>());
    let accepted: Vec<_> = accepted.collect();
    assert_eq!(accepted, [vec!["application/json;odata=minimalmetadata"], vec!["application/xml"]]);
}

#[tokio::test]
async fn a_missing_table_or_queue_is_known_by_the_body_or_the_header() {
    let bodies = [
        r#"{"odata.error":{"code":"TableNotFound","message":{"value":"no"}}}"#,
        "<m:error><m:code>TableNotFound</m:code></m:error>",
        "<Error><Code>TableNotFound</Code></Error>",
    ];
    for body in bodies {
        let url = start(move |_| response(404, body)).await;
        let found = storage(&url).table("Rows", soon()).await;
        assert_eq!(found.unwrap(), Presence::Missing, "{body}");
    }
    let url = start(|_| {
        let mut response = response(404, vec![]);
        response.headers_mut().insert("x-ms-error-code", "QueueNotFound".parse().unwrap());
        response
    })
    .await;
    let found = storage(&url).queue(&jobs(), soon()).await.unwrap();
    assert_eq!(found.unwrap(), Presence::Missing);
}

#[tokio::test]
async fn a_row_that_is_too_large_to_read_shows_that_the_table_can_be_reached() {
    let url = start(|_| response(200, vec![b'a'; 1024 * 1024])).await;
    let found = storage(&url).table("Rows", soon()).await;
    assert_eq!(found.unwrap(), Presence::Exists);
}
