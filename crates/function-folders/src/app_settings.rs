//! App settings, as the host looks them up.

use std::collections::BTreeMap;

/// App settings by name.
///
/// To the host, upper and lower case of a name do not matter, and two underscores are the same as a colon
/// ("Configuration providers in .NET", environment variables). A setting that only one of host and handler
/// finds would make the handler mistake a queue or the last delivery.
#[derive(Clone, Default)]
pub struct AppSettings(BTreeMap<String, Vec<(String, String)>>);

impl FromIterator<(String, String)> for AppSettings {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(settings: I) -> Self {
        let mut all = Self::default();
        for (name, value) in settings {
            all.0.entry(key(&name)).or_default().push((name, value));
        }
        all
    }
}

impl AppSettings {
    /// The value of a setting, if it is set. The error names two settings that contradict each other: which
    /// of them the host takes is not defined.
    pub fn get(&self, name: &str) -> Result<Option<&str>, String> {
        let Some(settings) = self.0.get(&key(name)) else { return Ok(None) };
        let mut pairs = settings.iter().zip(settings.iter().skip(1));
        if let Some(((one, _), (other, _))) = pairs.find(|((_, one), (_, other))| one != other) {
            return Err(format!(
                "the app settings {one} and {other} are the same for the host, but have different values; \
                 remove one of them"
            ));
        }
        Ok(settings.first().map(|(_, value)| value.as_str()))
    }
}

fn key(name: &str) -> String {
    name.replace("__", ":").to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(pairs: &[(&str, &str)]) -> AppSettings {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn every_spelling_of_a_name_finds_the_setting() {
        for spelling in ["Host__a__maxCount", "host__A__MAXCOUNT", "HOST:a__MaxCount"] {
            let settings = settings(&[(spelling, "9"), ("Host__a", "1")]);
            assert_eq!(settings.get("Host__a__maxCount"), Ok(Some("9")), "{spelling}");
        }
        assert_eq!(settings(&[("Hosta", "9")]).get("Host__a"), Ok(None));
    }

    #[test]
    fn two_spellings_with_different_values_are_a_fault_that_names_them_and_no_value() {
        let same = settings(&[("A", "secret"), ("a", "secret")]);
        assert_eq!(same.get("A"), Ok(Some("secret")));
        let fault = settings(&[("A", "secret"), ("a", "other")]).get("A").unwrap_err();
        assert!(fault.contains("A and a") && !fault.contains("secret"), "{fault}");
    }
}
