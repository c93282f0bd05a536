//! `app-role completions SHELL`.

use std::io::Write as _;

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use crate::{
    arguments::Arguments,
    failure::{Exit, Failure},
};

#[derive(Debug, Args)]
pub(crate) struct CompletionsArguments {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

/// Prints the script. It is the same in every format.
pub(crate) fn run(arguments: &CompletionsArguments) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Arguments::command(), "app-role", &mut script);
    let written = std::io::stdout().write_all(&script);
    written
        .map_err(|error| Failure::failed(format!("the script could not be printed: {error}")))?;
    Ok(Exit::Done)
}
