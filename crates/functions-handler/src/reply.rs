//! The handler's reply to an invocation.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::http_response::HttpResponse;

/// The initial capacity of a reply, in bytes: twice the reply to a request for one role.
const USUAL_LENGTH: usize = 6 * 1024;

/// The handler's reply to an invocation.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// The invocation succeeded. The host writes the outputs and completes the trigger.
    Succeeded(Outputs),
    /// The invocation failed. The host retries it as the trigger prescribes. It discards the text, so the
    /// handler must log the reason itself.
    Failed(String),
    /// No function has this name.
    UnknownFunction,
}

/// What the host writes: outputs by the name of their binding, and lines for the invocation's log.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outputs {
    by_binding: BTreeMap<String, Output>,
    logs: Vec<String>,
}

/// The value of one output binding.
///
/// On the wire, messages are an array of strings even if there is one: the host decodes a bare string
/// that happens to be valid base64.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
enum Output {
    Messages(Vec<String>),
    Response(HttpResponse),
}

impl Outputs {
    /// Adds a message to a queue. Its text arrives unchanged.
    #[must_use]
    pub fn message(mut self, binding: &str, text: String) -> Self {
        let output = self
            .by_binding
            .entry(binding.to_owned())
            .or_insert_with(|| Output::Messages(Vec::new()));
        if let Output::Messages(messages) = output {
            messages.push(text);
        }
        self
    }

    /// Sets the response to an HTTP caller.
    #[must_use]
    pub fn response(mut self, binding: &str, response: HttpResponse) -> Self {
        self.by_binding.insert(binding.to_owned(), Output::Response(response));
        self
    }

    /// Adds lines to the log of the invocation, which the portal shows. The host drops them if the
    /// invocation fails (Azure Functions host, issue 11086).
    #[must_use]
    pub fn log(mut self, lines: impl IntoIterator<Item = String>) -> Self {
        self.logs.extend(lines);
        self
    }

    /// Adds the outputs and lines of `others`.
    #[must_use]
    pub fn and(mut self, others: Self) -> Self {
        self.logs.extend(others.logs);
        for (binding, output) in others.by_binding {
            match (self.by_binding.get_mut(&binding), output) {
                (Some(Output::Messages(known)), Output::Messages(more)) => known.extend(more),
                (_, output) => {
                    self.by_binding.insert(binding, output);
                }
            }
        }
        self
    }
}

/// On the wire, `{"Outputs":{"result":["…"]},"Logs":["…"],"ReturnValue":null}`.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Success<'a> {
    outputs: &'a BTreeMap<String, Output>,
    logs: &'a [String],
    return_value: (),
}

#[derive(Serialize)]
struct Failure<'a> {
    error: &'a str,
}

impl Reply {
    /// The HTTP status of the reply.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::Succeeded(_) => 200,
            Self::Failed(_) => 500,
            Self::UnknownFunction => 404,
        }
    }

    /// The body, always a JSON object. If the body of a 2xx reply is empty, the host waits until the
    /// function times out, and then kills the handler.
    #[must_use]
    pub fn body(&self) -> Vec<u8> {
        let body = match self {
            Self::Succeeded(Outputs { by_binding, logs }) => {
                json(&Success { outputs: by_binding, logs, return_value: () })
            }
            Self::Failed(error) => json(&Failure { error }),
            Self::UnknownFunction => json(&Failure { error: "no function has this name" }),
        };
        // A map of strings can always be written; `{}` is still a valid reply.
        body.unwrap_or_else(|_| b"{}".to_vec())
    }
}

fn json(value: &impl Serialize) -> Result<Vec<u8>, serde_json::Error> {
    let mut json = Vec::with_capacity(USUAL_LENGTH);
    serde_json::to_writer(&mut json, value)?;
    Ok(json)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn lines_of_the_log_are_written_with_a_success_only() {
        let line = |text: &str| Outputs::default().log([text.to_owned()]);
        let reply = Reply::Succeeded(line("first").and(line("second")));
        let body: Value = serde_json::from_slice(&reply.body()).unwrap();
        assert_eq!(
            body,
            json!({ "Outputs": {}, "Logs": ["first", "second"], "ReturnValue": null })
        );
        let body: Value = serde_json::from_slice(&Reply::Failed("why".to_owned()).body()).unwrap();
        assert_eq!(body, json!({ "error": "why" }));
    }
}
