//! Faults of a policy file.

use std::fmt;

/// A fault at one place of a policy file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyFault {
    /// The path in the document, for instance `allow[2].principals[0]`.
    pub path: String,
    /// The name of the rule, if the fault is in one.
    pub rule: Option<String>,
    /// The fault.
    pub problem: String,
}

impl fmt::Display for PolicyFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.rule {
            Some(rule) => write!(formatter, "{} (rule {rule:?}): {}", self.path, self.problem),
            None => write!(formatter, "{}: {}", self.path, self.problem),
        }
    }
}

/// All faults of a policy file that is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyFaults(pub Vec<PolicyFault>);

impl fmt::Display for PolicyFaults {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let faults: Vec<_> = self.0.iter().map(ToString::to_string).collect();
        formatter.write_str(&faults.join("; "))
    }
}

impl std::error::Error for PolicyFaults {}
