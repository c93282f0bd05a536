//! Where settings come from.

use std::collections::HashMap;

/// Where settings come from: the process, or a map in tests.
pub trait Env {
    /// The value of a setting, if it is set.
    fn get(&self, name: &str) -> Option<String>;

    /// Every setting, with its name.
    fn all(&self) -> Vec<(String, String)>;
}

/// The environment of this process.
#[derive(Debug, Clone, Copy)]
pub struct ProcessEnv;

impl Env for ProcessEnv {
    #[expect(clippy::disallowed_methods, reason = "the only place that reads the environment")]
    fn get(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    #[expect(clippy::disallowed_methods, reason = "the only place that reads the environment")]
    fn all(&self) -> Vec<(String, String)> {
        // A variable that is not UTF-8 is no app setting.
        let text = |text: std::ffi::OsString| text.into_string().ok();
        let variables = std::env::vars_os();
        variables.filter_map(|(name, value)| Some((text(name)?, text(value)?))).collect()
    }
}

impl Env for HashMap<&str, &str> {
    fn get(&self, name: &str) -> Option<String> {
        HashMap::get(self, name).map(ToString::to_string)
    }

    fn all(&self) -> Vec<(String, String)> {
        self.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }
}

/// The value of a setting; an empty one counts as not set.
pub(super) fn set(env: &dyn Env, name: &str) -> Option<String> {
    env.get(name).filter(|text| !text.is_empty())
}
