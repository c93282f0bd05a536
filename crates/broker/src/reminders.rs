//! Warnings that are worth one line an hour, however often there is cause for them.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// How long a warning is not repeated.
const HOUR: Duration = Duration::from_secs(60 * 60);

/// Most warnings that are remembered; beyond them, all may be said again.
const MOST: usize = 1024;

/// What was warned of, and when.
#[derive(Default)]
pub(super) struct Reminders(Mutex<HashMap<String, Instant>>);

impl Reminders {
    /// Whether to warn of this now. Whoever asks is taken to do so.
    pub(super) fn is_due(&self, warning: &str) -> bool {
        let mut given = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if given.get(warning).is_some_and(|at| at.elapsed() < HOUR) {
            return false;
        }
        if given.len() >= MOST {
            given.clear();
        }
        given.insert(warning.to_owned(), Instant::now());
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn each_warning_is_due_once_an_hour() {
        let reminders = Reminders::default();
        assert!(reminders.is_due("a") && reminders.is_due("b"));
        assert!(!reminders.is_due("a"));
        tokio::time::advance(HOUR).await;
        assert!(reminders.is_due("a"));
    }

    #[test]
    fn many_warnings_do_not_fill_the_memory() {
        let reminders = Reminders::default();
        for number in 0..3 * MOST {
            reminders.is_due(&number.to_string());
        }
        assert!(reminders.0.lock().unwrap().len() <= MOST);
    }
}
