//! Completion: what the last word of a command line can be.
//!
//! The scripts for bash, zsh and fish ask the program at each press of Tab, so names come from the policy
//! file that is there. Nothing is looked up over the network.

mod names;
mod offer;
mod position;
#[cfg(test)]
mod tests;

use std::ffi::OsString;

use clap::{Arg, Command, ValueHint};
use names::Names;
pub(crate) use offer::Offer;
use offer::Word;
use position::{Place, Position};

/// The name in help texts of a value that is a folder.
const FOLDER: &str = "FOLDER";

/// What follows the program's name if a completion script asks: this, `--`, and the words of the command
/// line up to the cursor. It is no command, because a faulty setting must not end it.
const QUESTION: [&str; 2] = ["__complete", "--"];

/// Returns the words if the arguments of this process are the question of a completion script.
pub(crate) fn question(arguments: impl Iterator<Item = OsString>) -> Option<Vec<String>> {
    let mut arguments = arguments.skip(1).map(|it| it.to_string_lossy().into_owned());
    let is_question = QUESTION.iter().all(|part| arguments.next().as_deref() == Some(part));
    is_question.then(|| arguments.collect())
}

/// Returns what the last of the words can be. The first word is the program.
pub(crate) fn offer(command: &mut Command, words: &[String]) -> Offer {
    command.build();
    let Some((last, [_, before @ ..])) = words.split_last() else { return Offer::default() };
    let position = Position::of(command, before, last);
    match &position.place {
        Place::Value { argument, prefix } => values(argument, &position)
            .starting_with(last.strip_prefix(prefix.as_str()).unwrap_or_default())
            .after(prefix),
        Place::OptionName => options(&position).starting_with(last),
        Place::Word(positional) => {
            let offer = positional.map_or_else(Offer::default, |it| values(it, &position));
            let is_end = positional.is_none() && !position.command.has_subcommands();
            if is_end {
                return options(&position).starting_with(last);
            }
            offer.or_words(subcommands(position.command, last)).starting_with(last)
        }
    }
}

/// The values that an argument can have.
fn values(argument: &Arg, position: &Position<'_>) -> Offer {
    let possible = argument.get_possible_values();
    if !possible.is_empty() {
        let shown = possible.iter().filter(|value| !value.is_hide_set());
        return Offer::Words(
            shown.map(|value| Word::new(value.get_name(), value.get_help())).collect(),
        );
    }
    let is_folder = argument.get_value_names().is_some_and(|names| names.iter().eq([FOLDER]));
    match argument.get_value_hint() {
        ValueHint::DirPath => Offer::Folders,
        ValueHint::AnyPath if is_folder => Offer::Folders,
        ValueHint::AnyPath | ValueHint::FilePath => Offer::Files,
        _ => Offer::Words(Names::of(position).values(argument.get_id().as_str())),
    }
}

/// The options that can still be given.
fn options(position: &Position<'_>) -> Offer {
    let arguments = position.command.get_arguments();
    let open = arguments.filter(|it| !it.is_hide_set() && position.accepts(it));
    let names =
        open.filter_map(|it| Some(Word::new(&format!("--{}", it.get_long()?), it.get_help())));
    Offer::Words(names.collect())
}

/// The subcommands by their names, or by their aliases if no name begins like the word.
fn subcommands(command: &Command, word: &str) -> Vec<Word> {
    let shown = || command.get_subcommands().filter(|it| !it.is_hide_set());
    let names: Vec<_> = shown().map(|it| Word::new(it.get_name(), it.get_about())).collect();
    if names.iter().any(|name| name.starts_with(word)) {
        return names;
    }
    let aliases = shown().flat_map(|it| {
        it.get_visible_aliases().map(|alias| Word::new(alias, it.get_about())).collect::<Vec<_>>()
    });
    aliases.collect()
}
