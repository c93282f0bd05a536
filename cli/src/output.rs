//! Output: results on standard output, everything else on standard error.
//!
//! This is the only place that writes to the terminal. Texts come from the directory, the broker, files and
//! queues, so whatever is written here is made printable: lines and cells by [`printable`], JSON by
//! [`printable_json`]. If a stream is no terminal, a pipeline may read it, and obeys some lines: `text` breaks
//! them.
//!
//! For programs, each line of standard error is a JSON object: `{"note": …}`, and at last `{"error": …}`. At a
//! terminal, notes stay lines for people, and the same holds for questions and progress, which appear only
//! there.
//!
//! [`printable`]: app_roles::text::printable
//! [`printable_json`]: app_roles::text::printable_json

pub(crate) mod csv;
mod document;
mod line;
mod paging;
mod problem;
mod progress;
mod rows;
mod stream;
mod streams;
mod style;
mod table;
mod text;
mod wrapping;
mod yaml;

use std::io::{self, IsTerminal as _, Write as _};

pub(crate) use line::Line;
pub(crate) use paging::Paging;
pub(crate) use progress::{Progress, with_progress};
use serde::Serialize;
pub(crate) use stream::Stream;
pub(crate) use style::Tone;
pub(crate) use table::table;
use text::{shown, shown_json};
use wire_formats::json::Node;
use wrapping::wrapped;

use crate::{
    completion::Offer, environment, exit::Exit, failure::Failure, format::Format,
    options::GlobalOptions, query::Query,
};

