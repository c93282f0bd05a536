//! `app-role policy`: a first policy, validation of the file, explanation of its decisions, its tests, and the
//! effect of a change.

mod check;
mod diff;
mod explain;
mod explanation;
mod init;
mod test;
mod verdict;

use check::CheckArguments;
use clap::Subcommand;
use diff::DiffArguments;
use explain::ExplainArguments;
use init::InitArguments;
use test::TestArguments;

use crate::{examples, exit::Exit, failure::Failure, options::GlobalOptions, output::Screen};

#[derive(Debug, Subcommand)]
pub(crate) enum PolicyCommand {
    /// Write a first policy: an empty one, or rules for what managed identities hold already
    #[command(after_help = examples::POLICY_INIT)]
    Init(InitArguments),
    /// Validate the policy file and warn about likely mistakes, without signing in unless asked to
    #[command(after_help = examples::POLICY_CHECK)]
    Check(CheckArguments),
    /// Show which rule allows a role, or what the nearest rules lack
    #[command(after_help = examples::POLICY_EXPLAIN)]
    Explain(ExplainArguments),
    /// Run the tests of the policy, without signing in
    #[command(after_help = examples::POLICY_TEST)]
    Test(TestArguments),
    /// Show what a change of the policy allows and withdraws, in words
    #[command(after_help = examples::POLICY_DIFF)]
    Diff(DiffArguments),
}

/// Runs `app-role policy`.
pub(crate) async fn run(
    global: &GlobalOptions,
    screen: Screen,
    arguments: PolicyCommand,
) -> Result<Exit, Failure> {
    match arguments {
        PolicyCommand::Init(arguments) => init::run(global, screen, &arguments).await,
        PolicyCommand::Check(arguments) => check::run(global, screen, &arguments).await,
        PolicyCommand::Explain(arguments) => explain::run(global, screen, &arguments).await,
        PolicyCommand::Test(arguments) => test::run(global, screen, &arguments),
        PolicyCommand::Diff(arguments) => diff::run(global, screen, &arguments).await,
    }
}
