//! Finds the policy that applies to a change with the operator's own permissions.

use std::{io::ErrorKind, path::PathBuf};

use app_roles::{policy::Policy, requester::Requester};

use crate::{
    broker_health::{self, BrokerHealth},
    failure::Failure,
    options::{BrokerAddress, GlobalOptions},
    output::{Line, Screen, Tone},
    policy_file,
    policy_in_force::{ADVICE, PolicyInForce, shortened},
};

/// The answer of the broker's health endpoint, or why there is none.
type Answer = Result<BrokerHealth, Failure>;

/// The policy that applies.
#[derive(Debug)]
pub(super) enum PolicyChoice {
    /// The policy of this file, with this SHA-256.
    File(PathBuf, String),
    /// No option names `policy.json` in this folder, and the policy in it cannot be used.
    Unusable(PathBuf),
    /// There is no file.
    None(PathBuf),
}

/// Asks the broker which policy it has in force, if an option or the environment names it.
pub(super) async fn in_force(global: &GlobalOptions, address: &BrokerAddress) -> Option<Answer> {
    address.url()?;
    Some(broker_health::ask(global, address).await)
}

impl PolicyChoice {
    /// Reads the policy file. If an option names it, it must be valid. Without a file, there is no policy
    /// and nothing is protected. If a file with the usual name cannot be used, everything is refused,
    /// because it may protect anything.
    pub(super) fn read(global: &GlobalOptions) -> Result<(Policy, Self), Failure> {
        let file = global.policy.clone();
        match policy_file::read(&file) {
            Ok(policy) => {
                let sha256 = policy.sha256().unwrap_or_default().to_owned();
                Ok((policy, Self::File(file, sha256)))
            }
            Err(failure) if global.policy_is_named => Err(failure),
            Err(_) if is_missing(&file) => Ok((Policy::none_at_hand(), Self::None(file))),
            Err(failure) => Ok((Policy::unavailable(failure.sentence), Self::Unusable(file))),
        }
    }

    /// Returns whether a policy file counts.
    pub(super) fn is_file(&self) -> bool {
        matches!(self, Self::File(..))
    }

    /// Prints which policy applies, and the requester for whom its decisions are shown.
    pub(super) fn show(&self, screen: Screen, answer: Option<&Answer>, requester: &Requester) {
        let (tone, sentence) = self.sentence(answer);
        let line = Line::from("Policy:    ");
        screen.say(match tone {
            Some(tone) => line.then_painted(tone, &sentence),
            None => line.then(&sentence),
        });
        if self.is_file() {
            screen.say(format!("Requester: {requester}, for whom the policy is asked"));
        }
        if self.is_outdated(answer) {
            screen.note(format!("hint: {ADVICE}"));
        }
    }

    /// Returns whether the broker is known to use another policy than the file.
    fn is_outdated(&self, answer: Option<&Answer>) -> bool {
        match (self, answer) {
            (Self::File(file, _), Some(answer)) => {
                PolicyInForce::new(file, answer.as_ref()).is_in_force() == Some(false)
            }
            _ => false,
        }
    }

    /// Says which policy applies, and whether the broker uses the same one.
    fn sentence(&self, answer: Option<&Answer>) -> (Option<Tone>, String) {
        let health = answer.map(Result::as_ref);
        match (self, health) {
            (Self::File(file, sha256), None) => {
                (None, format!("{}, sha256 {}", file.display(), shortened(sha256)))
            }
            (Self::File(file, _), Some(health)) => {
                let compared = PolicyInForce::new(file, health);
                let is_it = compared.is_in_force() == Some(true);
                ((!is_it).then_some(Tone::Warning), compared.sentence())
            }
            (Self::Unusable(file), _) => {
                (Some(Tone::Warning), format!("{}, which cannot be used", file.display()))
            }
            (Self::None(file), health) => {
                let none = format!("none: there is no {}", file.display());
                (None, format!("{none}{}", of_the_broker(health)))
            }
        }
    }
}

/// Says which policy the broker uses, for when there is no file.
fn of_the_broker(health: Option<Result<&BrokerHealth, &Failure>>) -> String {
    match health {
        None => ", and --policy names no other file".to_owned(),
        Some(Err(failure)) => format!(", and the broker's is unknown: {}", failure.sentence),
        Some(Ok(health)) => match &health.policy_sha256 {
            Some(sha256) => format!(
                "; the broker's has the SHA-256 {}, and --policy names its file",
                shortened(sha256)
            ),
            None if health.lacks_policy() => ", and the broker has none in force".to_owned(),
            None => ", and the broker does not state its own".to_owned(),
        },
    }
}

/// Returns whether a file does not exist. A link to nothing exists.
fn is_missing(file: &std::path::Path) -> bool {
    file.symlink_metadata().is_err_and(|error| error.kind() == ErrorKind::NotFound)
}
