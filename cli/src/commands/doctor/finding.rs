//! What was found about one thing.

use serde::Serialize;

use crate::failure::Failure;

/// What was found about one thing.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Finding {
    /// What was looked at.
    pub(super) check: String,
    pub(super) state: State,
    /// What was found.
    pub(super) found: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) advice: Option<String>,
}

/// Whether it is as it must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum State {
    Ok,
    Failed,
    NotChecked,
}

impl Finding {
    fn new(check: &str, state: State, found: impl Into<String>) -> Self {
        Self { check: check.to_owned(), state, found: found.into(), advice: None }
    }

    pub(super) fn ok(check: &str, found: impl Into<String>) -> Self {
        Self::new(check, State::Ok, found)
    }

    pub(super) fn bad(check: &str, found: impl Into<String>) -> Self {
        Self::new(check, State::Failed, found)
    }

    pub(super) fn failed(check: &str, failure: &Failure) -> Self {
        let finding = Self::bad(check, failure.sentence.clone());
        Self { advice: failure.hint.clone(), ..finding }
    }

    /// What could not be looked at for want of this option.
    pub(super) fn not_checked(check: &str, option: &str) -> Self {
        Self::new(check, State::NotChecked, format!("not looked at; {option} says where it is"))
    }

    /// What nobody here can tell.
    pub(super) fn unclear(check: &str, found: impl Into<String>) -> Self {
        Self::new(check, State::NotChecked, found)
    }

    pub(super) fn advice(self, advice: impl Into<String>) -> Self {
        Self { advice: Some(advice.into()), ..self }
    }
}
