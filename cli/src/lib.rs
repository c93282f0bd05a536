//! `app-role`: app roles at the command line.
//!
//! An operator signs in as themselves and can do exactly what their own rights allow; the policy of
//! the broker is shown as advice. Who has no right in the tenant sends the same request to the broker
//! instead. Names, policy and outcomes are the handler's own; nothing here is linked into the handler.

pub mod arguments;
mod broker_api;
mod change;
mod completions;
mod confirmation;
mod credential;
mod doctor;
mod drift;
mod examples;
mod failure;
mod holders;
mod list;
mod names;
mod output;
mod plan;
mod policy;
mod record;
pub mod replay;
mod request;
mod result;
mod roles;
mod session;
pub mod storage;
mod submit;
mod why;

use arguments::{Arguments, Command};
pub use failure::Exit;
use output::Screen;

/// Runs a command, and says how the process ends.
pub async fn run(arguments: Arguments) -> Exit {
    let Arguments { global, command } = arguments;
    let screen = Screen::new(&global);
    let outcome = match command {
        Command::Assign(arguments) => change::assign(&global, &screen, arguments).await,
        Command::Revoke(arguments) => change::revoke(&global, &screen, arguments).await,
        Command::Submit(arguments) => submit::run(&global, &screen, arguments).await,
        Command::List(arguments) => list::run(&global, &screen, &arguments).await,
        Command::Holders(arguments) => holders::run(&global, &screen, &arguments).await,
        Command::Roles(arguments) => roles::run(&global, &screen, &arguments).await,
        Command::Plan(arguments) => plan::run(&global, &screen, &arguments).await,
        Command::Policy(arguments) => policy::run(&global, &screen, arguments).await,
        Command::Why(arguments) => why::run(&global, &screen, &arguments).await,
        Command::Drift(arguments) => drift::run(&global, &screen, &arguments).await,
        Command::Doctor(arguments) => doctor::run(&global, &screen, &arguments).await,
        Command::Replay(arguments) => replay::run(&global, &screen, &arguments).await,
        Command::Completions(arguments) => completions::run(&arguments),
    };
    outcome.unwrap_or_else(|failure| screen.fail(&failure))
}
