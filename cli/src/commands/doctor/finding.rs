//! The finding of a check.

use serde::Serialize;

use crate::{exit::Exit, failure::Failure};

/// The finding of a check.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Finding {
    /// What was checked.
    pub(super) check: String,
    pub(super) state: State,
    /// The result, in a sentence.
    pub(super) found: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) advice: Option<String>,
}

/// The state of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum State {
    /// The check passed.
    Ok,
    /// The check passed, and something deserves attention.
    Warning,
    /// The check failed.
    Failed,
    /// The check was not asked for.
    NotChecked,
    /// The check could not read what it is about, or could not decide.
    Unknown,
}

impl Finding {
    fn new(check: &str, state: State, found: impl Into<String>) -> Self {
        Self { check: check.to_owned(), state, found: found.into(), advice: None }
    }

    /// A check that passed.
    pub(super) fn ok(check: &str, found: impl Into<String>) -> Self {
        Self::new(check, State::Ok, found)
    }

    /// A check that found something which deserves attention.
    pub(super) fn warning(check: &str, found: impl Into<String>) -> Self {
        Self::new(check, State::Warning, found)
    }

    /// A check that failed.
    pub(super) fn bad(check: &str, found: impl Into<String>) -> Self {
        Self::new(check, State::Failed, found)
    }

    /// A check that failed because of an error. Its hint becomes the advice.
    pub(super) fn failed(check: &str, failure: &Failure) -> Self {
        let finding = Self::bad(check, failure.sentence.clone());
        Self { advice: failure.hint.clone(), ..finding }
    }

    /// A check that could not read something, because of an error. The hint becomes the advice. The check
    /// has failed if the error says that something does not exist, or that an option cannot be used.
    pub(super) fn not_seen(check: &str, failure: &Failure) -> Self {
        let finding = Self::failed(check, failure);
        match failure.exit {
            Exit::NotFound | Exit::Usage => finding,
            _ => Self { state: State::Unknown, ..finding },
        }
    }

    /// A check that needs an option which was not given.
    pub(super) fn not_checked(check: &str, option: &str) -> Self {
        Self::new(check, State::NotChecked, format!("skipped, because {option} was not given"))
            .advice(format!("pass {option}"))
    }

    /// A check that could not decide.
    pub(super) fn unclear(check: &str, found: impl Into<String>) -> Self {
        Self::new(check, State::Unknown, found)
    }

    /// Adds advice, in place of a hint.
    pub(super) fn advice(self, advice: impl Into<String>) -> Self {
        Self { advice: Some(advice.into()), ..self }
    }
}