/// Standard output and standard error, and their format.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Screen {
    format: Format,
    query: Option<&'static Query>,
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
            format: global.format(),
            // A process has one screen, which every command copies.
            query: global.query.clone().map(|query| &*Box::leak(Box::new(query))),
            color: color && io::stdout().is_terminal(),
            error_color: color && io::stderr().is_terminal(),
        }
    }

    /// Returns whether the output is a document: JSON, another format for programs, or the answer to a
    /// query.
    pub(crate) fn prints_document(self) -> bool {
        self.format != Format::Table || self.query.is_some()
    }

    /// Prints a line for people. With a document as output, it goes to standard error.
    pub(crate) fn say(self, line: impl Into<Line>) {
        self.detail(line, 0);
    }

    /// Prints a line for people, whose continuation on a terminal begins with `indent` spaces. Returns
    /// false if there is no reader any more.
    pub(crate) fn entry(self, line: impl Into<Line>, indent: usize) -> bool {
        streams::print(&wrapped(&line.into().rendered(self.color), indent, &io::stdout()))
    }

    /// Prints a line as it is, without wrapping it for the terminal: a document of lines.
    pub(crate) fn unwrapped(self, line: &str) {
        streams::print(&shown(line));
    }

    /// Prints a line for people like [`Self::entry`]. With a document as output, it goes to standard error.
    pub(crate) fn detail(self, line: impl Into<Line>, indent: usize) {
        if self.prints_document() {
            self.aside(&line.into(), indent);
        } else {
            self.entry(line, indent);
        }
    }

    /// Begins a stream of objects with these columns.
    pub(crate) fn stream(self, columns: &[&str]) -> Stream {
        Stream::new(self.format_of_documents(), self.query, columns)
    }

    /// Prints a table for people. With a document as output, it goes to standard error.
    pub(crate) fn table(self, headers: &[&str], rows: impl Iterator<Item = Vec<String>>) {
        let text = table(headers, rows);
        if !self.prints_document() {
            streams::print(&text);
            return;
        }
        for line in text.lines() {
            self.aside_text(line, line);
        }
    }

    /// Prints a remark to standard error.
    pub(crate) fn note(self, line: impl Into<Line>) {
        self.aside(&line.into(), 0);
    }

    fn aside(self, line: &Line, indent: usize) {
        let text = wrapped(&line.rendered(self.error_color), indent, &io::stderr());
        self.aside_text(&text, &line.rendered(false));
    }

    /// Prints a text for people to standard error, or for programs as a note.
    fn aside_text(self, text: &str, note: &str) {
        if self.prints_document() && !io::stderr().is_terminal() {
            // A line without a text only separates others.
            if !note.is_empty() {
                streams::print_aside(&problem::note(note));
            }
        } else {
            streams::print_aside(text);
        }
    }

    /// Prints a question to standard error and leaves the cursor behind it.
    pub(crate) fn ask(self, question: &str) -> io::Result<()> {
        let mut error = io::stderr();
        write!(error, "{} ", shown(question))?;
        error.flush()
    }

    /// Prints a generated script as it is. It must not contain foreign text.
    pub(crate) fn script(self, script: &[u8]) {
        streams::write(script);
    }

    /// Prints a document in the format of the operator, or what the query selects from it.
    pub(crate) fn json(self, document: &impl Serialize) -> Result<(), Failure> {
        let node = Node::of(document).map_err(|_| not_encoded())?;
        let node = match self.query {
            Some(query) => query.apply(node)?,
            None => node,
        };
        let text = document::text(&node, self.format_of_documents()).map_err(|_| not_encoded())?;
        if let Some(text) = text {
            streams::print(&text);
        }
        Ok(())
    }

    /// The format of documents. Without a query, a table is one that the command makes itself.
    fn format_of_documents(self) -> Format {
        if self.prints_document() { self.format } else { Format::Json }
    }

    /// Prints a text of several lines that is a JSON document, for a file.
    pub(crate) fn file(self, document: &str) {
        streams::print(&shown_json(document.trim_end()));
    }

    /// Prints a list: as a table, or as a document.
    pub(crate) fn list<T: Serialize>(
        self,
        headers: &[&str],
        all: &[T],
        paging: Paging,
        columns: impl Fn(&T) -> Vec<String>,
    ) -> Result<(), Failure> {
        let page = paging.of(all, !self.prints_document() && io::stdout().is_terminal())?;
        if self.prints_document() {
            self.json(&page.items)?;
        } else if !page.items.is_empty() {
            streams::print(&table(headers, page.items.iter().map(columns)));
        }
        if let Some(remark) = page.remark {
            self.note(remark);
        }
        Ok(())
    }

    /// Ends a command: prints its error, or that its output is lost. Returns the exit status.
    pub(crate) fn end(self, outcome: Result<Exit, Failure>) -> Exit {
        match (outcome, streams::lost()) {
            (Err(failure), _) => self.fail(&failure),
            (Ok(_), Some(error)) => self.fail(&problem::lost(error)),
            (Ok(exit), None) => exit,
        }
    }

    /// Prints an error and its hint. Returns the exit status.
    fn fail(self, failure: &Failure) -> Exit {
        if self.prints_document() {
            streams::print_aside(&problem::error(failure));
            return failure.exit;
        }
        let line = Line::painted(Tone::Bad, "error:").then(" ").then(&failure.sentence);
        self.note(line);
        if let Some(hint) = &failure.hint {
            self.note(format!("hint: {hint}"));
        }
        failure.exit
    }
}

/// Prints why a command line is invalid, or the help text that was asked for. Returns the exit status.
pub(crate) fn refuse(error: &clap::Error, is_for_programs: bool) -> Exit {
    if !error.use_stderr() {
        streams::print_help(error);
        return match streams::lost() {
            Some(lost) => {
                streams::print_aside(&format!("error: {}", problem::lost(lost).sentence));
                Exit::Failed
            }
            None => Exit::Done,
        };
    }
    if is_for_programs {
        streams::print_aside(&problem::error(&problem::usage(&error.to_string())));
        return Exit::Usage;
    }
    // The text repeats arguments and environment variables.
    for line in error.to_string().lines() {
        streams::print_aside(&shown(line));
    }
    Exit::Usage
}

/// Prints the answer to a completion script. Returns the exit status.
pub(crate) fn offered(offer: &Offer) -> Exit {
    let is_lost = io::stdout().write_all(offer.lines().as_bytes()).is_err();
    if is_lost { Exit::Failed } else { Exit::Done }
}

fn not_encoded() -> Failure {
    Failure::failed("the result cannot be encoded as JSON")
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
