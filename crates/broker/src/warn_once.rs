//! Warnings that are logged at most once an hour.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// How long a warning is not repeated.
const HOUR: Duration = Duration::from_secs(60 * 60);

/// The largest number of warnings that are remembered. Beyond it, all are forgotten and may be logged
/// again.
const CAPACITY: usize = 1024;

/// The warnings of the last hour.
#[derive(Default)]
pub(crate) struct WarnOnce(Mutex<HashMap<String, Instant>>);

impl WarnOnce {
    /// Whether to log this warning now. `true` counts as logged.
    pub(crate) fn is_due(&self, warning: &str) -> bool {
        let mut logged = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if logged.get(warning).is_some_and(|at| at.elapsed() < HOUR) {
            return false;
        }
        if logged.len() >= CAPACITY {
            logged.clear();
        }
        logged.insert(warning.to_owned(), Instant::now());
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn each_warning_is_due_once_an_hour() {
        let warnings = WarnOnce::default();
        assert!(warnings.is_due("a") && warnings.is_due("b"));
        assert!(!warnings.is_due("a"));
        tokio::time::advance(HOUR).await;
        assert!(warnings.is_due("a"));
    }

    #[test]
    fn many_warnings_do_not_fill_the_memory() {
        let warnings = WarnOnce::default();
        for number in 0..3 * CAPACITY {
            warnings.is_due(&number.to_string());
        }
        assert!(warnings.0.lock().unwrap().len() <= CAPACITY);
    }
}
