//! The arguments of the demo.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

/// Runs App Role Broker on this machine and shows what it does.
///
/// Nothing in Azure is needed: an emulated tenant, an emulated Functions host and Azurite stand in.
#[derive(Parser)]
#[command(name = "demo", args_conflicts_with_subcommands = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    /// Exit after the last step, with a failure if an outcome is not the expected one. With --policy,
    /// outcomes are shown and not judged
    #[arg(long)]
    pub(crate) once: bool,
    /// Print the logs of the host and of the handler to stderr
    #[arg(long)]
    pub(crate) verbose: bool,
    /// Run the handler of this package (see scripts/package.sh) instead of building it
    #[arg(long, value_name = "ZIP")]
    pub(crate) package: Option<PathBuf>,
    /// Use this policy instead of the demo's own. The steps then show what it decides
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,
    /// Listen on fixed ports: the broker on this one, blobs, queues and tables on the next three, the
    /// emulated tenant on the fifth. Default: any free ports
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) port: Option<u16>,
    /// Print the commands that sign a POSIX shell in to the demo that runs, and exit:
    /// `eval "$(cargo run -q -p demo -- --print-env)"`
    #[arg(
        long,
        value_name = "ACCOUNT",
        num_args = 0..=1,
        default_missing_value = "operator",
        conflicts_with_all = ["once", "verbose", "package", "policy", "port"]
    )]
    pub(crate) print_env: Option<Account>,
}

/// An account of the emulated tenant.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Account {
    /// Omar, an operator: what he may do is what a Privileged Role Administrator may do
    Operator,
    /// Anna, who approves, and has no rights in the tenant
    Approver,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Send a request to the queue of a running demo
    Send {
        /// The queue port; default: that of the demo which runs in this source tree
        #[arg(long)]
        port: Option<u16>,
        /// The request, as JSON
        message: String,
    },
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn the_operator_is_the_account_that_needs_no_name() {
        let parsed = |line: &[&str]| Arguments::try_parse_from(line).ok()?.print_env;
        assert!(matches!(parsed(&["demo", "--print-env"]), Some(Account::Operator)));
        assert!(matches!(parsed(&["demo", "--print-env", "approver"]), Some(Account::Approver)));
        assert!(parsed(&["demo"]).is_none());
    }
}
