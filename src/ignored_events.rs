//! Counts the events that the broker ignores. They are not logged one by one, because a subscription has
//! thousands a day.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use app_roles::event::Ignored;
use tokio::time::Instant;

/// The interval of the log lines with the totals.
const REPORT_EVERY: Duration = Duration::from_secs(60);

/// The number of ignored events since the start, by reason.
#[derive(Debug, Default)]
pub struct IgnoredEvents(Mutex<Count>);

#[derive(Debug, Default)]
struct Count {
    by_reason: BTreeMap<Ignored, u64>,
    reported: Option<Instant>,
}

impl IgnoredEvents {
    /// Counts an event, and logs the totals at most once a minute.
    pub fn count(&self, reason: Ignored) {
        if let Some(total) = self.add(reason) {
            tracing::info!(event = "events.ignored", total, "since the start, by the reason");
        }
    }

    /// Counts an event. Returns the totals if it is time to log them.
    fn add(&self, reason: Ignored) -> Option<String> {
        let mut count = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *count.by_reason.entry(reason).or_default() += 1;
        if count.reported.is_some_and(|at| at.elapsed() < REPORT_EVERY) {
            return None;
        }
        count.reported = Some(Instant::now());
        let parts: Vec<_> =
            count.by_reason.iter().map(|(reason, count)| format!("{reason:?} {count}")).collect();
        Some(parts.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn every_event_is_counted_and_one_line_a_minute_has_the_sums() {
        let ignored = IgnoredEvents::default();
        assert_eq!(ignored.add(Ignored::NoRule).as_deref(), Some("NoRule 1"));
        for _ in 0..100 {
            assert_eq!(ignored.add(Ignored::OtherType), None);
        }
        tokio::time::advance(REPORT_EVERY).await;
        let line = ignored.add(Ignored::NoRule).unwrap();
        assert_eq!(line, "OtherType 100, NoRule 2");
    }
}
