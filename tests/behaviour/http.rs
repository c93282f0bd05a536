//! Requests that arrive over HTTP.

mod answers;
pub(crate) mod caller;
mod hostile;
mod reading;
mod record;
mod repeats;
mod requesters;
pub(crate) mod sign_in;
mod trouble;
mod write_limits;
