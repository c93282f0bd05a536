//! `cargo run -p local`: the main job end to end on this machine, and what measures it.

mod app;
mod bench;
mod demo;
mod process_status;
mod resident_memory;
mod soak;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};
use storage_emulator::Account;

/// Why a command failed, for the terminal.
type Error = Box<dyn std::error::Error + Send + Sync>;

/// What a command ends with.
type Outcome<T = ()> = Result<T, Error>;

/// Runs the broker against an emulated tenant, a stand-in for the Functions host and real Azurite.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// End after what the demo shows; the exit status says whether everything came out as expected
    #[arg(long)]
    once: bool,
    /// Print the log of the host and of the handler
    #[arg(long)]
    verbose: bool,
    /// Run the handler of this package (scripts/package.sh makes it) instead of building one
    #[arg(long, value_name = "ZIP")]
    package: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Command {
    /// Send a message to the queue of a demo that is running
    Send {
        /// Port of the demo's queues, as the demo prints it
        #[arg(long)]
        port: u16,
        /// The message
        message: String,
    },
    /// Measure the broker against what it is held to; with `cargo run --release`
    Bench(bench::BenchArguments),
    /// Ask for much while everything goes wrong, and check that nothing is lost; with
    /// `cargo run --release`
    Soak(soak::SoakArguments),
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = match arguments.command {
        Some(Command::Send { port, message }) => send(port, &message).await,
        Some(Command::Bench(arguments)) => bench::run(arguments).await,
        Some(Command::Soak(arguments)) => soak::run(arguments).await,
        None => {
            let package = arguments.package.as_deref();
            demo::run(package, arguments.once, arguments.verbose).await
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(error.as_ref()),
    }
}

async fn send(port: u16, message: &str) -> Outcome {
    let account = Account::well_known(port)?;
    account.queue(app::REQUESTS)?.send(message).await?;
    Ok(())
}

#[expect(clippy::print_stderr, reason = "the last word of a command that failed")]
fn fail(error: &dyn std::error::Error) -> ExitCode {
    eprintln!("error: {error}");
    ExitCode::FAILURE
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::Arguments;

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
    }
}
