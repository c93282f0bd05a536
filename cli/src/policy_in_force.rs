//! Whether the local policy file is the one that the broker has in force.

use std::path::Path;

use serde::Serialize;

use crate::{
    broker_health::{self, BrokerHealth},
    failure::Failure,
    options::{BrokerAddress, GlobalOptions},
    output::{Line, Screen, Tone},
    policy_file,
};

/// The number of digits of a digest to show: enough to compare it with the digest in a result.
const DIGITS: usize = 12;

/// What to do if the broker has another policy.
pub(crate) const ADVICE: &str = "deploy the file, or name the deployed one with --policy; results and rows of the record say \
     which policy decided (policySha256)";

/// The local policy file, and the policy that the broker has in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PolicyInForce {
    /// The local file.
    file: String,
    /// The SHA-256 of the local file. `None` if it is no valid policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
    /// The SHA-256 of the policy in force. `None` if none is, or if it is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    in_force_sha256: Option<String>,
    /// Whether the local file is in force. `None` if this is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    is_in_force: Option<bool>,
    /// Why it is unknown, or how the policies differ, in a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    warning: Option<String>,
}

/// Asks the broker, if an option or the environment names it.
pub(crate) async fn ask(global: &GlobalOptions, address: &BrokerAddress) -> Option<PolicyInForce> {
    address.url()?;
    let answer = broker_health::ask(global, address).await;
    Some(PolicyInForce::new(&global.policy, answer.as_ref()))
}

impl PolicyInForce {
    /// Compares the local file with what the broker has answered.
    pub(crate) fn new(file: &Path, answer: Result<&BrokerHealth, &Failure>) -> Self {
        let policy = policy_file::read(file).ok();
        let sha256 = policy.as_ref().and_then(|policy| policy.sha256()).map(str::to_owned);
        let in_force_sha256 = answer.ok().and_then(|health| health.policy_sha256.clone());
        let has_none = answer.is_ok_and(BrokerHealth::lacks_policy);
        let is_known = in_force_sha256.is_some() || has_none;
        let is_in_force = is_known.then(|| sha256.is_some() && sha256 == in_force_sha256);
        let file = file.display().to_string();
        let warning = match (is_in_force, &in_force_sha256, answer) {
            (Some(true), ..) => None,
            (Some(false), Some(other), _) => {
                let local = sha256.as_deref().map_or_else(
                    || format!("{file} is no valid policy"),
                    |digest| format!("that of {file} is {}", shortened(digest)),
                );
                let other = shortened(other);
                Some(format!(
                    "the broker has another policy in force: its SHA-256 is {other}, and {local}"
                ))
            }
            (Some(false), None, _) => {
                Some("the broker has no policy in force, so it denies everything".to_owned())
            }
            (None, _, Err(failure)) => Some(format!(
                "whether {file} is the policy in force is unknown: {}",
                failure.sentence
            )),
            (None, ..) => Some(format!(
                "whether {file} is the policy in force is unknown: the broker does not state its policy, \
                 because it is older than this program"
            )),
        };
        Self { file, sha256, in_force_sha256, is_in_force, warning }
    }

    /// Whether the local file is in force. `None` if this is unknown.
    pub(crate) fn is_in_force(&self) -> Option<bool> {
        self.is_in_force
    }

    /// Returns one sentence: that the file is in force, or the warning.
    pub(crate) fn sentence(&self) -> String {
        self.warning.clone().unwrap_or_else(|| {
            let digest = self.sha256.as_deref().map(shortened).unwrap_or_default();
            format!("{} is the policy in force, sha256 {digest}", self.file)
        })
    }

    /// Prints which policy is in force to standard error.
    pub(crate) fn show(&self, screen: Screen) {
        let sentence = self.sentence();
        if self.warning.is_none() {
            screen.note(sentence);
            return;
        }
        screen.note(Line::painted(Tone::Warning, "warning:").then(" ").then(&sentence));
        if self.is_in_force == Some(false) {
            screen.note(format!("hint: {ADVICE}"));
        }
    }
}

/// The beginning of a digest.
pub(crate) fn shortened(digest: &str) -> String {
    format!("{}…", digest.get(..DIGITS).unwrap_or(digest))
}
