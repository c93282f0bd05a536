//! `app-role completions`: completion scripts for shells.

use clap::{Args, Command};
use clap_complete::Shell;

use crate::{exit::Exit, failure::Failure, output::Screen};

#[derive(Debug, Args)]
pub(crate) struct CompletionsArguments {
    /// Shell to complete for
    #[arg(value_enum)]
    shell: Shell,
}

/// Prints the script for a command line. `--output` has no effect.
pub(crate) fn run(
    screen: Screen,
    command_line: &mut Command,
    arguments: &CompletionsArguments,
) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, command_line, "app-role", &mut script);
    screen.script(&script);
    Ok(Exit::Done)
}
