//! host.json and the settings that override it, as a flat map from a path to a text. Paths are not
//! case-sensitive: of two keys that differ only in case, the last one counts. .NET stores configuration in
//! this form, so a number may be given as a string.

use std::{collections::BTreeMap, time::Duration};

use crate::{ordered_json::Json, settings_error::SettingsError, time_span};

/// The prefix of a setting that overrides a key of host.json ("App settings reference",
/// override host.json values); levels are separated by two underscores.
const OVERRIDE_PREFIX: &str = "azurefunctionsjobhost";

/// The flat configuration.
#[derive(Debug, Default)]
pub(crate) struct Configuration(BTreeMap<String, String>);

impl Configuration {
    pub(crate) fn new(host_json: &Json, environment: &BTreeMap<String, String>) -> Self {
        let mut texts = BTreeMap::new();
        flatten("", host_json, &mut texts);
        for (name, value) in environment {
            let path = name.replace("__", ":").to_ascii_lowercase();
            if let Some(path) = path.strip_prefix(OVERRIDE_PREFIX).and_then(|p| p.strip_prefix(':'))
            {
                texts.insert(path.to_owned(), value.clone());
            }
        }
        Self(texts)
    }

    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.0.get(&path.to_ascii_lowercase()).map(String::as_str)
    }

    pub(crate) fn integer<N>(&self, path: &'static str, default: N) -> Result<N, SettingsError>
    where
        N: std::str::FromStr,
    {
        self.read(path, "a whole number that is not negative", |text| text.parse().ok())
            .map(|value| value.unwrap_or(default))
    }

    pub(crate) fn time_span(
        &self,
        path: &'static str,
        default: Duration,
    ) -> Result<Duration, SettingsError> {
        self.read(path, "a time span such as 00:00:30", time_span::parse)
            .map(|value| value.unwrap_or(default))
    }

    /// The value at a path; `None` if it is not set.
    pub(crate) fn read<T>(
        &self,
        path: &'static str,
        expected: &'static str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, SettingsError> {
        let Some(text) = self.text(path) else {
            return Ok(None);
        };
        let wrong = || SettingsError::Value { path, value: text.to_owned(), expected };
        read(text).map(Some).ok_or_else(wrong)
    }
}

fn flatten(path: &str, value: &Json, texts: &mut BTreeMap<String, String>) {
    let below = |name: &str| {
        let name = name.to_ascii_lowercase();
        if path.is_empty() { name } else { format!("{path}:{name}") }
    };
    match value {
        Json::Object(members) => {
            members.iter().for_each(|(name, value)| flatten(&below(name), value, texts));
        }
        // No supported value is an array.
        Json::Null | Json::Array(_) => {}
        Json::Text(text) => drop(texts.insert(path.to_owned(), text.clone())),
        other => drop(texts.insert(path.to_owned(), other.compact())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn configuration(host_json: &str, overrides: &[(&str, &str)]) -> Configuration {
        let pairs = overrides.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Configuration::new(&Json::parse(host_json.as_bytes()).unwrap(), &pairs.collect())
    }

    #[test]
    fn an_invalid_value_is_refused_and_its_path_named() {
        let configuration = configuration(r#"{"a":"soon"}"#, &[]);
        let error = configuration.time_span("a", Duration::ZERO).unwrap_err();
        let expected = "a is 'soon', and should be a time span such as 00:00:30";
        assert_eq!(error.to_string(), expected);
    }

    #[test]
    fn a_setting_in_the_environment_overrides_host_json_whatever_its_case() {
        let host_json = r#"{"extensions":{"queues":{"batchSize":16}}}"#;
        let name = "AzureFunctionsJobHost__Extensions__queues__batchsize";
        let configuration = configuration(host_json, &[(name, "3")]);
        assert_eq!(configuration.integer("extensions:queues:batchSize", 0).unwrap(), 3);
    }
    #[test]
    fn of_two_keys_that_differ_only_in_case_the_last_counts() {
        let path = "extensions:queues:maxDequeueCount";
        for (host_json, deliveries) in [
            (r#"{"extensions":{"queues":{"maxDequeueCount":30,"MaxDequeueCount":3}}}"#, 3),
            (r#"{"extensions":{"queues":{"MaxDequeueCount":3,"maxDequeueCount":30}}}"#, 30),
            (
                r#"{"extensions":{"queues":{"maxDequeueCount":30}},
                    "Extensions":{"QUEUES":{"maxdequeuecount":3}}}"#,
                3,
            ),
        ] {
            let configuration = configuration(host_json, &[]);
            assert_eq!(configuration.integer(path, 5).unwrap(), deliveries, "{host_json}");
        }
    }
}
