#![doc = include_str!("../README.md")]

mod agents;
pub mod arguments;
mod broker_api;
mod broker_call;
mod broker_health;
mod broker_record;
mod broker_result;
mod cloud;
mod commands;
mod confirmation;
mod directory;
mod environment;
mod examples;
mod exit;
mod failure;
mod format;
mod graph_catalogue;
mod http;
mod inventory;
mod io_reason;
mod names;
mod new_file;
mod numbers;
mod options;
mod ordered_json;
mod output;
mod policy_file;
mod policy_in_force;
mod privilege;
mod query;
pub mod replay;
mod request;
mod result;
mod session;
mod sign_in;
mod stated_facts;
pub mod storage;
mod storage_account;
mod timestamps;
mod unreadable;

use arguments::{Arguments, Command};
use clap::{CommandFactory as _, Parser as _};
use commands::{
    approvals, change, completions, doctor, drift, holders, list, plan, policy, record,
    replay as replay_command, report, roles, submit, why,
};
pub use exit::Exit;
use failure::Failure;
use options::GlobalOptions;
use output::Screen;

/// Reads the command line. `Err` is the exit status if it is invalid, or if it only asks for help.
pub fn arguments() -> Result<Arguments, Exit> {
    let line = environment::command_line();
    Arguments::try_parse_from(&line)
        .map_err(|error| output::refuse(&error, format::is_for_programs(&line)))
}

/// Runs one command and returns the exit status of the process.
pub async fn run(arguments: Arguments) -> Exit {
    let Arguments { global, command } = arguments;
    let screen = Screen::new(&global);
    screen.end(carry_out(&global, screen, command).await)
}

async fn carry_out(
    global: &GlobalOptions,
    screen: Screen,
    command: Command,
) -> Result<Exit, Failure> {
    global.check(matches!(command, Command::Report(_)))?;
    match command {
        Command::Assign(arguments) => change::assign(global, screen, arguments).await,
        Command::Revoke(arguments) => change::revoke(global, screen, arguments).await,
        Command::Submit(arguments) => submit::run(global, screen, arguments).await,
        Command::Approvals(command) => approvals::run(global, screen, &command).await,
        Command::List(arguments) => list::run(global, screen, &arguments).await,
        Command::Holders(arguments) => holders::run(global, screen, &arguments).await,
        Command::Roles(arguments) => roles::run(global, screen, &arguments).await,
        Command::Plan(arguments) => plan::run(global, screen, &arguments).await,
        Command::Policy(arguments) => policy::run(global, screen, arguments).await,
        Command::Why(arguments) => why::run(global, screen, &arguments).await,
        Command::Record(command) => record::run(global, screen, &command).await,
        Command::Drift(arguments) => drift::run(global, screen, &arguments).await,
        Command::Report(arguments) => report::run(global, screen, &arguments).await,
        Command::Doctor(arguments) => doctor::run(global, screen, &arguments).await,
        Command::Replay(arguments) => replay_command::run(global, screen, &arguments).await,
        Command::Completions(arguments) => {
            completions::run(screen, &mut Arguments::command(), &arguments)
        }
    }
}
