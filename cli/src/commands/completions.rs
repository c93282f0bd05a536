//! `app-role completions`: completion scripts for shells.

use clap::{Args, Command};
use clap_complete::Shell;

use crate::{exit::Exit, failure::Failure, output::Screen};

/// The scripts that ask the program at each press of Tab. The library's own script for bash completes
/// nothing behind a command if the program's name has a hyphen (clap-rs/clap#6421), and no script of the
/// library completes names.
const BASH: &[u8] = include_bytes!("../../data/completions/app-role.bash");
const ZSH: &[u8] = include_bytes!("../../data/completions/app-role.zsh");
const FISH: &[u8] = include_bytes!("../../data/completions/app-role.fish");

#[derive(Debug, Args)]
pub(crate) struct CompletionsArguments {
    /// Shell to complete for
    #[arg(value_enum)]
    shell: Shell,
}

/// Prints the script for a shell. `--output` has no effect.
pub(crate) fn run(
    screen: Screen,
    command_line: &mut Command,
    arguments: &CompletionsArguments,
) -> Result<Exit, Failure> {
    let mut generated = Vec::new();
    let script = match arguments.shell {
        Shell::Bash => BASH,
        Shell::Zsh => ZSH,
        Shell::Fish => FISH,
        shell => {
            clap_complete::generate(shell, command_line, "app-role", &mut generated);
            generated.as_slice()
        }
    };
    screen.script(script);
    Ok(Exit::Done)
}
