//! What a shell can offer for a word.

use app_roles::text::printable;
use clap::builder::StyledStr;

/// What a shell can offer for a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Offer {
    /// These words.
    Words(Vec<Word>),
    /// Files, which the shell knows best.
    Files,
    /// Folders.
    Folders,
}

/// A word, and what it means in one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Word {
    text: String,
    help: String,
}

impl Word {
    pub(super) fn new(text: &str, help: Option<&StyledStr>) -> Self {
        let help = help.map(ToString::to_string).unwrap_or_default();
        let first = help.lines().next().unwrap_or_default();
        Self { text: text.to_owned(), help: printable(first).into_owned() }
    }

    /// A name from a file. `None` if a shell would have to quote it or would take it for an option.
    pub(super) fn name(text: &str, help: &str) -> Option<Self> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "._:/@-".contains(c);
        let is_word = !text.is_empty() && !text.starts_with('-') && text.chars().all(is_plain);
        is_word.then(|| Self { text: text.to_owned(), help: help.to_owned() })
    }

    /// Returns whether the word begins like this, ignoring case.
    pub(super) fn starts_with(&self, start: &str) -> bool {
        self.text.get(..start.len()).is_some_and(|own| own.eq_ignore_ascii_case(start))
    }

    pub(super) fn is(&self, text: &str) -> bool {
        self.text.eq_ignore_ascii_case(text)
    }
}

impl Default for Offer {
    fn default() -> Self {
        Self::Words(Vec::new())
    }
}

impl Offer {
    /// Keeps the words that begin like this, ignoring case.
    pub(super) fn starting_with(mut self, start: &str) -> Self {
        if let Self::Words(words) = &mut self {
            words.retain(|word| word.starts_with(start));
        }
        self
    }

    /// Puts the same text before each word.
    pub(super) fn after(mut self, prefix: &str) -> Self {
        if let Self::Words(words) = &mut self {
            words.iter_mut().for_each(|word| word.text.insert_str(0, prefix));
        }
        self
    }

    /// Adds words. An offer of files that also has words becomes an offer of the words.
    pub(super) fn or_words(self, more: Vec<Word>) -> Self {
        match self {
            Self::Words(words) => Self::Words(more.into_iter().chain(words).collect()),
            other if more.is_empty() => other,
            _ => Self::Words(more),
        }
    }

    /// Returns the offer in the form that the scripts read: its kind, then one word on each line, with its
    /// help after a tab.
    pub(crate) fn lines(&self) -> String {
        match self {
            Self::Files => "files\n".to_owned(),
            Self::Folders => "folders\n".to_owned(),
            Self::Words(words) => {
                let lines = words.iter().map(|word| match word.help.as_str() {
                    "" => format!("{}\n", word.text),
                    help => format!("{}\t{help}\n", word.text),
                });
                ["words\n".to_owned()].into_iter().chain(lines).collect()
            }
        }
    }
}
