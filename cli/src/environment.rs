//! Environment variables that no option stands for. Only clap reads others.

use std::{
    ffi::{OsStr, OsString},
    path::PathBuf,
};

use app_roles::ids::AppId;
use function_folders::AppSettings;

use crate::failure::Failure;

/// The variable that may hold a function key of the broker. There is no option for it, because other
/// users of the machine can read the command line of a process.
pub(crate) const FUNCTION_KEY: &str = "APP_ROLE_BROKER_KEY";

/// Returns the words of the command line, with the name of the program.
pub(crate) fn command_line() -> Vec<OsString> {
    std::env::args_os().collect()
}

/// Reads a variable. An empty one counts as unset.
#[expect(
    clippy::disallowed_methods,
    reason = "the only place of the tool that reads the environment"
)]
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Reads all variables, as app settings of a function app. Empty ones count as unset.
#[expect(
    clippy::disallowed_methods,
    reason = "the only place of the tool that reads the environment"
)]
pub(crate) fn app_settings() -> AppSettings {
    let text = |text: OsString| text.into_string().ok().filter(|text| !text.is_empty());
    std::env::vars_os().filter_map(|(name, value)| Some((text(name)?, text(value)?))).collect()
}

/// Returns whether a variable is set to an empty text.
#[expect(
    clippy::disallowed_methods,
    reason = "the only place of the tool that reads the environment"
)]
pub(crate) fn is_empty(name: &OsStr) -> bool {
    std::env::var_os(name).is_some_and(|value| value.is_empty())
}

/// Returns the file of the operator's contexts: `APP_ROLE_CONFIG`, or one in the folder for settings of
/// programs ("XDG Base Directory Specification"; on Windows, the folder for roaming data of applications).
/// A relative folder is ignored, as that specification asks.
pub(crate) fn config_file() -> Option<PathBuf> {
    if let Some(file) = variable("APP_ROLE_CONFIG") {
        return Some(file.into());
    }
    let folder = |name| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let settings = match cfg!(windows) {
        true => folder("APPDATA"),
        false => folder("XDG_CONFIG_HOME").or_else(|| Some(folder("HOME")?.join(".config"))),
    };
    Some(settings?.join("app-role").join("config.json"))
}

/// Reads a variable that other programs read in lower case first, then in upper case.
pub(crate) fn variable_in_either_case(name: &str) -> Option<String> {
    variable(&name.to_ascii_lowercase()).or_else(|| variable(name))
}

/// Reads `AZURE_CLIENT_ID`, the client ID of a user-assigned identity.
pub(crate) fn client_id() -> Result<Option<AppId>, Failure> {
    let parsed = variable("AZURE_CLIENT_ID").map(|text| AppId::parse(&text)).transpose();
    parsed.map_err(|error| {
        Failure::usage(format!(
            "AZURE_CLIENT_ID is not the client ID of a user-assigned identity: {error}"
        ))
    })
}

/// Returns whether `NO_COLOR` is set ("`NO_COLOR`: disabling ANSI color output by default"), or the
/// terminal says that it has no colors.
pub(crate) fn colors_are_disabled() -> bool {
    variable("NO_COLOR").is_some() || variable("TERM").is_some_and(|term| term == "dumb")
}
