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

/// The stream of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stream {
    Stdout,
    Stderr,
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
    match stream {
        Stream::Stdout => LogLevel::Information,
        Stream::Stderr if line.to_ascii_lowercase().contains("warn") => LogLevel::Warning,
        Stream::Stderr => LogLevel::Error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stdout_is_information_and_stderr_is_an_error_unless_it_warns() {
        assert_eq!(level("error", Stream::Stdout), LogLevel::Information);
        assert_eq!(level("gone", Stream::Stderr), LogLevel::Error);
        assert_eq!(level("WARNing: gone", Stream::Stderr), LogLevel::Warning);
    }

    #[tokio::test]
    async fn the_last_three_lines_of_stderr_are_kept() {
        let (log, last_lines) = (HostLog::new(None), LastLines::default());
        copy(&b"1\n2\r\n3\n4"[..], Stream::Stderr, log.clone(), last_lines.clone()).await;
        assert_eq!(last_lines.joined(), "2,3,4");
        assert_eq!(log.records().len(), 4);
    }
}
