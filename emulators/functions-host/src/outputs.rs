//! Writes what a function answered to where its output bindings point.

use futures_util::future::join_all;

use http::HttpResponse;

use super::{
    binding::{BoundOutput, Function},
    host::Host,
    json::Json,
};

pub(super) mod http;
mod items;
pub(super) mod queue;
mod table;

/// Writes all outputs at once. They are no transaction: if one fails the invocation fails, and the
/// others are written all the same. A name that is no binding's is ignored.
pub(super) async fn write_all(
    host: &Host,
    function: &Function,
    values: &[(String, Json)],
) -> Result<(), String> {
    let writes = function.outputs.iter().filter_map(|output| {
        let (_, value) = values.iter().find(|(name, _)| *name == output.name())?;
        Some(write(host, output, value))
    });
    join_all(writes).await.into_iter().collect()
}

/// The response for the caller of a function with an HTTP trigger. The host reads it first: if it is
/// not what it should be, nothing is written.
pub(super) fn response(
    function: &Function,
    values: Option<&[(String, Json)]>,
) -> Result<Option<HttpResponse>, String> {
    let is_http = |output: &&BoundOutput| matches!(output, BoundOutput::Http { .. });
    let Some(output) = function.outputs.iter().find(is_http) else { return Ok(None) };
    let Some(values) = values else { return Ok(Some(HttpResponse::Empty)) };
    match values.iter().find(|(name, _)| name == output.name()) {
        Some((_, value)) => HttpResponse::read(value).map(Some),
        None => Ok(Some(HttpResponse::Absent)),
    }
}

async fn write(host: &Host, output: &BoundOutput, value: &Json) -> Result<(), String> {
    let written = match output {
        BoundOutput::Queue(binding) => queue::write(host, binding, value).await,
        BoundOutput::Table(binding) => table::write(binding, value).await,
        // It is read before anything is written, and sent when everything is.
        BoundOutput::Http { .. } => Ok(()),
    };
    let name = output.name();
    written.map_err(|why| {
        format!("Error while handling parameter {name} after function returned: {why}")
    })
}
