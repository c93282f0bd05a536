//! Writes the values of a reply to the function's output bindings.

use futures_util::future::join_all;

use http::HttpResponse;

use crate::{
    binding::{BoundOutput, Function},
    options::WrittenMessages,
    ordered_json::{Json, Members},
};

pub(crate) mod http;
mod items;
pub(crate) mod queue;
mod table;

/// Writes all outputs concurrently. They are not a transaction: if one fails, the invocation fails, and
/// the others are written nevertheless. Names that are not bindings are ignored.
pub(crate) async fn write_all(
    function: &Function,
    values: &Members,
    written: Option<&WrittenMessages>,
) -> Result<(), String> {
    let writes = function
        .outputs
        .iter()
        .filter_map(|output| Some(write(output, values.get(output.name())?, written)));
    join_all(writes).await.into_iter().collect()
}

/// The response to the caller of an HTTP trigger; `None` for other triggers. The host reads it first: if
/// it is invalid, nothing is written.
pub(crate) fn response(
    function: &Function,
    values: Option<&Members>,
) -> Result<Option<HttpResponse>, String> {
    let is_http = |output: &&BoundOutput| matches!(output, BoundOutput::Http { .. });
    let Some(output) = function.outputs.iter().find(is_http) else { return Ok(None) };
    let Some(values) = values else { return Ok(Some(HttpResponse::Empty)) };
    match values.get(output.name()) {
        Some(value) => HttpResponse::read(value).map(Some),
        None => Ok(Some(HttpResponse::Absent)),
    }
}

async fn write(
    output: &BoundOutput,
    value: &Json,
    observer: Option<&WrittenMessages>,
) -> Result<(), String> {
    let written = match output {
        BoundOutput::Queue(binding) => queue::write(binding, value, observer).await,
        BoundOutput::Table(binding) => table::write(binding, value).await,
        // The response is sent after everything is written.
        BoundOutput::Http { .. } => Ok(()),
    };
    let name = output.name();
    written.map_err(|why| {
        format!("Error while handling parameter {name} after function returned: {why}")
    })
}
