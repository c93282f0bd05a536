//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::{
    change::ChangeArguments, completions::CompletionsArguments, doctor::DoctorArguments,
    drift::DriftArguments, examples, holders::HoldersArguments, list::ListArguments,
    plan::PlanArguments, policy::PolicyArguments, replay::ReplayArguments, roles::RolesArguments,
    submit::SubmitArguments, why::WhyArguments,
};

/// The version, and of which commit it was built.
const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), " (", env!("APP_ROLE_COMMIT"), ")");

/// Widest help, in columns; on a narrower terminal it is as wide as that.
const WIDEST_HELP: usize = 100;

/// App roles in Microsoft Entra: who holds which, since when and why, and how to change it.
///
/// PRINCIPAL is an object id, a client id, the ARM id of a resource or a display name. API is an
/// appId, an object id, an identifier URI, a display name, or graph, sharepoint, exchange, intune,
/// defender. ROLE is a role's value or id.
#[derive(Debug, Parser)]
#[command(name = "app-role", version = VERSION, after_help = examples::APP_ROLE)]
#[command(max_term_width = WIDEST_HELP)]
pub struct Arguments {
    #[command(flatten)]
    pub(crate) global: GlobalOptions,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct GlobalOptions {
    /// How to print what is found
    #[arg(long, global = true, value_enum, default_value_t, value_name = "FORMAT")]
    pub(crate) output: Format,
    /// Print without colours, as `NO_COLOR` does
    #[arg(long, global = true)]
    pub(crate) no_color: bool,
    /// As whom to sign in
    #[arg(long, global = true, value_enum, default_value_t, env = "APP_ROLE_AUTH")]
    #[arg(hide_env_values = true)]
    pub(crate) auth: SignIn,
    /// The Microsoft Graph of a national cloud, or an emulator on this machine
    #[arg(long, global = true, env = "GRAPH_ENDPOINT", value_name = "URL")]
    #[arg(hide_env_values = true)]
    pub(crate) graph_endpoint: Option<String>,
    /// The broker's policy
    #[arg(long, global = true, env = "POLICY_FILE", default_value = "policy.json")]
    #[arg(hide_env_values = true, value_name = "FILE")]
    pub(crate) policy: PathBuf,
}

/// How to print what is found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    #[default]
    Table,
    /// For programs
    Json,
}

/// As whom to sign in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum SignIn {
    /// Whoever is signed in to the Azure CLI, else to the Azure Developer CLI
    #[default]
    Developer,
    /// The managed identity of this machine; `AZURE_CLIENT_ID` names a user-assigned one
    ManagedIdentity,
}

/// Where the broker is.
#[derive(Debug, Clone, Args)]
pub(crate) struct BrokerAddress {
    /// The broker's address, for instance `https://func-app-role-broker.azurewebsites.net`
    #[arg(long, env = "APP_ROLE_BROKER", hide_env_values = true, value_name = "URL")]
    pub(crate) broker: Option<String>,
}

/// How to ask the broker.
#[derive(Debug, Clone, Args)]
pub(crate) struct BrokerOptions {
    #[command(flatten)]
    pub(crate) address: BrokerAddress,
    /// For what the broker takes tokens, for instance `api://app-role-broker`: you ask as yourself. The
    /// environment variable `APP_ROLE_BROKER_KEY` may hold a function key, beside it or instead of it
    #[arg(long, env = "APP_ROLE_BROKER_AUDIENCE", hide_env_values = true, value_name = "URI")]
    pub(crate) audience: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Give roles, with your own rights
    #[command(after_help = examples::ASSIGN)]
    Assign(ChangeArguments),
    /// Take roles away, with your own rights
    #[command(after_help = examples::REVOKE)]
    Revoke(ChangeArguments),
    /// Ask the broker to give roles or take them away; no right in the tenant is needed
    #[command(subcommand, after_help = examples::SUBMIT)]
    Submit(SubmitArguments),
    /// Which roles a principal holds
    #[command(after_help = examples::LIST)]
    List(ListArguments),
    /// Who holds roles of an API
    #[command(after_help = examples::HOLDERS)]
    Holders(HoldersArguments),
    /// Which roles an API defines
    #[command(after_help = examples::ROLES)]
    Roles(RolesArguments),
    /// What the broker would do with a request, and why
    #[command(after_help = examples::PLAN)]
    Plan(PlanArguments),
    /// Check the policy, or explain which rule decides
    #[command(subcommand, after_help = examples::POLICY)]
    Policy(PolicyArguments),
    /// Whether a role is granted, since when and by whom, and why a token may lack it
    #[command(after_help = examples::WHY)]
    Why(WhyArguments),
    /// How the tenant differs from the policy and its baseline
    #[command(after_help = examples::DRIFT)]
    Drift(DriftArguments),
    /// Whether everything is true that must be true
    #[command(after_help = examples::DOCTOR)]
    Doctor(DoctorArguments),
    /// Put requests that the broker gave up back into the queues that they came from
    #[command(after_help = examples::REPLAY)]
    Replay(ReplayArguments),
    /// Print what completes this command line in a shell
    #[command(after_help = examples::COMPLETIONS)]
    Completions(CompletionsArguments),
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
