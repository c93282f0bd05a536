#![doc = include_str!("../README.md")]

mod approval;
mod approver;
mod demo;
mod ended;
mod http_call;
mod local_azure;
mod new_identity;
mod queue_requests;
mod report;
mod second_terminal;

use std::path::PathBuf;

use anyhow::Result;
use app_process::app::REQUESTS;
use clap::{Parser, Subcommand};
use storage_emulator::Account;

/// Runs App Role Broker on this machine and shows what it does.
///
/// Nothing in Azure is needed: an emulated tenant, an emulated Functions host and Azurite stand in.
#[derive(Parser)]
#[command(name = "demo")]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// Exit after the last step, with a failure if an outcome is not the expected one
    #[arg(long)]
    once: bool,
    /// Print the logs of the host and of the handler to stderr
    #[arg(long)]
    verbose: bool,
    /// Run the handler of this package (see scripts/package.sh) instead of building it
    #[arg(long, value_name = "ZIP")]
    package: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Command {
    /// Send a request to the queue of a running demo
    Send {
        /// The queue port, which the demo prints
        #[arg(long)]
        port: u16,
        /// The request, as JSON
        message: String,
    },
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    match arguments.command {
        Some(Command::Send { port, message }) => send(port, &message).await,
        None => demo::run(arguments.package.as_deref(), arguments.once, arguments.verbose).await,
    }
}

async fn send(port: u16, message: &str) -> Result<()> {
    let account = Account::well_known(port)?;
    account.queue(REQUESTS)?.send(message).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::Arguments;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }
}
