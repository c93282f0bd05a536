//! Reading the policy file that `--policy` names.

use std::path::Path;

use app_roles::policy::Policy;

use crate::failure::Failure;

/// Reads and validates the policy file.
pub(crate) fn read(file: &Path) -> Result<Policy, Failure> {
    let name = file.display();
    let bytes = std::fs::read(file).map_err(|error| {
        Failure::failed(format!("{name} cannot be read: {error}"))
            .hint("name the broker's policy file with --policy")
    })?;
    Policy::parse(&bytes)
        .map_err(|faults| Failure::failed(format!("{name} is not a valid policy: {faults}")))
}

/// Reads the policy file. If that fails, returns a policy that denies everything and says why.
pub(crate) fn read_or_closed(file: &Path) -> Policy {
    read(file).unwrap_or_else(|failure| Policy::unavailable(failure.sentence))
}
