//! Warnings about a policy: parts that are valid but probably a mistake.

use std::fmt;

use super::{acknowledgement::Acknowledgement, warning_code::WarningCode};

/// A warning about a policy that is valid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyWarning {
    /// The kind of warning.
    pub code: WarningCode,
    /// The name of the rule, if it is about one.
    pub rule: Option<String>,
    /// The path in the document, for instance `allow[2].roles[0]`.
    pub path: String,
    /// The warning. Its subject may be the rule.
    pub sentence: String,
    /// The entry of the file that accepts it.
    pub acknowledged: Option<Acknowledgement>,
}

impl PolicyWarning {
    /// A warning that the file does not acknowledge.
    #[must_use]
    pub fn new(code: WarningCode, rule: Option<&str>, path: String, sentence: String) -> Self {
        Self { code, rule: rule.map(str::to_owned), path, sentence, acknowledged: None }
    }

    /// Whether the file does not acknowledge it.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.acknowledged.is_none()
    }
}

impl fmt::Display for PolicyWarning {
    /// A sentence with the name of the rule, or else with the path.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.rule {
            Some(rule) => write!(formatter, "rule {rule:?}: {}", self.sentence),
            None => write!(formatter, "{}: {}", self.path, self.sentence),
        }
    }
}

/// What a program has found out about things that the policy file names but does not contain.
#[derive(Debug, Clone, Default)]
pub struct Survey {
    /// The warnings that were checked for all rules. An acknowledgement of any other warning may still be
    /// useful.
    pub examined: Vec<WarningCode>,
    /// The warnings.
    pub warnings: Vec<PolicyWarning>,
}

impl Survey {
    /// Adds what another survey has found.
    pub fn extend(&mut self, other: Self) {
        self.examined.extend(other.examined);
        self.warnings.extend(other.warnings);
    }
}

/// A warning about a part of a rule.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) code: WarningCode,
    /// The path from the rule to the part, for instance `.roles[0]`. Empty for the rule itself.
    pub(super) place: String,
    pub(super) sentence: String,
}

impl Finding {
    pub(super) fn new(
        code: WarningCode,
        place: impl Into<String>,
        sentence: impl Into<String>,
    ) -> Self {
        Self { code, place: place.into(), sentence: sentence.into() }
    }

    /// The finding as a warning about the rule with this name and path.
    pub(super) fn about(self, rule: &str, path: &str) -> PolicyWarning {
        PolicyWarning::new(self.code, Some(rule), format!("{path}{}", self.place), self.sentence)
    }
}
