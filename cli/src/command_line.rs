//! Reading the command line, the environment included.
//!
//! [`Arguments`] says which options there are. What holds for all of them is done here.

use std::ffi::OsString;

use clap::{
    Arg, ArgMatches, Command, CommandFactory as _, FromArgMatches as _, parser::ValueSource,
};

use crate::{
    arguments::Arguments, environment, failure::Failure, output::Screen,
    storage_account::AccountText,
};

/// Why there are no arguments.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// The command line is invalid, or asks for help only.
    Unparsed(clap::Error),
    /// The command line can be parsed, but not used. The options say how errors look.
    Unusable(Screen, Failure),
}

/// Reads a command line, whose first word is the name of the program.
pub(crate) fn read(words: impl IntoIterator<Item = OsString>) -> Result<Arguments, Refusal> {
    let mut command = without_empty_variables(Arguments::command());
    let matches = command.try_get_matches_from_mut(words).map_err(Refusal::Unparsed)?;
    let arguments = Arguments::from_arg_matches(&matches)
        .map_err(|error| Refusal::Unparsed(error.format(&mut command)))?;
    let unusable = |failure| Refusal::Unusable(Screen::new(&arguments.global), failure);
    refuse_keys(&command, &matches).map_err(unusable)?;
    Ok(arguments)
}

/// Lets an empty environment variable count as unset, for every option.
fn without_empty_variables(command: Command) -> Command {
    command.mut_args(without_empty_variable).mut_subcommands(without_empty_variables)
}

fn without_empty_variable(argument: Arg) -> Arg {
    let is_empty = argument.get_env().is_some_and(environment::is_empty);
    if is_empty { argument.env(None::<&str>) } else { argument }
}

/// Refuses a storage account on the command line that is not named by a URL: it may be a connection
/// string, and other users can read the command line. The error does not repeat it.
fn refuse_keys(command: &Command, matches: &ArgMatches) -> Result<(), Failure> {
    for argument in command.get_arguments().filter(|argument| names_account(argument)) {
        let id = argument.get_id().as_str();
        let is_typed = matches.value_source(id) == Some(ValueSource::CommandLine);
        let account = matches.get_one::<AccountText>(id).filter(|_| is_typed);
        if account.is_some_and(|account| !account.is_url()) {
            return Err(not_an_endpoint(argument));
        }
    }
    let Some((name, matches)) = matches.subcommand() else { return Ok(()) };
    command.find_subcommand(name).map_or(Ok(()), |below| refuse_keys(below, matches))
}

fn names_account(argument: &Arg) -> bool {
    argument.get_value_parser().type_id() == std::any::TypeId::of::<AccountText>()
}

fn not_an_endpoint(argument: &Arg) -> Failure {
    let option = argument.get_long().unwrap_or_default();
    let variable = argument.get_env().unwrap_or_default().to_string_lossy();
    Failure::usage(format!(
        "--{option} is not a queue endpoint, for example https://stbroker.queue.core.windows.net"
    ))
    .hint(format!(
        "set {variable} to use a connection string: other users can read the command line, and a \
         connection string contains a key"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the options of a command and its subcommands that name a storage account.
    fn account_options(command: &Command) -> Vec<&Arg> {
        let own = command.get_arguments().filter(|argument| names_account(argument));
        let below = command.get_subcommands().flat_map(account_options);
        own.chain(below).collect()
    }

    #[test]
    fn every_storage_account_has_a_variable_for_its_connection_string() {
        let mut command = Arguments::command();
        command.build();
        let options = account_options(&command);
        assert!(options.len() >= 10, "{}", options.len());
        for option in options {
            let variable = option.get_env().and_then(|name| name.to_str());
            assert!(variable.is_some_and(|name| name.starts_with("APP_ROLE_")), "{option:?}");
            assert!(option.is_hide_env_values_set(), "{option:?}");
        }
    }

    #[test]
    fn no_other_option_speaks_of_a_connection_string() {
        fn speaks(argument: &&Arg) -> bool {
            argument.get_help().is_some_and(|help| help.to_string().contains("connection string"))
        }
        fn others(command: &Command) -> Vec<String> {
            let own = command.get_arguments().filter(speaks).filter(|one| !names_account(one));
            let below = command.get_subcommands().flat_map(others);
            own.map(|one| one.get_id().to_string()).chain(below).collect()
        }
        assert_eq!(others(&Arguments::command()), Vec::<String>::new());
    }
}
