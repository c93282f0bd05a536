//! The host's settings: host.json, local.settings.json and the environment.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use serde::Deserialize;

use crate::{
    configuration::Configuration,
    host_json::{self, CustomHandlerSettings, QueueSettings},
    settings_error::{SettingsError, read_json, read_ordered},
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

/// What the settings say about a connection.
#[derive(Debug)]
pub(crate) enum ConnectionSetting<'a> {
    /// A connection string.
    Text(&'a str),
    /// The services of an account, and the identity that reaches them.
    Identity(IdentityConnection<'a>),
}

/// An identity-based connection, with the values of its settings.
#[derive(Debug)]
pub(crate) struct IdentityConnection<'a> {
    pub(crate) queues: Option<&'a str>,
    pub(crate) tables: Option<&'a str>,
    pub(crate) credential: Option<&'a str>,
    pub(crate) client_id: Option<&'a str>,
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
        let host_json = read_ordered(&app_root.join("host.json"))?;
        let configuration = Configuration::new(&host_json, &environment);
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

    /// The settings of a binding's `connection`, whose names may begin with a prefix.
    pub(crate) fn connection(
        &self,
        connection: Option<&str>,
    ) -> Result<ConnectionSetting<'_>, String> {
        let name = connection.filter(|name| !name.is_empty()).unwrap_or(DEFAULT_CONNECTION);
        let prefixed = format!("{CONNECTION_PREFIX}{name}");
        let text = self.setting(&prefixed).or_else(|| self.setting(name));
        let text = text.map(ConnectionSetting::Text);
        text.or_else(|| self.identity_connection(&prefixed).map(ConnectionSetting::Identity))
            .or_else(|| self.identity_connection(name).map(ConnectionSetting::Identity))
            .ok_or_else(|| {
                format!(
                    "Storage account connection string '{prefixed}' does not exist. Make sure that it is a defined App Setting."
                )
            })
    }

    /// The identity-based connection with this name ("Azure Functions developer guide", identity-based
    /// connections).
    fn identity_connection(&self, name: &str) -> Option<IdentityConnection<'_>> {
        let part = |part: &str| self.setting(&format!("{name}__{part}"));
        let connection = IdentityConnection {
            queues: part("queueServiceUri"),
            tables: part("tableServiceUri"),
            credential: part("credential"),
            client_id: part("clientId"),
        };
        (connection.queues.is_some() || connection.tables.is_some()).then_some(connection)
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
            ("{", "Unterminated object"),
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
        let text = |name| match settings.connection(Some(name)) {
            Ok(ConnectionSetting::Text(text)) => text.to_owned(),
            other => panic!("{other:?}"),
        };
        assert_eq!([text("Jobs"), text("other")], ["local", "given"]);
        let error = settings.connection(Some("Absent")).unwrap_err();
        assert!(error.contains("'AzureWebJobsAbsent' does not exist"), "{error}");
        assert!(settings.is_disabled("A") && !settings.is_disabled("B"));
    }

    #[test]
    fn a_connection_without_a_connection_string_is_one_of_an_identity() {
        let host_json = include_str!("../../../host.json");
        let given = [
            ("Orders__queueServiceUri", "https://o.queue.core.windows.net"),
            ("Orders__credential", "managedidentity"),
            ("Orders__clientId", "1"),
            ("AzureWebJobsHost__tableServiceUri", "https://h.table.core.windows.net"),
            ("Both", "text"),
            ("Both__queueServiceUri", "https://b.queue.core.windows.net"),
        ];
        let settings = read(host_json, &given).unwrap();
        let Ok(ConnectionSetting::Identity(orders)) = settings.connection(Some("Orders")) else {
            panic!("not a connection of an identity");
        };
        assert_eq!(orders.queues, Some("https://o.queue.core.windows.net"));
        assert_eq!((orders.tables, orders.client_id), (None, Some("1")));
        assert!(matches!(settings.connection(Some("Host")), Ok(ConnectionSetting::Identity(_))));
        assert!(matches!(settings.connection(Some("Both")), Ok(ConnectionSetting::Text("text"))));
    }
}
