//! Output: tables and JSON on standard output, everything else on standard error.
//!
//! This is the only place that writes to the terminal. Texts come from the directory, the broker, files and
//! queues, so whatever is written here is made printable: lines and cells by [`printable`], JSON by
//! [`printable_json`].
//!
//! [`printable`]: app_roles::text::printable

mod line;
mod paging;
mod progress;
mod style;
mod table;
mod text;
mod wrapping;

use std::io::{self, IsTerminal as _, Write as _};

use app_roles::text::printable_json;
pub(crate) use line::Line;
pub(crate) use paging::Paging;
pub(crate) use progress::{Progress, with_progress};
use serde::Serialize;
pub(crate) use style::Tone;
pub(crate) use table::table;
use text::shown;
use wrapping::wrapped;

use crate::{
    completion::Offer,
    environment,
    exit::Exit,
    failure::Failure,
    options::{Format, GlobalOptions},
};

/// Standard output and standard error, and their format.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Screen {
    format: Format,
    /// Whether standard output shows colors.
    color: bool,
    /// Whether standard error shows colors.
    error_color: bool,
}

impl Screen {
    /// The screen for the format and the colors of the options.
    pub(crate) fn new(global: &GlobalOptions) -> Self {
        let color = !global.no_color && !environment::colors_are_disabled();
        Self {
            format: global.output,
            color: color && io::stdout().is_terminal(),
            error_color: color && io::stderr().is_terminal(),
        }
    }

    /// Returns whether the output is JSON.
    pub(crate) fn is_json(self) -> bool {
        self.format == Format::Json
    }

    /// Prints a line for people. With JSON output, it goes to standard error.
    pub(crate) fn say(self, line: impl Into<Line>) {
        if self.is_json() {
            self.note(line);
        } else {
            self.entry(line, 0);
        }
    }

    /// Prints a line for people, whose continuation on a terminal begins with `indent` spaces. Returns
    /// false if there is no reader any more.
    pub(crate) fn entry(self, line: impl Into<Line>, indent: usize) -> bool {
        print(&wrapped(&line.into().rendered(self.color), indent, &io::stdout()))
    }

    /// Prints a line as it is, without wrapping it for the terminal: a document of lines.
    pub(crate) fn unwrapped(self, line: &str) {
        print(&shown(line));
    }

    /// Prints a line for people like [`Self::entry`]. With JSON output, it goes to standard error.
    pub(crate) fn detail(self, line: impl Into<Line>, indent: usize) {
        if self.is_json() {
            let text = line.into().rendered(self.error_color);
            // An error of standard error cannot be reported.
            let _ = writeln!(io::stderr(), "{}", wrapped(&text, indent, &io::stderr()));
        } else {
            self.entry(line, indent);
        }
    }

    /// Prints a JSON document in one line. Returns false if there is no reader any more.
    pub(crate) fn json_line(self, document: &impl Serialize) -> Result<bool, Failure> {
        let text = serde_json::to_string(document).map_err(|error| not_encoded(&error))?;
        Ok(print(&printable_json(&text)))
    }

    /// Prints a table for people. With JSON output, it goes to standard error.
    pub(crate) fn table(self, headers: &[&str], rows: impl Iterator<Item = Vec<String>>) {
        let text = table(headers, rows);
        if self.is_json() {
            let _ = writeln!(io::stderr(), "{text}");
        } else {
            print(&text);
        }
    }

    /// Prints a remark to standard error.
    pub(crate) fn note(self, line: impl Into<Line>) {
        let text = line.into().rendered(self.error_color);
        // An error of standard error cannot be reported.
        let _ = writeln!(io::stderr(), "{}", wrapped(&text, 0, &io::stderr()));
    }

    /// Prints a question to standard error and leaves the cursor behind it.
    pub(crate) fn ask(self, question: &str) -> io::Result<()> {
        let mut error = io::stderr();
        write!(error, "{} ", shown(question))?;
        error.flush()
    }

    /// Prints a generated script as it is. It must not contain foreign text.
    pub(crate) fn script(self, script: &[u8]) -> io::Result<()> {
        io::stdout().write_all(script)
    }

    /// Prints a JSON document.
    pub(crate) fn json(self, document: &impl Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(document).map_err(|error| not_encoded(&error))?;
        print(&printable_json(&text));
        Ok(())
    }

    /// Prints a text of several lines that is a JSON document, for a file.
    pub(crate) fn file(self, document: &str) {
        print(&printable_json(document.trim_end()));
    }

    /// Prints a list: as a table, or as a JSON array.
    pub(crate) fn list<T: Serialize>(
        self,
        headers: &[&str],
        all: &[T],
        paging: Paging,
        columns: impl Fn(&T) -> Vec<String>,
    ) -> Result<(), Failure> {
        let page = paging.of(all, !self.is_json() && io::stdout().is_terminal())?;
        if self.is_json() {
            self.json(&page.items)?;
        } else if !page.items.is_empty() {
            print(&table(headers, page.items.iter().map(columns)));
        }
        if let Some(remark) = page.remark {
            self.note(remark);
        }
        Ok(())
    }

    /// Prints an error and its hint. Returns the exit status.
    pub(crate) fn fail(self, failure: &Failure) -> Exit {
        let line = Line::painted(Tone::Bad, "error:").then(" ").then(&failure.sentence);
        self.note(line);
        if let Some(hint) = &failure.hint {
            self.note(format!("hint: {hint}"));
        }
        failure.exit
    }
}

/// Prints why a command line is invalid, or the help text that was asked for. Returns the exit status.
pub(crate) fn refuse(error: &clap::Error) -> Exit {
    if !error.use_stderr() {
        let _ = error.print();
        return Exit::Done;
    }
    // The text repeats arguments and environment variables.
    for line in error.to_string().lines() {
        let _ = writeln!(io::stderr(), "{}", shown(line));
    }
    Exit::Usage
}

/// Prints the answer to a completion script. Returns the exit status.
pub(crate) fn offered(offer: &Offer) -> Exit {
    match io::stdout().write_all(offer.lines().as_bytes()) {
        Ok(()) => Exit::Done,
        Err(_) => Exit::Failed,
    }
}

fn not_encoded(error: &serde_json::Error) -> Failure {
    Failure::failed(format!("cannot encode the result as JSON: {error}"))
}

/// Prints a text. Returns false if the reader has closed the pipe, like `head`: it needs no more output.
fn print(text: &str) -> bool {
    writeln!(io::stdout(), "{text}").is_ok()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    /// Returns the Rust files below a folder.
    fn sources(folder: &Path) -> Vec<std::path::PathBuf> {
        let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let all = entries.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] });
        all.collect()
    }

    #[test]
    fn no_other_module_writes_to_the_terminal() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let own = [root.join("output"), root.join("output.rs")];
        for file in sources(&root) {
            let is_test = file.iter().any(|part| part == "tests");
            if is_test || own.iter().any(|own| file.starts_with(own)) {
                continue;
            }
            let text = std::fs::read_to_string(&file).unwrap();
            for way in ["stdout()", "stderr()", "print!(", "println!(", "dbg!(", "error.print()"] {
                assert!(!text.contains(way), "{} has {way}", file.display());
            }
        }
    }
}
