//! The handler's answer to one call.

use std::collections::BTreeMap;

use serde::Serialize;

/// The handler's answer to one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// The invocation succeeded: the host writes the outputs and is done with its cause.
    Succeeded(Outputs),
    /// The invocation failed: the host delivers its cause again, as the trigger does. The host drops
    /// the text, so whoever fails logs it first.
    Failed(String),
    /// There is no function of this name.
    UnknownFunction,
}

/// Messages for queue output bindings, by the name of the binding.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outputs(BTreeMap<String, Vec<String>>);

impl Outputs {
    /// Adds a message, whose text arrives exactly as it is given.
    #[must_use]
    pub fn message(mut self, binding: &str, text: String) -> Self {
        self.0.entry(binding.to_owned()).or_default().push(text);
        self
    }
}

/// On the wire, `{"Outputs":{"result":["…"]},"Logs":[],"ReturnValue":null}`.
///
/// A text stands in an array, even alone: a bare string that happens to be valid base64 is decoded
/// by the host.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Success<'a> {
    outputs: &'a BTreeMap<String, Vec<String>>,
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
                serde_json::to_vec(&Success { outputs, logs: [], return_value: () })
            }
            Self::Failed(error) => serde_json::to_vec(&Failure { error }),
            Self::UnknownFunction => {
                serde_json::to_vec(&Failure { error: "there is no function of this name" })
            }
        };
        // Maps with text keys and texts are always representable; `{}` is still a valid answer.
        body.unwrap_or_else(|_| b"{}".to_vec())
    }
}
