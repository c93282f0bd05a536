//! The handler's command line, working directory and environment (Azure Functions host,
//! `HttpWorkerDescription` and `DefaultWorkerProcessFactory`).

use std::{
    path::{Path, PathBuf},
    process::Stdio,
};

use tokio::process::Command;
use uuid::Uuid;

use crate::settings::HostSettings;

/// The command that starts the handler.
pub(crate) fn of(settings: &HostSettings, port: u16, worker_id: Uuid) -> Command {
    let mut command = Command::new(executable(settings));
    command
        .args(arguments(settings))
        .current_dir(&settings.app_root)
        .env_clear()
        .envs(&settings.environment)
        .envs(variables(&settings.app_root, port, worker_id))
        // The real host passes on its stdin; here it could be a terminal that both would read.
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// The path of the program. A path to a file that exists is relative to the app; any other is looked up
/// in PATH, so that `node` works and a missing build is "not found".
pub(crate) fn executable(settings: &HostSettings) -> PathBuf {
    let path = expand(settings, &settings.custom_handler.default_executable_path);
    let joined = settings.app_root.join(&path);
    if joined.is_file() { joined } else { path.into() }
}

/// The arguments. The host joins them without quoting, and .NET splits the command line again.
fn arguments(settings: &HostSettings) -> Vec<String> {
    split(&expand(settings, &settings.custom_handler.arguments.join(" ")))
}

fn variables(app_root: &Path, port: u16, worker_id: Uuid) -> [(&'static str, String); 5] {
    [
        ("FUNCTIONS_CUSTOMHANDLER_PORT", port.to_string()),
        ("FUNCTIONS_HTTPWORKER_PORT", port.to_string()),
        ("FUNCTIONS_CUSTOMHANDLER_WORKER_ID", worker_id.to_string()),
        ("FUNCTIONS_HTTPWORKER_ID", worker_id.to_string()),
        ("FUNCTIONS_APP_ROOT_PATH", app_root.to_string_lossy().into_owned()),
    ]
}

/// Replaces `%NAME%` by the environment's value; an unknown name becomes empty.
fn expand(settings: &HostSettings, text: &str) -> String {
    let mut expanded = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        let Some((name, after)) = after.split_once('%') else {
            break;
        };
        expanded = expanded + before + settings.setting(name).unwrap_or_default();
        rest = after;
    }
    expanded + rest
}

/// Splits a command line as .NET does on every platform: at spaces outside double quotes. A backslash
/// escapes a double quote.
fn split(command_line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut is_quoted = false;
    let mut characters = command_line.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\\' if characters.next_if_eq(&'"').is_some() => {
                word.get_or_insert_default().push('"');
            }
            '"' => {
                is_quoted = !is_quoted;
                word.get_or_insert_default();
            }
            ' ' | '\t' if !is_quoted => words.extend(word.take()),
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(description: &str, files: &[&str]) -> (tempfile::TempDir, HostSettings) {
        let root = tempfile::tempdir().unwrap();
        let host_json =
            format!(r#"{{"version":"2.0","customHandler":{{"description":{{{description}}}}}}}"#);
        std::fs::write(root.path().join("host.json"), host_json).unwrap();
        for file in files {
            std::fs::write(root.path().join(file), "").unwrap();
        }
        let given = [("NAME".to_owned(), "value".to_owned())];
        let settings = HostSettings::read(root.path(), &given).unwrap();
        (root, settings)
    }

    #[test]
    fn an_executable_that_does_not_exist_is_looked_up_in_path() {
        let (_root, settings) = settings(r#""defaultExecutablePath":"handler""#, &[]);
        assert_eq!(executable(&settings), Path::new("handler"));
    }

    #[test]
    fn an_executable_that_exists_is_relative_to_the_app_root() {
        let (root, settings) = settings(r#""defaultExecutablePath":"%NAME%""#, &["value"]);
        assert_eq!(executable(&settings), root.path().join("value"));
    }

    #[test]
    fn arguments_are_joined_without_quotes_and_expanded() {
        let description = r#""defaultExecutablePath":"x","arguments":["a b","%NAME%","%NO%"]"#;
        let (_root, settings) = settings(description, &[]);
        assert_eq!(arguments(&settings), ["a", "b", "value"]);
    }

    #[test]
    fn quotes_keep_spaces_and_can_be_escaped() {
        assert_eq!(split(r#" a  "b c"d "" \"e "#), ["a", "b cd", "", "\"e"]);
    }
}
