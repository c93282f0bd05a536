//! The host's own endpoint: runs a function by hand ("Manually run a non HTTP-triggered function").

use std::{convert::Infallible, sync::Arc};

use bytes::Bytes;
use reqwest::StatusCode;
use serde::Deserialize;
use time::{OffsetDateTime, macros::datetime};
use tokio::net::TcpListener;
use warp::Filter as _;

use super::{
    FinishedInvocation,
    envelope::MessageProperties,
    host::{BoundTrigger, Function, Host, QueueTrigger},
    invocation,
};

/// What .NET calls the last of all times; it stands for times that a message without a queue lacks.
const LAST_OF_ALL_TIMES: OffsetDateTime = datetime!(9999-12-31 23:59:59 UTC);

#[derive(Deserialize)]
struct FunctionInput {
    #[serde(default)]
    input: String,
}

/// Serves until the host stops.
pub(super) async fn serve(host: Arc<Host>, listener: TcpListener) {
    let served = host.clone();
    let route = warp::post()
        .and(warp::path!("admin" / "functions" / String))
        .and(warp::body::bytes())
        .then(move |name: String, body: Bytes| {
            let host = served.clone();
            async move { Ok::<_, Infallible>(start(&host, &name, &body)) }
        });
    let stopping = async move {
        host.until_stopping().await;
    };
    warp::serve(route).incoming(listener).graceful(stopping).run().await;
}

/// 202 says that the function was started; how it ended is in the log.
fn start(host: &Arc<Host>, name: &str, body: &[u8]) -> StatusCode {
    let mut functions = host.functions.iter();
    let Some(function) = functions.find(|function| function.name.eq_ignore_ascii_case(name)) else {
        return StatusCode::NOT_FOUND;
    };
    let Ok(FunctionInput { input }) = serde_json::from_slice(body) else {
        return StatusCode::BAD_REQUEST;
    };
    let (host, function) = (host.clone(), function.clone());
    let BoundTrigger::Queue(trigger) = function.trigger.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = host.until_stopping() => {}
            () = run(&host, &function, &trigger, input) => {}
        }
    });
    StatusCode::ACCEPTED
}

/// The message never was in a queue: it has no id, no receipt, and was received zero times.
async fn run(host: &Host, function: &Function, trigger: &QueueTrigger, input: String) {
    let properties = MessageProperties {
        id: None,
        pop_receipt: None,
        dequeue_count: 0,
        insertion_time: OffsetDateTime::now_utc(),
        expiration_time: LAST_OF_ALL_TIMES,
        next_visible_time: LAST_OF_ALL_TIMES,
    };
    let reason = "This function was programmatically called via the host APIs.";
    let binding = &trigger.binding;
    let (invocation_id, outcome) =
        invocation::of_queue(host, function, binding, input.as_bytes(), &properties, reason).await;
    host.record(FinishedInvocation {
        function: function.name.clone(),
        invocation_id,
        outcome,
        message_id: None,
        dequeue_count: 0,
    });
}
