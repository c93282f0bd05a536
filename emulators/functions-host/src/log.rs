//! The host's log. It is kept, so that tests can read it and wait for a line.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::watch;

/// The category of lines about the start of the host.
pub(crate) const STARTUP: &str = "Host.Startup";

/// The severity of a line, in .NET's terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// A normal event.
    Information,
    /// An abnormal event.
    Warning,
    /// A failure.
    Error,
}

/// One line of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogRecord {
    /// The severity.
    pub level: LogLevel,
    /// The source, for example `Host.Function.Console` for the handler's output.
    pub category: String,
    /// The text.
    pub message: String,
}

impl fmt::Display for LogRecord {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?} {}: {}", self.level, self.category, self.message)
    }
}

/// A function that is called with every line.
pub type Echo = Arc<dyn Fn(&LogRecord) + Send + Sync>;

/// A condition that was not met before the deadline.
#[derive(Debug, thiserror::Error)]
#[error("timed out after {waited:?} waiting for {condition}; the host's log:\n{log}")]
pub struct WaitError {
    /// The time waited.
    pub waited: Duration,
    /// The condition.
    pub condition: String,
    /// The whole log.
    pub log: String,
}

/// The log. Clones share their lines.
#[derive(Clone)]
pub(crate) struct HostLog {
    records: Arc<Mutex<Vec<LogRecord>>>,
    length: watch::Sender<usize>,
    echo: Option<Echo>,
}

impl HostLog {
    pub(crate) fn new(echo: Option<Echo>) -> Self {
        Self { records: Arc::default(), length: watch::Sender::new(0), echo }
    }

    pub(crate) fn write(&self, level: LogLevel, category: &str, message: impl Into<String>) {
        let record = LogRecord { level, category: category.to_owned(), message: message.into() };
        if let Some(echo) = &self.echo {
            echo(&record);
        }
        let mut records = self.locked();
        records.push(record);
        self.length.send_replace(records.len());
    }

    pub(crate) fn records(&self) -> Vec<LogRecord> {
        self.locked().clone()
    }

    /// Waits for the first line that contains the text, which may exist already.
    pub(crate) async fn wait_for(
        &self,
        text: &str,
        deadline: Duration,
    ) -> Result<LogRecord, WaitError> {
        let find = || self.locked().iter().find(|record| record.message.contains(text)).cloned();
        let mut length = self.length.subscribe();
        let found = async {
            loop {
                length.mark_unchanged();
                if let Some(record) = find() {
                    return record;
                }
                // The wait cannot fail, because the sender is part of this log.
                drop(length.changed().await);
            }
        };
        let found = tokio::time::timeout(deadline, found).await;
        found.map_err(|_| self.timed_out(format!("'{text}' in the log"), deadline))
    }

    pub(crate) fn timed_out(&self, condition: String, waited: Duration) -> WaitError {
        let lines: Vec<_> = self.locked().iter().map(ToString::to_string).collect();
        WaitError { waited, condition, log: lines.join("\n") }
    }

    /// A panic elsewhere leaves the list consistent.
    fn locked(&self) -> MutexGuard<'_, Vec<LogRecord>> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn a_timeout_reports_the_whole_log() {
        let log = HostLog::new(None);
        log.write(LogLevel::Error, "Host", "something else");
        let error = log.wait_for("this", Duration::ZERO).await.unwrap_err().to_string();
        assert!(
            error.contains("'this'") && error.contains("Error Host: something else"),
            "{error}"
        );
    }

    #[tokio::test]
    async fn a_line_is_found_whether_it_exists_or_is_written_later() {
        let log = HostLog::new(None);
        log.write(LogLevel::Information, "Host", "early line");
        log.wait_for("early", LONG).await.unwrap();
        let (found, ()) = tokio::join!(log.wait_for("late", LONG), async {
            tokio::task::yield_now().await;
            log.write(LogLevel::Information, "Host", "late line");
        });
        assert_eq!(found.unwrap().message, "late line");
    }
}
