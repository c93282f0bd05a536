//! Standard output, with errors that are not swallowed.

use std::{
    fs::File,
    io::{self, Write},
};

use app_roles::text::printable_json;
use broker::LogOutput;
use tracing_subscriber::fmt::MakeWriter;

/// Writes log lines to standard output, and notes when that fails.
///
/// The standard library reports success for a standard output that is closed, so lines are written to
/// the file behind it.
pub(super) struct StandardOutput {
    file: Option<File>,
    state: LogOutput,
}

impl StandardOutput {
    pub(super) fn new(state: LogOutput) -> Self {
        let file = open().inspect_err(|_| state.set_broken()).ok();
        Self { file, state }
    }
}

#[cfg(unix)]
fn open() -> io::Result<File> {
    use std::os::fd::AsFd as _;
    io::stdout().as_fd().try_clone_to_owned().map(File::from)
}

#[cfg(windows)]
fn open() -> io::Result<File> {
    use std::os::windows::io::AsHandle as _;
    io::stdout().as_handle().try_clone_to_owned().map(File::from)
}

impl<'a> MakeWriter<'a> for StandardOutput {
    type Writer = &'a Self;

    fn make_writer(&'a self) -> Self::Writer {
        self
    }
}

impl Write for &StandardOutput {
    /// Writes a whole line. Texts of others in it cannot deceive a reader: JSON leaves control characters
    /// outside ASCII, and characters that reorder text, as they are.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut file = self.file.as_ref().ok_or(io::ErrorKind::BrokenPipe)?;
        let text = String::from_utf8_lossy(line);
        let written = file.write_all(printable_json(&text).as_bytes());
        if let Err(error) = written {
            self.state.set_broken();
            return Err(error);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_cannot_be_written_breaks_the_output_for_good() {
        let state = LogOutput::default();
        let file = tempfile::NamedTempFile::new().unwrap();
        // A file that is open for reading only refuses every write, as a closed pipe does.
        let output = StandardOutput { file: File::open(file.path()).ok(), state: state.clone() };
        assert!(!state.is_broken());
        assert!((&output).write_all(b"line\n").is_err());
        assert!(state.is_broken());
    }

    #[test]
    fn characters_that_deceive_a_reader_are_escaped() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let output = StandardOutput { file: file.reopen().ok(), state: LogOutput::default() };
        (&output).write_all("{\"name\":\"a\u{9b}31m\u{202e}b\"}\n".as_bytes()).unwrap();
        let line = std::fs::read_to_string(file.path()).unwrap();
        assert_eq!(line, "{\"name\":\"a\\u009b31m\\u202eb\"}\n");
    }

    #[test]
    fn lines_arrive_whole_and_in_order() {
        let state = LogOutput::default();
        let file = tempfile::NamedTempFile::new().unwrap();
        let output = StandardOutput { file: file.reopen().ok(), state: state.clone() };
        for line in ["first\n", "second\n"] {
            (&output).write_all(line.as_bytes()).unwrap();
        }
        assert_eq!(std::fs::read_to_string(file.path()).unwrap(), "first\nsecond\n");
        assert!(!state.is_broken());
    }
}
