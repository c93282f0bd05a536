//! Sentences that combine the report's own words with names from policies and directories.

use crate::output::Line;

/// A sentence. Its names come from outside, and each output format shows them in its own way.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Phrase(Vec<Part>);

/// A part of a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// Our own words.
    Words(String),
    /// A name.
    Name(String),
    /// The name of a rule, which may contain spaces.
    Rule(String),
}

impl Part {
    /// The part as plain text.
    pub(super) fn plain(&self) -> String {
        match self {
            Self::Words(text) | Self::Name(text) => text.clone(),
            Self::Rule(text) => format!("\"{text}\""),
        }
    }
}

impl Phrase {
    /// The parts, in their order.
    pub(super) fn parts(&self) -> &[Part] {
        &self.0
    }

    /// Appends words.
    #[must_use]
    pub(super) fn words(mut self, words: &str) -> Self {
        self.0.push(Part::Words(words.to_owned()));
        self
    }

    /// Appends a name.
    #[must_use]
    pub(super) fn name(mut self, name: &str) -> Self {
        self.0.push(Part::Name(name.to_owned()));
        self
    }

    /// Appends the name of a rule.
    #[must_use]
    pub(super) fn rule(mut self, name: &str) -> Self {
        self.0.push(Part::Rule(name.to_owned()));
        self
    }

    /// Appends names: `a`, `b` and `c`.
    #[must_use]
    pub(super) fn names(self, names: &[String]) -> Self {
        self.list(names, Self::name)
    }

    /// Appends the names of rules.
    #[must_use]
    pub(super) fn rules(self, names: &[String]) -> Self {
        self.list(names, Self::rule)
    }

    fn list(self, names: &[String], append: fn(Self, &str) -> Self) -> Self {
        let last = names.len().saturating_sub(1);
        names.iter().enumerate().fold(self, |phrase, (index, name)| {
            let phrase = match index {
                0 => phrase,
                index if index == last => phrase.words(" and "),
                _ => phrase.words(", "),
            };
            append(phrase, name)
        })
    }

    /// Appends another phrase.
    #[must_use]
    pub(super) fn then(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Appends the sentence to a line for people.
    pub(super) fn on(&self, line: Line) -> Line {
        self.0.iter().fold(line, |line, part| line.then(&part.plain()))
    }
}
