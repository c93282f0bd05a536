//! Words that other tools use for our commands, to suggest ours.

use clap::error::{ContextKind, ContextValue, Error, ErrorKind};

/// Commands of other tools (az, gh, kubectl) and of everyday speech, with ours.
const WORDS: [(&[&str], &[&str]); 8] = [
    (&["add", "allow", "apply", "create", "give", "grant"], &["assign", "submit assign"]),
    (&["delete", "remove", "rm", "unassign"], &["revoke", "submit revoke"]),
    (&["get", "show"], &["list", "holders", "roles"]),
    (&["describe", "explain"], &["why", "policy explain"]),
    (&["check", "status", "validate"], &["doctor", "policy check"]),
    (&["diff"], &["drift", "policy diff"]),
    (&["audit", "log", "logs"], &["record"]),
    (&["approve", "deny"], &["approvals"]),
];

/// The beginning of the usage of the program itself. Its commands have other subcommands.
const USAGE: &str = "Usage: app-role [";

/// Words about signing in, which another program does.
const SIGNING_IN: [&str; 3] = ["login", "logout", "signin"];

/// Adds a suggestion to the error about an unknown command.
pub(crate) fn suggested(mut error: Error) -> Error {
    let Some(ContextValue::String(word)) = error.get(ContextKind::InvalidSubcommand) else {
        return error;
    };
    let usage = error.get(ContextKind::Usage).map(ToString::to_string).unwrap_or_default();
    if error.kind() != ErrorKind::InvalidSubcommand || !usage.starts_with(USAGE) {
        return error;
    }
    let known = WORDS.iter().find(|(words, _)| words.contains(&word.as_str()));
    if let Some((_, ours)) = known {
        let ours = ours.iter().map(|command| (*command).to_owned()).collect();
        error.insert(ContextKind::SuggestedSubcommand, ContextValue::Strings(ours));
    } else if SIGNING_IN.contains(&word.as_str()) {
        let tip = "app-role uses the sign-in of the Azure CLI: 'az login'".into();
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip]));
    }
    error
}
