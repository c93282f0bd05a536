//! The command line.

use clap::{Parser, Subcommand};

use crate::{
    commands::{
        approvals::ApprovalsCommand, change::ChangeArguments, completions::CompletionsArguments,
        context::ContextCommand, doctor::DoctorArguments, drift::DriftArguments,
        history::HistoryArguments, holders::HoldersArguments, list::ListArguments,
        man::ManArguments, plan::PlanArguments, policy::PolicyCommand, record::RecordCommand,
        replay::ReplayArguments, report::ReportArguments, roles::RolesArguments,
        submit::SubmitArguments, version::VersionArguments, why::WhyArguments,
    },
    examples,
    options::GlobalOptions,
};

/// The version, and the commit that was built.
const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), " (", env!("APP_ROLE_COMMIT"), ")");

/// The largest width of help texts, in columns. A narrower terminal gets narrower help.
const MAX_HELP_WIDTH: usize = 100;

/// Show, explain and change app role assignments in Microsoft Entra ID.
///
/// PRINCIPAL is an object ID, a client ID, the ARM ID of a resource, or a display name. API is an app
/// ID, an object ID, an identifier URI, a display name, or one of graph, sharepoint, exchange, intune
/// and defender. ROLE is the value or the ID of an app role.
#[derive(Debug, Parser)]
#[command(name = "app-role", version = VERSION, after_help = examples::APP_ROLE)]
#[command(max_term_width = MAX_HELP_WIDTH)]
pub struct Arguments {
    #[command(flatten)]
    pub(crate) global: GlobalOptions,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Assign app roles with your own permissions
    #[command(after_help = examples::ASSIGN)]
    Assign(ChangeArguments),
    /// Revoke app roles with your own permissions
    #[command(after_help = examples::REVOKE)]
    Revoke(ChangeArguments),
    /// Ask the broker to assign or revoke app roles, without permissions in the tenant
    #[command(after_help = examples::SUBMIT)]
    Submit(Box<SubmitArguments>),
    /// Decide on requests that wait for your approval
    #[command(subcommand, after_help = examples::APPROVALS)]
    Approvals(ApprovalsCommand),
    /// List the app roles that a principal holds
    #[command(visible_alias = "ls", after_help = examples::LIST)]
    List(ListArguments),
    /// Show what a principal got and lost, when, for whom and why
    #[command(after_help = examples::HISTORY)]
    History(HistoryArguments),
    /// List the principals that hold app roles of an API
    #[command(after_help = examples::HOLDERS)]
    Holders(HoldersArguments),
    /// List the app roles that an API defines
    #[command(after_help = examples::ROLES)]
    Roles(RolesArguments),
    /// Show what the broker would do with a request
    #[command(after_help = examples::PLAN)]
    Plan(PlanArguments),
    /// Start and validate the policy, or explain a decision
    #[command(subcommand, after_help = examples::POLICY)]
    Policy(PolicyCommand),
    /// Explain whether a role is granted, and why a token may lack it
    #[command(after_help = examples::WHY)]
    Why(WhyArguments),
    /// Show, follow and check the broker's record
    #[command(subcommand, after_help = examples::RECORD)]
    Record(RecordCommand),
    /// Compare the tenant with the policy and its baseline
    #[command(after_help = examples::DRIFT)]
    Drift(DriftArguments),
    /// Write a report of who may do what, since when and until when, and why
    #[command(after_help = examples::REPORT)]
    Report(ReportArguments),
    /// Check everything that the broker needs to work
    #[command(after_help = examples::DOCTOR)]
    Doctor(DoctorArguments),
    /// Send failed requests back to their queues
    #[command(after_help = examples::REPLAY)]
    Replay(ReplayArguments),
    /// Show the account that commands work with
    #[command(after_help = examples::WHOAMI)]
    Whoami,
    /// Manage contexts: named sets of settings, one for each broker or tenant
    #[command(subcommand, after_help = examples::CONTEXT)]
    Context(ContextCommand),
    /// Show the version of this program, and of the broker
    #[command(after_help = examples::VERSION)]
    Version(VersionArguments),
    /// Generate a completion script for a shell
    #[command(visible_alias = "completion", after_help = examples::COMPLETIONS)]
    Completions(CompletionsArguments),
    /// Write the manual pages
    #[command(after_help = examples::MAN)]
    Man(ManArguments),
}

impl Command {
    /// Whether the command itself reports that the time of `--timeout` is over. It is still ended a little
    /// later.
    pub(crate) fn keeps_time(&self) -> bool {
        matches!(self, Self::Submit(_))
    }

    /// Whether the command may work with the settings of a context, so that it must not run without them.
    pub(crate) fn needs_context(&self) -> bool {
        !matches!(self, Self::Context(_) | Self::Completions(_) | Self::Man(_))
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::Arguments;

    #[test]
    fn no_command_has_an_option_of_its_own_with_the_name_of_a_global_one() {
        fn others(command: &clap::Command, global: &[(&str, &clap::Arg)]) -> Vec<String> {
            let own = command.get_arguments().filter(|one| {
                global.iter().any(|(name, known)| {
                    let types = [one, *known].map(|argument| argument.get_value_parser().type_id());
                    one.get_long() == Some(name) && types[0] != types[1]
                })
            });
            let own = own.map(|one| format!("{} {}", command.get_name(), one.get_id()));
            own.chain(command.get_subcommands().flat_map(|below| others(below, global))).collect()
        }
        let command = Arguments::command();
        let global = command.get_arguments().filter(|one| one.is_global_set());
        let global: Vec<_> = global.filter_map(|one| Some((one.get_long()?, one))).collect();
        let found: Vec<_> =
            command.get_subcommands().flat_map(|below| others(below, &global)).collect();
        assert_eq!(found, Vec::<String>::new());
    }

    #[test]
    fn clap_finds_no_fault_in_the_command_line() {
        Arguments::command().debug_assert();
    }
}
