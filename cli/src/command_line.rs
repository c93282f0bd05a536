//! Reads the command line and the environment.
//!
//! [`Arguments`] defines the options. This module handles what applies to all of them.

use std::ffi::{OsStr, OsString};

use clap::{
    Arg, ArgMatches, Command, CommandFactory as _, FromArgMatches as _, error::ErrorKind,
    parser::ValueSource,
};

use crate::{
    arguments::Arguments,
    broker_address, broker_api,
    contexts::{Context, Contexts, Setting},
    environment,
    failure::Failure,
    output::Screen,
    storage_account::AccountText,
};

/// The option that names a context, and its variable.
const CONTEXT: (&str, &str) = ("--context", "APP_ROLE_CONTEXT");

/// The option that names the policy file.
const POLICY: &str = "policy";

/// The option that names the broker.
const BROKER: &str = "broker";

/// The command that manages contexts. No context supplies its options.
const MANAGES_CONTEXTS: &str = "context";

/// Parts of connection strings and signed URLs that contain a key.
const KEYS: [&str; 4] = ["accountkey=", "sharedaccesssignature=", "?sig=", "&sig="];

/// The error for a faulty command line that contains a key.
const KEY_ON_COMMAND_LINE: &str = "the command line contains a key, which other users can read, and it is \
                                   not valid; keys and connection strings belong in the environment";

/// Why there are no arguments.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// The command line is invalid, or asks for help only.
    Unparsed(clap::Error),
    /// The command line can be parsed, but not used. The options say how errors look.
    Unusable(Screen, Failure),
}

/// Reads a command line, whose first word is the name of the program.
///
/// An option has the value of the command line, or else of its variable, of the context, or its default.
pub(crate) fn read(words: Vec<OsString>) -> Result<Arguments, Refusal> {
    let mut command = without_empty_variables(Arguments::command());
    let context = context(&words);
    if let Ok(Some((_, context))) = &context {
        command = with_defaults(command, context);
    }
    let policy_is_named = context.as_ref().is_ok_and(|context| {
        let policy = Setting::of_option(POLICY);
        policy.zip(context.as_ref()).is_some_and(|(policy, (_, one))| one.get(&policy).is_some())
    });
    let has_key = words.iter().any(|word| has_key(word));
    let matches = command.try_get_matches_from_mut(words).map_err(|error| match has_key {
        true => Refusal::Unparsed(command.error(ErrorKind::InvalidValue, KEY_ON_COMMAND_LINE)),
        false => Refusal::Unparsed(error),
    })?;
    let mut arguments = Arguments::from_arg_matches(&matches)
        .map_err(|error| Refusal::Unparsed(error.format(&mut command)))?;
    let screen = Screen::new(&arguments.global);
    let unusable = |failure| Refusal::Unusable(screen, failure);
    refuse_keys(&command, &matches).map_err(unusable)?;
    check_broker(&matches).map_err(unusable)?;
    arguments.global.context = match context {
        Ok(context) => context.map(|(name, _)| name),
        Err(failure) if arguments.command.needs_context() => return Err(unusable(failure)),
        Err(_) => None,
    };
    arguments.global.policy_is_named = policy_is_named || is_stated(&matches, POLICY);
    arguments.global.typed = typed(&matches);
    Ok(arguments)
}

/// Whether the command line or the environment states an option.
fn is_stated(matches: &ArgMatches, option: &str) -> bool {
    matches.value_source(option).is_some_and(|source| source != ValueSource::DefaultValue)
}

/// Whether a word of the command line contains a key. An error about a faulty command line would repeat it.
fn has_key(word: &OsStr) -> bool {
    let word = word.to_string_lossy().to_ascii_lowercase();
    KEYS.iter().any(|key| word.contains(key))
}

/// Reads the context that the command line, the environment or the file of contexts names.
fn context(words: &[OsString]) -> Result<Option<(String, Context)>, Failure> {
    let named = named_context(words).or_else(|| environment::variable(CONTEXT.1));
    if named.is_none() && environment::config_file().is_none() {
        return Ok(None);
    }
    let contexts = Contexts::read()?;
    let Some(name) = named.as_deref().or(contexts.current()) else { return Ok(None) };
    Ok(Some((name.to_owned(), contexts.get(name)?.clone())))
}

/// Finds `--context`, which must be known before the command line can be parsed.
fn named_context(words: &[OsString]) -> Option<String> {
    let mut words = words.iter().filter_map(|word| word.to_str()).take_while(|word| *word != "--");
    while let Some(word) = words.next() {
        match word.strip_prefix(CONTEXT.0) {
            Some("") => return words.next().map(str::to_owned),
            Some(rest) if rest.starts_with('=') => return rest.get(1..).map(str::to_owned),
            _ => {}
        }
    }
    None
}

/// Makes the values of a context the defaults of the options of every command.
fn with_defaults(command: Command, context: &Context) -> Command {
    if command.get_name() == MANAGES_CONTEXTS {
        return command;
    }
    command
        .mut_args(|argument| with_default(argument, context))
        .mut_subcommands(|below| with_defaults(below, context))
}

fn with_default(argument: Arg, context: &Context) -> Arg {
    let setting = Setting::of_option(argument.get_id().as_str());
    match setting.and_then(|setting| context.get(&setting)) {
        // clap accepts only texts that live as long as the program. A process reads only one context, so
        // one leak is harmless.
        Some(text) => {
            let text: &'static str = text.clone().leak();
            argument.required(false).default_value(text).hide_default_value(true)
        }
        None => argument,
    }
}

/// The settings that the command line itself states by global options.
fn typed(matches: &ArgMatches) -> Vec<(Setting, String)> {
    let typed = Setting::ALL.into_iter().filter_map(|setting| {
        let id = setting.options().first()?;
        let is_known = matches.try_contains_id(id).is_ok();
        if !is_known || matches.value_source(id) != Some(ValueSource::CommandLine) {
            return None;
        }
        let text = matches.get_raw(id)?.next().map(OsStr::to_string_lossy)?;
        Some((setting, text.into_owned()))
    });
    typed.collect()
}

/// Lets an empty environment variable count as unset, for every option.
fn without_empty_variables(command: Command) -> Command {
    command.mut_args(without_empty_variable).mut_subcommands(without_empty_variables)
}

fn without_empty_variable(argument: Arg) -> Arg {
    let is_empty = argument.get_env().is_some_and(environment::is_empty);
    if is_empty { argument.env(None::<&str>) } else { argument }
}

/// Refuses a storage account on the command line unless it is a URL: it may be a connection string with a
/// key, and other users can read the command line. The error does not repeat it.
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

/// Checks the address of the broker before any command uses or prints it: it may contain a password. The error
/// does not repeat it.
fn check_broker(matches: &ArgMatches) -> Result<(), Failure> {
    if let Ok(Some(text)) = matches.try_get_one::<String>(BROKER)
        && !text.is_empty()
    {
        broker_address::parse(text).map_err(|problem| {
            Failure::usage(format!("--broker {problem}")).hint(broker_api::EXAMPLE)
        })?;
    }
    // The command that manages contexts says itself what is wrong with a setting.
    let below = matches.subcommand().filter(|(name, _)| *name != MANAGES_CONTEXTS);
    below.map_or(Ok(()), |(_, below)| check_broker(below))
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
