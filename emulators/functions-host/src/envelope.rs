//! The body of an invocation request: `{"Data":…,"Metadata":…}`.
//!
//! The rules are those of the host's source (Azure Functions host, `ScriptInvocationContextExtensions`).
//! "Azure Functions custom handlers" shows another form: in fact, strings are encoded twice and numbers
//! are strings.

mod body;
#[cfg(test)]
mod documented;
mod event_grid;
mod http;
mod queue;
mod system_data;
mod timer;
mod value;

pub(crate) use event_grid::of_event;
pub(crate) use http::{HttpBody, HttpInput, of_http};
pub(crate) use queue::{MessageProperties, QueueInput, of_queue};
pub(crate) use system_data::SystemData;
pub(crate) use timer::{ScheduleStatus, TimerInput, of_timer};
