//! Warnings that are logged at most once an hour.

use std::time::Duration;

use memory_cache::TimedCache;

/// The time for which a warning is not repeated.
const HOUR: Duration = Duration::from_secs(60 * 60);

/// The largest number of warnings that are remembered. Beyond this, the oldest may be logged again.
const CAPACITY: usize = 1024;

/// The warnings of the last hour.
pub(crate) struct WarnOnce(TimedCache<String, ()>);

impl Default for WarnOnce {
    fn default() -> Self {
        Self(TimedCache::new(CAPACITY))
    }
}

impl WarnOnce {
    /// Whether to log this warning now. If `true`, it counts as logged.
    pub(crate) fn is_due(&self, warning: &str) -> bool {
        self.0.insert_if_absent(warning.to_owned(), (), HOUR)
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
}
