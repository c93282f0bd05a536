//! Requests that arrive over HTTP.

mod answers;
pub(crate) mod caller;
mod hostile;
mod reading;
mod record;
mod repeats;
mod requesters;
mod trouble;
