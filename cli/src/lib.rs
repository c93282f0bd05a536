#![doc = include_str!("../README.md")]

mod agents;
mod approvers;
pub mod arguments;
mod audience;
mod broker_address;
mod broker_api;
mod broker_call;
mod broker_health;
mod broker_reading;
mod broker_record;
mod broker_result;
mod cloud;
mod command_line;
mod commands;
mod completion;
mod confirmation;
mod contexts;
mod directory;
mod document;
mod environment;
mod examples;
mod exit;
mod failure;
mod format;
mod graph_catalogue;
mod held_role;
mod http;
mod interruption;
mod inventory;
mod io_reason;
mod markdown;
mod names;
mod new_file;
mod numbers;
mod options;
mod other_words;
mod output;
mod policy_file;
mod policy_in_force;
mod principal_role;
mod privilege;
mod proxy;
mod query;
pub mod replay;
mod request;
mod request_file;
mod result;
mod served_requesters;
mod session;
mod sign_in;
mod stated_facts;
pub mod storage;
mod storage_account;
mod tenant;
mod time_limit;
mod timestamps;
mod traffic;
mod unreadable;

use std::time::Duration;

use arguments::{Arguments, Command};
use clap::CommandFactory as _;
use command_line::Refusal;
use commands::{
    approvals, change, completions, context, doctor, drift, history, holders, list, man, plan,
    policy, record, replay as replay_command, report, roles, submit, version, whoami, why,
};
pub use exit::Exit;
use failure::Failure;
use options::GlobalOptions;
use other_words::suggested;
use output::Screen;
use traffic::Traffic;

/// Reads the command line. `Err` is the exit status if it is invalid, or if it only asks for help or for
/// the words of a completion.
pub fn arguments() -> Result<Arguments, Exit> {
    let words = environment::command_line();
    if let Some(words) = completion::question(words.iter().cloned()) {
        let offer = completion::offer(&mut Arguments::command(), &words);
        return Err(output::offered(&offer));
    }
    let is_for_programs = format::is_for_programs(&words);
    command_line::read(words).map_err(|refusal| match refusal {
        Refusal::Unparsed(error) => output::refuse(&suggested(error), is_for_programs),
        Refusal::Unusable(screen, failure) => screen.end(Err(failure)),
    })
}

/// Runs one command and returns the exit status of the process.
pub async fn run(arguments: Arguments) -> Exit {
    let Arguments { global, command } = arguments;
    let screen = Screen::new(&global);
    let traffic = Traffic::watch(&global, screen);
    let grace = if command.keeps_time() { time_limit::GRACE } else { Duration::ZERO };
    let command = output::with_progress(carry_out(&global, screen, command));
    let outcome = time_limit::within((global.timeout, grace), &traffic, command);
    screen.end(outcome.await)
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
        Command::Submit(arguments) => submit::run(global, screen, *arguments).await,
        Command::Approvals(command) => approvals::run(global, screen, &command).await,
        Command::List(arguments) => list::run(global, screen, &arguments).await,
        Command::History(arguments) => history::run(global, screen, &arguments).await,
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
        Command::Whoami => whoami::run(global, screen).await,
        Command::Context(command) => context::run(global, screen, &command),
        Command::Version(arguments) => version::run(global, screen, &arguments).await,
        Command::Completions(arguments) => {
            completions::run(screen, &mut Arguments::command(), &arguments)
        }
        Command::Man(arguments) => man::run(screen, Arguments::command(), &arguments),
    }
}
