//! The words of test files.

use app_roles::{code::Code, directory::PrincipalKind, policy::ConfirmationNeed};
use serde::Deserialize;

use crate::stated_facts::ApiOwner;

/// What a test asks for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Action"))]
#[serde(rename_all = "camelCase")]
pub(super) enum ActionWord {
    /// Assign the role.
    #[default]
    Assign,
    /// Revoke the role.
    Revoke,
    /// See that the principal holds the role.
    Read,
    /// Hold the role without a request.
    Baseline,
}

/// The expected decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Decision"))]
#[serde(rename_all = "camelCase")]
pub(super) enum DecisionWord {
    /// Allowed, without an approval.
    Allowed,
    /// Allowed once it is approved.
    NeedsApproval,
    /// Denied.
    Denied,
}

impl DecisionWord {
    /// The word in the file.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::NeedsApproval => "needsApproval",
            Self::Denied => "denied",
        }
    }
}

/// The expected code of a denial.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Code"))]
#[serde(rename_all = "camelCase")]
pub(super) enum CodeWord {
    NoRuleForRequester,
    NoRuleForApi,
    NoRuleForPrincipal,
    NoRuleForRole,
    PrivilegedRole,
    DurationTooLong,
    NoApprover,
    Protected,
    OwnIdentity,
}

impl From<CodeWord> for Code {
    fn from(word: CodeWord) -> Self {
        match word {
            CodeWord::NoRuleForRequester => Self::NoRuleForRequester,
            CodeWord::NoRuleForApi => Self::NoRuleForApi,
            CodeWord::NoRuleForPrincipal => Self::NoRuleForPrincipal,
            CodeWord::NoRuleForRole => Self::NoRuleForRole,
            CodeWord::PrivilegedRole => Self::PrivilegedRole,
            CodeWord::DurationTooLong => Self::DurationTooLong,
            CodeWord::NoApprover => Self::NoApprover,
            CodeWord::Protected => Self::Protected,
            CodeWord::OwnIdentity => Self::OwnIdentity,
        }
    }
}

/// Whether Azure Resource Manager must confirm the place of the principal before the write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Confirmation"))]
#[serde(rename_all = "camelCase")]
pub(super) enum ConfirmationWord {
    /// Never: the rule names the principal by its object id.
    Never,
    /// Unless a setting of the broker limits confirmations.
    ByDefault,
    /// Always: the rule is privileged, or of the baseline.
    Always,
}

impl ConfirmationWord {
    /// The word in the file.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::ByDefault => "byDefault",
            Self::Always => "always",
        }
    }
}

impl From<ConfirmationNeed> for ConfirmationWord {
    fn from(need: ConfirmationNeed) -> Self {
        match need {
            ConfirmationNeed::Never => Self::Never,
            ConfirmationNeed::ByDefault => Self::ByDefault,
            ConfirmationNeed::Always => Self::Always,
        }
    }
}

/// The kind of a principal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "PrincipalKind"))]
#[serde(rename_all = "camelCase")]
pub(super) enum KindWord {
    /// A managed identity. Without `resourceId`, its place is unknown.
    ManagedIdentity,
    /// An application.
    Application,
    /// An agent of Microsoft Entra Agent ID.
    Agent,
    /// The principal of an agent blueprint.
    AgentBlueprint,
    /// A kind that the broker does not know.
    Unknown,
}

impl From<KindWord> for PrincipalKind {
    fn from(word: KindWord) -> Self {
        match word {
            KindWord::ManagedIdentity => Self::ManagedIdentity,
            KindWord::Application => Self::Application,
            KindWord::Agent => Self::Agent,
            KindWord::AgentBlueprint => Self::AgentBlueprint,
            KindWord::Unknown => Self::Unknown,
        }
    }
}

/// The owner of an API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Owner"))]
#[serde(rename_all = "camelCase")]
pub(super) enum OwnerWord {
    /// The broker's own tenant.
    ThisTenant,
    /// A tenant of Microsoft.
    Microsoft,
    /// The tenant of another company.
    Other,
    /// Microsoft Graph states no owner.
    Unknown,
}

impl From<OwnerWord> for ApiOwner {
    fn from(word: OwnerWord) -> Self {
        match word {
            OwnerWord::ThisTenant => Self::ThisTenant,
            OwnerWord::Microsoft => Self::Microsoft,
            OwnerWord::Other => Self::Other,
            OwnerWord::Unknown => Self::Unknown,
        }
    }
}
