//! `app-role record`: shows, follows and checks the broker's record.

mod check;
mod findings;
mod follow;
mod matching;
mod selection;
mod show;

use clap::Subcommand;

use crate::{examples, exit::Exit, failure::Failure, options::GlobalOptions, output::Screen};

#[derive(Debug, Subcommand)]
pub(crate) enum RecordCommand {
    /// Show the decisions on record, newest first
    #[command(after_help = examples::RECORD_SHOW)]
    Show(show::ShowArguments),
    /// Print decisions as they are recorded, until Ctrl-C
    ///
    /// Rows are printed in the order in which they were stored. The table is read every five seconds. With
    /// `--output json`, each row is one line.
    #[command(after_help = examples::RECORD_FOLLOW)]
    Follow(follow::FollowArguments),
    /// Check that the record is complete
    ///
    /// Findings are intents that the broker should have settled, assignments that should have ended, and
    /// changes by the broker's identity in the audit log of Entra that have neither an intent nor a row. To
    /// read that log, you need the Entra role Reports Reader; Entra may show a change hours later.
    #[command(after_help = examples::RECORD_CHECK)]
    Check(check::CheckArguments),
}

/// Runs `app-role record`.
pub(crate) async fn run(
    global: &GlobalOptions,
    screen: Screen,
    command: &RecordCommand,
) -> Result<Exit, Failure> {
    match command {
        RecordCommand::Show(arguments) => show::run(global, screen, arguments).await,
        RecordCommand::Follow(arguments) => follow::run(global, screen, arguments).await,
        RecordCommand::Check(arguments) => check::run(global, screen, arguments).await,
    }
}
