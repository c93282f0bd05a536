//! Environment variables that no option stands for. Only clap reads others.

use std::ffi::OsString;

use app_roles::ids::AppId;

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
