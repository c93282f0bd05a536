//! The GitHub action.

use serde_json::Value;

use crate::repository::workflows::{files::text, yaml::parse};

/// The action, parsed.
pub(crate) fn action() -> Value {
    parse(&text("action.yml")).unwrap()
}

/// The name, the script and the variables of each step.
pub(crate) fn steps() -> Vec<(String, String, Value)> {
    let action = action();
    assert_eq!(action["runs"]["using"], "composite");
    let steps = action["runs"]["steps"].as_array().unwrap();
    let step = |step: &Value| {
        let known = ["name", "id", "shell", "run", "env"];
        assert!(
            step.as_object().unwrap().keys().all(|key| known.contains(&key.as_str())),
            "{step}"
        );
        assert_eq!(step["shell"], "bash");
        let [name, run] = ["name", "run"].map(|field| step[field].as_str().unwrap().to_owned());
        (name, run, step["env"].clone())
    };
    steps.iter().map(step).collect()
}
