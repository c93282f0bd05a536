//! The protocol between the Azure Functions host and a custom handler, and nothing else.
//!
//! The host starts the handler, posts one JSON envelope for each invocation to `/<function name>`,
//! and acts on the JSON that comes back. This crate decodes envelopes, encodes replies, and
//! knows nothing of app roles.
//!
//! Source: "Azure Functions custom handlers", and the host's own behaviour where it differs.

pub mod http_request;
pub mod invocation;
pub mod reply;
pub mod server;
