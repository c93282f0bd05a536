//! The handler's output, which goes line by line into the host's log (Azure Functions host, `WorkerProcess`).

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};

use crate::log::{HostLog, LogLevel};

const CONSOLE: &str = "Host.Function.Console";
/// The number of lines of stderr that the host repeats after the handler has ended.
const LAST_LINES: usize = 3;
/// The words that make a line of stderr an error if stderr is not for errors only.
const ERROR_WORDS: [&str; 4] = ["error", "fail", "severe", "unhandled exception"];

/// The stream of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stream {
    Stdout,
    /// `errors_only` is `useStdErrorStreamForErrorsOnly`.
    Stderr {
        errors_only: bool,
    },
}

/// The last lines of stderr.
#[derive(Clone, Default)]
pub(crate) struct LastLines(Arc<Mutex<VecDeque<String>>>);

impl LastLines {
    fn push(&self, line: &str) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == LAST_LINES {
            lines.pop_front();
        }
        lines.push_back(line.to_owned());
    }

    pub(crate) fn joined(&self) -> String {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().cloned().collect::<Vec<_>>().join(",")
    }
}

/// Copies a stream into the log until it ends.
pub(crate) async fn copy(
    source: impl AsyncRead + Unpin,
    stream: Stream,
    log: HostLog,
    last_lines: LastLines,
) {
    let mut reader = BufReader::new(source);
    let mut bytes = Vec::new();
    // A read error ends the copy like the end of the stream.
    while matches!(reader.read_until(b'\n', &mut bytes).await, Ok(1..)) {
        let text = String::from_utf8_lossy(&bytes);
        let line = text.trim_end_matches(['\r', '\n']);
        if stream != Stream::Stdout {
            last_lines.push(line);
        }
        log.write(level(line, stream), CONSOLE, line);
        bytes.clear();
    }
}

fn level(line: &str, stream: Stream) -> LogLevel {
    let lower = line.to_ascii_lowercase();
    match stream {
        Stream::Stdout => LogLevel::Information,
        Stream::Stderr { .. } if lower.contains("warn") => LogLevel::Warning,
        Stream::Stderr { errors_only: true } => LogLevel::Error,
        Stream::Stderr { errors_only: false } => {
            if ERROR_WORDS.iter().any(|word| lower.contains(word)) {
                LogLevel::Error
            } else {
                LogLevel::Information
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ERRORS_ONLY: Stream = Stream::Stderr { errors_only: true };

    #[test]
    fn stderr_is_an_error_unless_it_warns() {
        assert_eq!(level("gone", ERRORS_ONLY), LogLevel::Error);
        assert_eq!(level("WARNing: gone", ERRORS_ONLY), LogLevel::Warning);
        let mixed = Stream::Stderr { errors_only: false };
        assert_eq!(level("Failed", mixed), LogLevel::Error);
        assert_eq!(level("gone", mixed), LogLevel::Information);
    }

    #[test]
    fn stdout_is_information() {
        assert_eq!(level("error", Stream::Stdout), LogLevel::Information);
    }

    #[tokio::test]
    async fn the_last_three_lines_of_stderr_are_kept() {
        let (log, last_lines) = (HostLog::new(None), LastLines::default());
        copy(&b"1\n2\r\n3\n4"[..], ERRORS_ONLY, log.clone(), last_lines.clone()).await;
        assert_eq!(last_lines.joined(), "2,3,4");
        assert_eq!(log.records().len(), 4);
    }
}
