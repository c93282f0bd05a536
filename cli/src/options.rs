//! Options that several commands share.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::{
    failure::Failure,
    format::{Format, Target, TargetParser},
    query::Query,
};

/// The options of every command.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct GlobalOptions {
    /// Output format; default: table, or json with --query. `report` also takes the file to write
    #[arg(short = 'o', long = "output", global = true, value_parser = TargetParser)]
    #[arg(value_name = "FORMAT")]
    targets: Vec<Target>,
    /// JMESPath expression: print only what it selects from the document, for example `[].role`
    #[arg(long, global = true, value_name = "JMESPATH", value_parser = Query::parse)]
    pub(crate) query: Option<Query>,
    /// Disable colors, like the environment variable `NO_COLOR`
    #[arg(long, global = true)]
    pub(crate) no_color: bool,
    /// Account to sign in with
    #[arg(long, global = true, value_enum, default_value_t, value_name = "ACCOUNT")]
    #[arg(env = "APP_ROLE_AUTH", hide_env_values = true)]
    pub(crate) auth: Account,
    /// Microsoft Graph endpoint of a national cloud, or of an emulator on this machine
    #[arg(long, global = true, env = "GRAPH_ENDPOINT", value_name = "URL")]
    #[arg(hide_env_values = true)]
    pub(crate) graph_endpoint: Option<String>,
    /// Policy file of the broker
    #[arg(long, global = true, env = "POLICY_FILE", default_value = "policy.json")]
    #[arg(hide_env_values = true, value_name = "FILE")]
    pub(crate) policy: PathBuf,
}

impl GlobalOptions {
    /// The output format.
    pub(crate) fn format(&self) -> Format {
        let default = if self.query.is_some() { Format::Json } else { Format::Table };
        self.formats().last().unwrap_or(default)
    }

    fn formats(&self) -> impl Iterator<Item = Format> {
        self.targets.iter().filter_map(|target| match target {
            Target::Format(format) => Some(*format),
            Target::File(_) => None,
        })
    }

    /// The files to write.
    pub(crate) fn files(&self) -> impl Iterator<Item = &Path> {
        self.targets.iter().filter_map(|target| match target {
            Target::File(file) => Some(file.as_path()),
            Target::Format(_) => None,
        })
    }

    /// Refuses two formats, and a file of a command that writes none.
    pub(crate) fn check(&self, writes_files: bool) -> Result<(), Failure> {
        if self.formats().count() > 1 {
            return Err(Failure::usage("--output names two formats").hint("name one of them"));
        }
        match self.files().next() {
            Some(file) if !writes_files => Err(Failure::usage(format!(
                "--output {} is no format",
                file.display()
            ))
            .hint(
                "the formats are table, json, yaml, tsv and csv; redirect standard output to write \
                     a file",
            )),
            _ => Ok(()),
        }
    }
}

/// The account to sign in with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Account {
    /// The account of the Azure CLI, or else of the Azure Developer CLI
    #[default]
    Developer,
    /// The managed identity of this machine; `AZURE_CLIENT_ID` selects a user-assigned one
    ManagedIdentity,
}

/// The option that names the broker's URL.
#[derive(Debug, Clone, Args)]
pub(crate) struct BrokerAddress {
    /// URL of the broker, for example `https://func-app-role-broker.azurewebsites.net`
    #[arg(long, env = "APP_ROLE_BROKER", hide_env_values = true, value_name = "URL")]
    broker: Option<String>,
}

impl BrokerAddress {
    /// Returns the URL as the operator typed it. An empty environment variable counts as unset.
    pub(crate) fn url(&self) -> Option<&str> {
        self.broker.as_deref().filter(|text| !text.is_empty())
    }
}

/// The option that names the broker's identity.
#[derive(Debug, Clone, Args)]
pub(crate) struct BrokerIdentity {
    /// Managed identity of the broker
    #[arg(long, env = "APP_ROLE_BROKER_IDENTITY", value_name = "PRINCIPAL")]
    #[arg(hide_env_values = true)]
    broker_identity: Option<String>,
}

impl BrokerIdentity {
    /// Returns the name as the operator typed it. An empty environment variable counts as unset.
    pub(crate) fn name(&self) -> Option<&str> {
        self.broker_identity.as_deref().filter(|text| !text.is_empty())
    }
}
