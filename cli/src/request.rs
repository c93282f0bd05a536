//! What an operator types, as a request of the broker.

use app_roles::request::{Action, Request};
use clap::Args;
use serde_json::{Map, Value, json};

use crate::failure::Failure;

/// Who is to get or lose which roles.
#[derive(Debug, Args)]
pub(crate) struct RequestArguments {
    /// Who is to get or lose the roles
    pub(crate) principal: String,
    /// Whose roles they are
    pub(crate) api: String,
    /// The roles, up to 20
    #[arg(required = true, value_name = "ROLE")]
    pub(crate) roles: Vec<String>,
    /// Why, for those who read the record later; no personal data
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
}

impl RequestArguments {
    /// The request as JSON, without what was not said.
    pub(crate) fn json(&self, action: Action) -> Map<String, Value> {
        let mut request = Map::new();
        request.insert("action".to_owned(), json!(action));
        request.insert("principal".to_owned(), json!(self.principal));
        request.insert("api".to_owned(), json!(self.api));
        request.insert("roles".to_owned(), json!(self.roles));
        if let Some(reason) = &self.reason {
            request.insert("reason".to_owned(), json!(reason));
        }
        request
    }
}

/// Reads a request as the broker would.
pub(crate) fn decode(request: &Map<String, Value>) -> Result<Request, Failure> {
    let text = Value::Object(request.clone()).to_string();
    Request::decode(text.as_bytes()).map_err(|fault| Failure::usage(fault.to_string()))
}
