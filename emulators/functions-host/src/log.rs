//! The host's log: kept, so that tests can read it and wait for what they expect.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::watch;

/// How grave a line is, in the words of .NET.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// What happens.
    Information,
    /// What should not be ignored.
    Warning,
    /// What failed.
    Error,
}

/// One line of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogRecord {
    /// How grave it is.
    pub level: LogLevel,
    /// Where it comes from, for example `Host.Function.Console` for what the handler printed.
    pub category: String,
    /// The line.
    pub message: String,
}

impl fmt::Display for LogRecord {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?} {}: {}", self.level, self.category, self.message)
    }
}

/// Is called with every line as it is written.
pub type Echo = Arc<dyn Fn(&LogRecord) + Send + Sync>;

/// What was waited for did not happen in time.
#[derive(Debug, thiserror::Error)]
#[error("waited {waited:?} for {condition}, in vain; the host's log:\n{log}")]
pub struct WaitError {
    /// How long.
    pub waited: Duration,
    /// For what.
    pub condition: String,
    /// The whole log, to see what happened instead.
    pub log: String,
}

/// The log. Clones write to the same one.
#[derive(Clone)]
pub(super) struct HostLog {
    records: Arc<Mutex<Vec<LogRecord>>>,
    length: watch::Sender<usize>,
    echo: Option<Echo>,
}

impl HostLog {
    pub(super) fn new(echo: Option<Echo>) -> Self {
        Self { records: Arc::default(), length: watch::Sender::new(0), echo }
    }

    pub(super) fn write(&self, level: LogLevel, category: &str, message: impl Into<String>) {
        let record = LogRecord { level, category: category.to_owned(), message: message.into() };
        if let Some(echo) = &self.echo {
            echo(&record);
        }
        let mut records = self.locked();
        records.push(record);
        self.length.send_replace(records.len());
    }

    pub(super) fn records(&self) -> Vec<LogRecord> {
        self.locked().clone()
    }

    /// The first line that contains the text, be it already there or yet to come.
    pub(super) async fn wait_for(
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
                // The sender lives as long as this log.
                drop(length.changed().await);
            }
        };
        let found = tokio::time::timeout(deadline, found).await;
        found.map_err(|_| self.in_vain(format!("'{text}' in the log"), deadline))
    }

    pub(super) fn in_vain(&self, condition: String, waited: Duration) -> WaitError {
        let lines: Vec<_> = self.locked().iter().map(ToString::to_string).collect();
        WaitError { waited, condition, log: lines.join("\n") }
    }

    /// A panic elsewhere leaves the list as it was.
    fn locked(&self) -> MutexGuard<'_, Vec<LogRecord>> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn what_does_not_come_ends_with_the_whole_log() {
        let log = HostLog::new(None);
        log.write(LogLevel::Error, "Host", "something else");
        let error = log.wait_for("this", Duration::ZERO).await.unwrap_err().to_string();
        assert!(
            error.contains("'this'") && error.contains("Error Host: something else"),
            "{error}"
        );
    }

    #[tokio::test]
    async fn a_line_is_found_whether_it_is_there_or_comes_later() {
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
