//! A request, from the arguments of a command.

use app_roles::request::{Action, InvalidRequest, Request};
use clap::Args;
use serde_json::{Map, Value, json};

use crate::failure::Failure;

/// The principal, the API and the roles of a request.
#[derive(Debug, Args)]
pub(crate) struct RequestArguments {
    /// Principal that receives or loses the roles
    pub(crate) principal: String,
    /// API that defines the roles
    pub(crate) api: String,
    /// Roles, up to 20
    #[arg(required = true, value_name = "ROLE")]
    pub(crate) roles: Vec<String>,
    /// Reason for the record; must not contain personal data
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
}

impl RequestArguments {
    /// Returns the request as JSON, without optional fields that were not given.
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

/// Decodes a request as the broker does.
pub(crate) fn decode(request: &Map<String, Value>) -> Result<Request, Failure> {
    let text = Value::Object(request.clone()).to_string();
    Request::decode(text.as_bytes()).map_err(|fault| Failure::usage(fault.to_string()))
}

/// A valid request, in the form in which it was written.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct WrittenRequest {
    fields: Map<String, Value>,
    request: Request,
}

impl WrittenRequest {
    /// Decodes the fields of a request as the broker does.
    pub(crate) fn decode(fields: Map<String, Value>) -> Result<Self, InvalidRequest> {
        let text = Value::Object(fields.clone()).to_string();
        Request::decode(text.as_bytes()).map(|request| Self { fields, request })
    }

    /// The request.
    pub(crate) fn request(&self) -> &Request {
        &self.request
    }

    /// The request as it is sent: nothing is added to what was written, and nothing is replaced.
    pub(crate) fn json(&self) -> Value {
        Value::Object(self.fields.clone())
    }

    /// The name in a field, as it was written: a string, or the string in an object that states its kind.
    pub(crate) fn name(&self, field: &str) -> String {
        let text = match self.fields.get(field) {
            Some(Value::Object(kinds)) => kinds.values().find_map(Value::as_str),
            name => name.and_then(Value::as_str),
        };
        text.unwrap_or_default().to_owned()
    }

    /// The same request, as a dry run.
    pub(crate) fn into_dry_run(mut self) -> Self {
        self.fields.insert("dryRun".to_owned(), json!(true));
        self.request.dry_run = true;
        self
    }
}
