//! The faults of a function folder.

use crate::settings_error::SettingsError;

/// Why the function in a folder cannot run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FolderError {
    #[error(transparent)]
    File(#[from] SettingsError),
    #[error("the binding type '{0}' is not supported by this emulator")]
    Unsupported(String),
    #[error("the table '{0}' is an input, which this emulator does not support")]
    TableInput(String),
    #[error("a function needs exactly one trigger, and this one has {0}")]
    Triggers(usize),
    #[error("the binding '{binding}' has no {field}")]
    Missing { binding: String, field: &'static str },
    #[error("{field} of the binding '{binding}' is '{value}', and should be {expected}")]
    Value { binding: String, field: &'static str, value: String, expected: &'static str },
    #[error("an httpTrigger needs exactly one http output in this emulator, and this one has {0}")]
    HttpOutputs(usize),
    #[error("an http output needs an httpTrigger, and this function has none")]
    NoHttpTrigger,
}
