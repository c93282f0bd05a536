//! The handler's answer to one call.

mod entity;
mod response;

use std::collections::BTreeMap;

pub use entity::{Entity, InvalidEntity, beginning};
pub use response::HttpResponse;
use serde::Serialize;

/// Bytes for which there is room at first: the answer to a request for one role, with its record, takes
/// half of it.
const USUAL_LENGTH: usize = 6 * 1024;

/// The handler's answer to one call.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// The invocation succeeded: the host writes the outputs and is done with its cause.
    Succeeded(Outputs),
    /// The invocation failed: the host delivers its cause again, as the trigger does. The host drops
    /// the text, so whoever fails logs it first.
    Failed(String),
    /// There is no function of this name.
    UnknownFunction,
}

/// What the host is to write, by the name of the output binding.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outputs(BTreeMap<String, Output>);

/// What one output binding takes.
///
/// On the wire, messages are an array of texts, even a single one: a bare text that happens to be
/// valid base64 is decoded by the host. Entities are an array of objects.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
enum Output {
    Messages(Vec<String>),
    Entities(Vec<Entity>),
    Response(HttpResponse),
}

impl Outputs {
    /// Adds a message for a queue, whose text arrives exactly as it is given.
    #[must_use]
    pub fn message(mut self, binding: &str, text: String) -> Self {
        let output =
            self.0.entry(binding.to_owned()).or_insert_with(|| Output::Messages(Vec::new()));
        if let Output::Messages(messages) = output {
            messages.push(text);
        }
        self
    }

    /// Adds entities for a table; without any, the binding is left alone.
    #[must_use]
    pub fn entities(mut self, binding: &str, entities: Vec<Entity>) -> Self {
        if !entities.is_empty() {
            self.0.insert(binding.to_owned(), Output::Entities(entities));
        }
        self
    }

    /// Adds what other outputs have: messages and entities after those that are here.
    #[must_use]
    pub fn and(mut self, others: Self) -> Self {
        for (binding, output) in others.0 {
            match (self.0.get_mut(&binding), output) {
                (Some(Output::Messages(known)), Output::Messages(more)) => known.extend(more),
                (Some(Output::Entities(known)), Output::Entities(more)) => known.extend(more),
                (_, output) => {
                    self.0.insert(binding, output);
                }
            }
        }
        self
    }

    /// How many entities there are for a table.
    #[must_use]
    pub fn count_entities(&self, binding: &str) -> usize {
        match self.0.get(binding) {
            Some(Output::Entities(entities)) => entities.len(),
            _ => 0,
        }
    }

    /// Sets the answer to an HTTP caller.
    #[must_use]
    pub fn response(mut self, binding: &str, response: HttpResponse) -> Self {
        self.0.insert(binding.to_owned(), Output::Response(response));
        self
    }
}

/// On the wire, `{"Outputs":{"result":["…"]},"Logs":[],"ReturnValue":null}`.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Success<'a> {
    outputs: &'a BTreeMap<String, Output>,
    logs: [&'a str; 0],
    return_value: (),
}

#[derive(Serialize)]
struct Failure<'a> {
    error: &'a str,
}

impl Reply {
    /// The HTTP status that means this to the host.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::Succeeded(_) => 200,
            Self::Failed(_) => 500,
            Self::UnknownFunction => 404,
        }
    }

    /// The body: always a JSON object. On an empty body with a status of the 200s the host waits
    /// until the function's timeout and then kills the handler.
    #[must_use]
    pub fn body(&self) -> Vec<u8> {
        let body = match self {
            Self::Succeeded(Outputs(outputs)) => {
                json(&Success { outputs, logs: [], return_value: () })
            }
            Self::Failed(error) => json(&Failure { error }),
            Self::UnknownFunction => json(&Failure { error: "there is no function of this name" }),
        };
        // Maps with text keys and texts are always representable; `{}` is still a valid answer.
        body.unwrap_or_else(|_| b"{}".to_vec())
    }
}

fn json(value: &impl Serialize) -> Result<Vec<u8>, serde_json::Error> {
    let mut json = Vec::with_capacity(USUAL_LENGTH);
    serde_json::to_writer(&mut json, value)?;
    Ok(json)
}
