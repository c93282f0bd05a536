//! The protocol between the Azure Functions host and a custom handler, and nothing else.
//!
//! The host starts the handler, posts one JSON envelope for each invocation to `/<function name>`,
//! and acts on the JSON that comes back. This room decodes envelopes, encodes replies, reads the
//! files that the host reads too, and knows nothing of app roles.
//!
//! Source: "Azure Functions custom handlers", and the host's own behaviour where it differs.

pub mod function_json;
pub mod host_json;
pub mod http_request;
pub mod invocation;
pub mod reply;
pub mod server;

use std::path::PathBuf;

/// What is wrong with a file that the host reads too.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {problem}", file.display())]
pub struct FileFault {
    /// The file.
    pub file: PathBuf,
    /// What is wrong in it, and what to do.
    pub problem: String,
}

/// How the host looks up a setting by name; app settings are environment variables.
pub type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;
