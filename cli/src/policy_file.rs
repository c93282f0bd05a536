//! Reading the policy file that `--policy` names.

use std::path::Path;

use app_roles::policy::Policy;

use crate::{failure::Failure, io_reason::io_reason};

/// Reads and validates the policy file.
pub(crate) fn read(file: &Path) -> Result<Policy, Failure> {
    parse(&file.display().to_string(), &bytes(file)?)
}

/// Validates the content of a policy file with this name.
pub(crate) fn parse(name: &str, bytes: &[u8]) -> Result<Policy, Failure> {
    Policy::parse(bytes)
        .map_err(|faults| Failure::failed(format!("{name} is not a valid policy: {faults}")))
}

/// Reads the content of the policy file.
pub(crate) fn bytes(file: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(file).map_err(|error| {
        Failure::failed(format!("{} cannot be read: {}", file.display(), io_reason(&error)))
            .hint("name the broker's policy file with --policy")
    })
}

/// Reads the policy file. If that fails, returns a policy that denies everything and says why.
pub(crate) fn read_or_closed(file: &Path) -> Policy {
    read(file).unwrap_or_else(|failure| Policy::unavailable(failure.sentence))
}
