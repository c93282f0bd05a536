//! Options that several commands share.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use clap::{Args, ValueEnum};

use crate::{
    contexts::Setting,
    failure::Failure,
    format::{Format, Target, TargetParser},
    query::Query,
    tenant::Tenant,
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
    /// Whether an option or the environment names the policy file
    #[arg(skip)]
    pub(crate) policy_is_named: bool,
    /// Tenant to work in, by its ID or a domain. A token of another tenant is refused
    #[arg(long, global = true, env = "APP_ROLE_TENANT", value_name = "TENANT")]
    #[arg(hide_env_values = true, value_parser = Tenant::parse)]
    pub(crate) tenant: Option<Tenant>,
    /// Context to use instead of the current one; `app-role context` manages them
    #[arg(long, global = true, env = "APP_ROLE_CONTEXT", value_name = "NAME")]
    #[arg(hide_env_values = true)]
    pub(crate) context: Option<String>,
    /// End the command after this time, for example 30s or 10m; default of submit: 10m
    #[arg(long, global = true, value_name = "TIME", value_parser = duration)]
    pub(crate) timeout: Option<Duration>,
    /// Show each HTTP request, without tokens, keys and bodies
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,
    /// Show also tokens fetched, retries, and what requests ask for
    #[arg(long, global = true)]
    pub(crate) debug: bool,
    /// The settings of contexts that the command line itself states by global options
    #[arg(skip)]
    pub(crate) typed: Vec<(Setting, String)>,
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

/// The longest time that an option can state: a request expires after it.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// Reads a time such as `90s`, `10m` or `2h`. A number alone is in seconds.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let form = || "expected a time such as 90s, 10m or 2h".to_owned();
    let unit = text.chars().next_back().filter(|last| !last.is_ascii_digit());
    let length: u64 = match unit {
        None | Some('s') => 1,
        Some('m') => 60,
        Some('h') => 60 * 60,
        Some(_) => return Err(form()),
    };
    let digits = unit.and_then(|unit| text.strip_suffix(unit)).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(form());
    }
    // A number that overflows is too long in every unit.
    let seconds = digits.parse::<u64>().unwrap_or(u64::MAX).saturating_mul(length);
    match Duration::from_secs(seconds) {
        Duration::ZERO => Err("must be at least 1s".to_owned()),
        duration if duration > LONGEST => Err("must be at most 24h".to_owned()),
        duration => Ok(duration),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_whole_number_with_a_unit() {
        for (text, seconds) in
            [("1", 1), ("90s", 90), ("10m", 600), ("2h", 7200), ("24h", 86_400), ("007m", 420)]
        {
            assert_eq!(duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
    }

    #[test]
    fn every_other_text_is_refused_with_what_is_expected() {
        for (text, reason) in [
            ("", "90s, 10m or 2h"),
            ("m", "90s, 10m or 2h"),
            ("-1s", "90s, 10m or 2h"),
            ("1.5h", "90s, 10m or 2h"),
            ("10 m", "90s, 10m or 2h"),
            ("10min", "90s, 10m or 2h"),
            ("PT10M", "90s, 10m or 2h"),
            ("1h30m", "90s, 10m or 2h"),
            ("5ü", "90s, 10m or 2h"),
            ("0", "at least 1s"),
            ("0h", "at least 1s"),
            ("25h", "at most 24h"),
            ("99999999999999999999h", "at most 24h"),
        ] {
            assert!(duration(text).unwrap_err().contains(reason), "{text:?}");
        }
    }
}
