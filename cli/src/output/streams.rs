//! Writing to standard output and standard error.

use std::{
    io::{self, ErrorKind, IsTerminal as _, Write as _},
    sync::OnceLock,
};

use super::text::for_pipelines;

/// The first error of standard output, except that its reader has gone. A process has one standard output.
static LOST: OnceLock<io::Error> = OnceLock::new();

/// Prints a text and a line break. Returns false if it has no reader: the reader has closed the pipe, like
/// `head`, or the output is lost.
pub(super) fn print(text: &str) -> bool {
    if io::stdout().is_terminal() {
        write(format!("{text}\n").as_bytes())
    } else {
        write(format!("{}\n", for_pipelines(text)).as_bytes())
    }
}

/// Prints bytes as they are. Returns false if they have no reader.
pub(super) fn write(bytes: &[u8]) -> bool {
    let mut output = io::stdout().lock();
    match output.write_all(bytes).and_then(|()| output.flush()) {
        Ok(()) => true,
        Err(error) => {
            keep(error);
            false
        }
    }
}

fn keep(error: io::Error) {
    // A reader that has gone needs no more output, so that is no failure.
    if error.kind() != ErrorKind::BrokenPipe {
        let _ = LOST.set(error);
    }
}

/// Returns why a part of the output is lost, if it is.
pub(super) fn lost() -> Option<&'static io::Error> {
    LOST.get()
}

/// Prints help or the version in the colors that clap chooses.
pub(super) fn print_help(help: &clap::Error) {
    if let Err(error) = help.print().and_then(|()| io::stdout().flush()) {
        keep(error);
    }
}

/// Prints a line to standard error, whose own errors cannot be reported.
pub(super) fn print_aside(text: &str) {
    let mut error = io::stderr();
    let _ = if error.is_terminal() {
        writeln!(error, "{text}")
    } else {
        writeln!(error, "{}", for_pipelines(text))
    };
}
