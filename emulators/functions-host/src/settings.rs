//! The host's settings: host.json, local.settings.json and the environment.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use serde_json::Value;

use crate::{
    configuration::Configuration,
    host_json::{self, CustomHandlerSettings, QueueSettings},
    settings_error::{SettingsError, read_json},
};

/// The default connection of a binding.
const DEFAULT_CONNECTION: &str = "AzureWebJobsStorage";
/// The prefix with which the host looks up a connection first.
const CONNECTION_PREFIX: &str = "AzureWebJobs";

/// All settings.
#[derive(Debug)]
pub(crate) struct HostSettings {
    pub(crate) app_root: PathBuf,
    pub(crate) environment: BTreeMap<String, String>,
    pub(crate) custom_handler: CustomHandlerSettings,
    pub(crate) queues: QueueSettings,
}

/// The part of local.settings.json that the host reads ("Code and test Azure Functions locally").
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct LocalSettings {
    #[serde(default)]
    values: BTreeMap<String, String>,
}

impl HostSettings {
    /// Reads the settings of an app. Variables in `given` override those of this process, which
    /// override local.settings.json.
    pub(crate) fn read(app_root: &Path, given: &[(String, String)]) -> Result<Self, SettingsError> {
        let environment = environment(app_root, given)?;
        let text: Value = read_json(&app_root.join("host.json"))?;
        let configuration = Configuration::new(&text, &environment);
        let version = |text: &str| (text == "2.0").then_some(());
        configuration
            .read("version", "2.0", version)?
            .ok_or(SettingsError::Missing { path: "version" })?;
        Ok(Self {
            app_root: app_root.to_owned(),
            custom_handler: host_json::custom_handler(&configuration)?,
            queues: host_json::queues(&configuration)?,
            environment,
        })
    }

    /// The value of an app setting. Names are not case-sensitive.
    pub(crate) fn setting(&self, name: &str) -> Option<&str> {
        let mut variables = self.environment.iter();
        let found = variables.find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// The connection string of a binding's `connection`.
    pub(crate) fn connection_string(&self, connection: Option<&str>) -> Result<&str, String> {
        let name = connection.filter(|name| !name.is_empty()).unwrap_or(DEFAULT_CONNECTION);
        let prefixed = format!("{CONNECTION_PREFIX}{name}");
        self.setting(&prefixed).or_else(|| self.setting(name)).ok_or_else(|| {
            format!(
                "Storage account connection string '{prefixed}' does not exist. Make sure that it is a defined App Setting."
            )
        })
    }

    /// Whether a setting disables a function ("How to disable functions in Azure Functions").
    pub(crate) fn is_disabled(&self, function: &str) -> bool {
        let set = self.setting(&format!("{CONNECTION_PREFIX}.{function}.Disabled"));
        set.is_some_and(|value| value == "1" || value.eq_ignore_ascii_case("true"))
    }
}

fn environment(
    app_root: &Path,
    given: &[(String, String)],
) -> Result<BTreeMap<String, String>, SettingsError> {
    let path = app_root.join("local.settings.json");
    let mut environment = BTreeMap::new();
    if path.exists() {
        environment = read_json::<LocalSettings>(&path)?.values;
    }
    // A variable that is not UTF-8 cannot be an app setting.
    let text = |value: std::ffi::OsString| value.into_string().ok();
    environment.extend(std::env::vars_os().filter_map(|(k, v)| Some((text(k)?, text(v)?))));
    environment.extend(given.iter().cloned());
    Ok(environment)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(host_json: &str, given: &[(&str, &str)]) -> Result<HostSettings, SettingsError> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("host.json"), host_json).unwrap();
        let local = r#"{"Values":{"AzureWebJobsJobs":"local","Other":"local"}}"#;
        std::fs::write(folder.path().join("local.settings.json"), local).unwrap();
        let given: Vec<_> = given.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        HostSettings::read(folder.path(), &given)
    }

    #[test]
    fn faults_of_host_json_are_named() {
        let handler = r#""customHandler":{"description":{"defaultExecutablePath":"handler"}}"#;
        for (host_json, expected) in [
            ("{", "EOF"),
            ("{}", "host.json has no version"),
            (r#"{"version":"1.0"}"#, "version is '1.0', and should be 2.0"),
            (
                r#"{"version":"2.0"}"#,
                "host.json has no customHandler:description:defaultExecutablePath",
            ),
            (
                &format!(r#"{{"version":"2.0",{handler}}}"#),
                "host.json has no extensions:queues:messageEncoding",
            ),
        ] {
            let error = read(host_json, &[]).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn a_given_variable_wins_over_local_settings_and_a_connection_has_a_prefix_or_none() {
        let host_json = include_str!("../../../host.json");
        let given = [("Other", "given"), ("Jobs", "without"), ("AzureWebJobs.A.Disabled", "True")];
        let settings = read(host_json, &given).unwrap();
        assert_eq!(settings.connection_string(Some("Jobs")).unwrap(), "local");
        assert_eq!(settings.connection_string(Some("other")).unwrap(), "given");
        let error = settings.connection_string(Some("Absent")).unwrap_err();
        assert!(error.contains("'AzureWebJobsAbsent' does not exist"), "{error}");
        assert!(settings.is_disabled("A") && !settings.is_disabled("B"));
    }
}
