//! The policy in force: the rules of a file, or why there are none.

use time::OffsetDateTime;

use super::{
    denial::Denial,
    fault::PolicyFaults,
    file,
    rules::{NO_RULES, Rules, RulesInForce},
    warning::{PolicyWarning, Survey},
    warnings,
};
use crate::sha256;

/// The policy in force, which makes all decisions.
#[derive(Debug)]
pub struct Policy {
    /// The rules, or why there are none.
    pub(super) rules: Result<Rules, String>,
    sha256: Option<String>,
}

impl Policy {
    /// Reads a policy file.
    pub fn parse(bytes: &[u8]) -> Result<Self, PolicyFaults> {
        let rules = file::parse(bytes)?;
        Ok(Self { rules: Ok(rules), sha256: Some(sha256::hexadecimal(bytes)) })
    }

    /// The policy in force if the file cannot be read: it denies everything, for this reason.
    #[must_use]
    pub fn unavailable(reason: String) -> Self {
        Self { rules: Err(reason), sha256: None }
    }

    /// The policy of an operator without a policy file: it allows nothing on request and protects nothing.
    #[cfg(feature = "operator")]
    #[must_use]
    pub fn none_at_hand() -> Self {
        Self { rules: Ok(Rules::none()), sha256: None }
    }

    /// Why no policy could be read. `None` if there is one.
    #[must_use]
    pub fn unavailable_reason(&self) -> Option<&str> {
        self.rules.as_ref().err().map(String::as_str)
    }

    /// SHA-256 of the file in lower-case hexadecimal, or `None` without a policy.
    #[must_use]
    pub fn sha256(&self) -> Option<&str> {
        self.sha256.as_deref()
    }

    /// The rules that have not expired.
    pub(super) fn rules(&self, now: OffsetDateTime) -> Result<RulesInForce<'_>, Denial> {
        let rules = self.rules.as_ref().map_err(|reason| Denial::NoPolicy(reason.clone()))?;
        Ok(rules.at(now))
    }

    /// All rules, including expired ones. Empty without a policy.
    pub(super) fn rules_or_none(&self) -> &Rules {
        self.rules.as_ref().unwrap_or(&NO_RULES)
    }

    /// Warnings about what is valid but probably a mistake, as far as the file alone shows it: rules that
    /// never match, rules that anyone who can create a resource group can use, privileged rules without
    /// `maxDuration` or `approval`, rules whose approvers cannot approve a request, rules without an effect
    /// of their own, and rules that have expired or soon will. Those that the file acknowledges are marked.
    #[must_use]
    pub fn warnings(&self, now: OffsetDateTime) -> Vec<PolicyWarning> {
        self.warnings_with(now, Survey::default())
    }

    /// The warnings about the file, and those of a survey of what the file names.
    #[must_use]
    pub fn warnings_with(&self, now: OffsetDateTime, survey: Survey) -> Vec<PolicyWarning> {
        warnings::warnings(self.rules_or_none(), now, survey)
    }
}
