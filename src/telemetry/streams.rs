//! Standard output and standard error, with errors that are not swallowed.

use std::{
    fs::File,
    io::{self, Write},
};

use broker::LogOutput;
use tracing::Level;

/// The stream of a line.
///
/// The Functions host ignores the level in a line. It stores each line of standard output as Information.
/// A line of standard error is a Warning if it contains the letters "warn" in any case, as the level of a
/// warning does, and otherwise an Error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stream {
    Output,
    Error,
}

impl Stream {
    /// The stream on which the host gives a line this severity.
    pub(super) fn of(level: Level) -> Self {
        if level <= Level::WARN { Self::Error } else { Self::Output }
    }
}

/// Writes log lines, and notes when that fails.
///
/// The standard library reports success for a stream that is closed, so lines are written to the file
/// behind it.
pub(super) struct Streams {
    output: Option<File>,
    error: Option<File>,
    state: LogOutput,
}

impl Streams {
    pub(super) fn new(state: LogOutput) -> Self {
        let [output, error] = open().map(|file| file.inspect_err(|_| state.set_broken()).ok());
        Self { output, error, state }
    }

    /// Writes a whole line.
    pub(super) fn write(&self, stream: Stream, line: &[u8]) {
        let file = match stream {
            Stream::Output => &self.output,
            Stream::Error => &self.error,
        };
        let written = file.as_ref().map(|mut file| file.write_all(line));
        if !matches!(written, Some(Ok(()))) {
            self.state.set_broken();
        }
    }
}

#[cfg(unix)]
fn open() -> [io::Result<File>; 2] {
    use std::os::fd::AsFd as _;
    [io::stdout().as_fd().try_clone_to_owned(), io::stderr().as_fd().try_clone_to_owned()]
        .map(|owned| owned.map(File::from))
}

#[cfg(windows)]
fn open() -> [io::Result<File>; 2] {
    use std::os::windows::io::AsHandle as _;
    [io::stdout().as_handle().try_clone_to_owned(), io::stderr().as_handle().try_clone_to_owned()]
        .map(|owned| owned.map(File::from))
}

#[cfg(test)]
impl Streams {
    /// Writes to files.
    pub(super) fn to_files(output: Option<File>, error: Option<File>, state: LogOutput) -> Self {
        Self { output, error, state }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_cannot_be_written_breaks_the_log_for_good() {
        for broken in [Stream::Output, Stream::Error] {
            let state = LogOutput::default();
            let file = tempfile::NamedTempFile::new().unwrap();
            // A file that is open for reading only refuses every write, as a closed pipe does.
            let [output, error] = [Stream::Output, Stream::Error].map(|stream| {
                let read_only = File::open(file.path()).unwrap();
                Some(if stream == broken { read_only } else { file.reopen().unwrap() })
            });
            let streams = Streams::to_files(output, error, state.clone());
            assert!(!state.is_broken());
            streams.write(broken, b"line\n");
            assert!(state.is_broken(), "{broken:?}");
        }
    }

    #[test]
    fn lines_arrive_whole_and_in_order() {
        let state = LogOutput::default();
        let file = tempfile::NamedTempFile::new().unwrap();
        let streams = Streams::to_files(file.reopen().ok(), None, state.clone());
        for line in ["first\n", "second\n"] {
            streams.write(Stream::Output, line.as_bytes());
        }
        assert_eq!(std::fs::read_to_string(file.path()).unwrap(), "first\nsecond\n");
        assert!(!state.is_broken());
    }
}
