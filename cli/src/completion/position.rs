//! Where in a command line its last word stands.

use clap::{Arg, ArgAction, Command};

/// Where the last word stands, and what stands before it.
pub(super) struct Position<'a> {
    /// The command that the words before select.
    pub(super) command: &'a Command,
    /// What the last word is.
    pub(super) place: Place<'a>,
    /// The arguments before it, by their ids, with their values. A flag has an empty one.
    given: Vec<(&'a str, String)>,
}

/// What a word can be.
pub(super) enum Place<'a> {
    /// The value of an option. The prefix stands before it in the same word, like `--output=`.
    Value { argument: &'a Arg, prefix: String },
    /// The name of an option.
    OptionName,
    /// A subcommand, or a value of this positional argument, if one can still be given.
    Word(Option<&'a Arg>),
}

/// Reads words from left to right.
struct Reader<'a> {
    command: &'a Command,
    given: Vec<(&'a str, String)>,
    /// The number of positional arguments that are complete.
    positionals: usize,
    /// The option whose value comes next.
    awaited: Option<&'a Arg>,
    /// Whether `--` was read, after which nothing is an option.
    no_more_options: bool,
}

impl<'a> Position<'a> {
    pub(super) fn of(command: &'a Command, before: &[String], last: &str) -> Self {
        let mut reader = Reader {
            command,
            given: Vec::new(),
            positionals: 0,
            awaited: None,
            no_more_options: false,
        };
        for word in before {
            reader.read(word);
        }
        let place = reader.place(last);
        Self { command: reader.command, place, given: reader.given }
    }

    /// The values of an argument before the word.
    pub(super) fn given(&self, argument: &str) -> impl Iterator<Item = &str> {
        self.given.iter().filter(move |(id, _)| *id == argument).map(|(_, value)| value.as_str())
    }

    /// Whether an option can still be given.
    pub(super) fn accepts(&self, option: &Arg) -> bool {
        matches!(option.get_action(), ArgAction::Append | ArgAction::Count)
            || self.given(option.get_id().as_str()).next().is_none()
    }
}

impl<'a> Reader<'a> {
    fn read(&mut self, word: &str) {
        if let Some(option) = self.awaited.take() {
            self.give(option, word);
        } else if self.no_more_options {
            self.read_positional(word);
        } else if word == "--" {
            self.no_more_options = true;
        } else if let Some(long) = word.strip_prefix("--") {
            self.read_long(long);
        } else if let Some(letters) = word.strip_prefix('-').filter(|it| !it.is_empty()) {
            self.read_letters(letters);
        } else if let Some(below) =
            self.command.find_subcommand(word).filter(|_| self.positionals == 0)
        {
            self.command = below;
        } else {
            self.read_positional(word);
        }
    }

    fn read_long(&mut self, text: &str) {
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (text, None),
        };
        match (self.long(name), value) {
            (Some(option), Some(value)) => self.give(option, value),
            (Some(option), None) => self.give_or_await(option),
            (None, _) => {}
        }
    }

    /// Reads letters after one hyphen. The rest after one that takes a value is its value.
    fn read_letters(&mut self, letters: &str) {
        for (at, letter) in letters.char_indices() {
            let Some(option) = self.letter(letter) else { return };
            let rest = letters.get(at + letter.len_utf8()..).unwrap_or_default();
            let rest = rest.trim_start_matches('=');
            if option.get_action().takes_values() && !rest.is_empty() {
                return self.give(option, rest);
            }
            self.give_or_await(option);
        }
    }

    fn read_positional(&mut self, word: &str) {
        let Some(argument) = self.positional() else { return };
        self.give(argument, word);
        let repeats = argument.get_num_args().is_some_and(|count| count.max_values() > 1);
        if !repeats {
            self.positionals += 1;
        }
    }

    fn give(&mut self, argument: &'a Arg, value: &str) {
        self.given.push((argument.get_id().as_str(), value.to_owned()));
    }

    fn give_or_await(&mut self, option: &'a Arg) {
        if option.get_action().takes_values() {
            self.awaited = Some(option);
        } else {
            self.give(option, "");
        }
    }

    /// What the last word is.
    fn place(&self, last: &str) -> Place<'a> {
        if let Some(argument) = self.awaited {
            return Place::Value { argument, prefix: String::new() };
        }
        if self.no_more_options || !last.starts_with('-') {
            return Place::Word(self.positional());
        }
        let option = last.strip_prefix("--").and_then(|text| text.split_once('='));
        match option.and_then(|(name, _)| Some((name, self.long(name)?))) {
            Some((name, argument)) => Place::Value { argument, prefix: format!("--{name}=") },
            None => Place::OptionName,
        }
    }

    fn positional(&self) -> Option<&'a Arg> {
        self.command.get_positionals().nth(self.positionals)
    }

    fn long(&self, name: &str) -> Option<&'a Arg> {
        let has = |option: &&Arg| {
            option.get_long_and_visible_aliases().is_some_and(|names| names.contains(&name))
        };
        self.command.get_arguments().find(has)
    }

    fn letter(&self, letter: char) -> Option<&'a Arg> {
        let has = |option: &&Arg| {
            option.get_short_and_visible_aliases().is_some_and(|letters| letters.contains(&letter))
        };
        self.command.get_arguments().find(has)
    }
}
