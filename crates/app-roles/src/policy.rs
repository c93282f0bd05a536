//! The policy: which requester may have which app role granted to which principal. Everything that no
//! rule allows is denied.
//!
//! A request passes two gates. The first judges names before any look-up ([`Policy::admit`]), the
//! second judges facts from Microsoft Graph ([`Policy::decide`]). The baseline, which grants roles
//! without a request, passes the second gate too ([`Policy::decide_baseline`]).
//!
//! Only this module can make a [`Permit`], and every write to Microsoft Graph takes one. With the
//! feature `operator`, an operator's own rights are a third source of permits, for the operator's tool.

mod baseline;
mod coverage;
mod denial;
mod explanation;
mod fault;
mod file;
mod first_gate;
mod glob;
mod matching_rule;
mod name_folding;
#[cfg(feature = "operator")]
mod operator_consent;
mod pattern;
mod permit;
mod protected;
mod question;
mod rule;
mod rules;
mod scope_pattern;
mod second_gate;
mod visible_roles;
mod warnings;

pub use denial::Denial;
pub use explanation::{Gap, NearRule};
pub use fault::{PolicyFault, PolicyFaults};
use first_gate::UnresolvedQuestion;
#[cfg(feature = "operator")]
pub use operator_consent::{Caution, OPERATORS_OWN_RIGHTS, OperatorConsent};
pub use permit::{ConfirmationNeed, Permit};
pub use question::{OwnIdentity, ProposedAssignment, Question};
pub use rule::BaselineRule;
use rule::RuleAction;
use rules::{NO_RULES, Rules};
use sha2::{Digest, Sha256};
pub use visible_roles::VisibleRoles;

use crate::{
    arm::ArmScope,
    baseline_role::BaselineRole,
    directory::{Api, Principal},
    names::{ApiName, PrincipalName},
    privileged::PrivilegeReason,
    request::Request,
    requester::Requester,
};

/// The policy in force.
#[derive(Debug)]
pub struct Policy {
    /// The rules, or why there are none.
    rules: Result<Rules, String>,
    sha256: Option<String>,
}

impl Policy {
    /// Reads a policy file.
    pub fn parse(bytes: &[u8]) -> Result<Self, PolicyFaults> {
        let rules = file::parse(bytes)?;
        Ok(Self { rules: Ok(rules), sha256: Some(hex(&Sha256::digest(bytes))) })
    }

    /// The policy in force if the file cannot be read: it denies everything, for this reason.
    #[must_use]
    pub fn unavailable(reason: String) -> Self {
        Self { rules: Err(reason), sha256: None }
    }

    /// The reason why no policy could be read, if none could.
    #[must_use]
    pub fn unavailable_reason(&self) -> Option<&str> {
        self.rules.as_ref().err().map(String::as_str)
    }

    /// SHA-256 of the file in lower-case hexadecimal, or `None` without a policy.
    #[must_use]
    pub fn sha256(&self) -> Option<&str> {
        self.sha256.as_deref()
    }

    fn rules(&self) -> Result<&Rules, Denial> {
        self.rules.as_ref().map_err(|reason| Denial::NoPolicy(reason.clone()))
    }

    fn rules_or_none(&self) -> &Rules {
        self.rules.as_ref().unwrap_or(&NO_RULES)
    }

    /// Warnings about rules that are valid and probably a mistake: rules that never match, and rules
    /// that anyone who can create a resource group can use. Each is a sentence with the rule's name.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        warnings::warnings(self.rules_or_none())
    }
}

/// Requests.
impl Policy {
    /// The first gate, before any look-up: whether any rule could allow what the request names.
    pub fn admit(&self, requester: &Requester, request: &Request) -> Result<(), Denial> {
        let Request { principal, api, .. } = request;
        let action = request.action.into();
        first_gate::admit(self.rules()?, UnresolvedQuestion { requester, action, principal, api })
    }

    /// The second gate: the decision on one role, from what Graph states.
    pub fn decide(&self, question: &Question<'_>) -> Result<Permit, Denial> {
        second_gate::decide(self.rules()?, question)
    }

    /// The rules of `allow` with what each lacks to allow the request, nearest first. Protection is
    /// not among it, because no rule can override it: see [`Policy::decide`].
    #[must_use]
    pub fn nearest_rules(&self, question: &Question<'_>) -> Vec<NearRule> {
        explanation::nearest_rules(&self.rules_or_none().allow, question)
    }

    /// The APIs of all rules, each once.
    #[must_use]
    pub fn all_apis(&self) -> Vec<ApiName> {
        coverage::all_apis(self.rules_or_none())
    }
}

/// Reading what a principal holds.
impl Policy {
    /// The first gate, before any look-up: whether any rule could let the requester see what the
    /// principal holds on the API.
    pub fn admit_reading(
        &self,
        requester: &Requester,
        principal: &PrincipalName,
        api: &ApiName,
    ) -> Result<(), Denial> {
        let action = RuleAction::Read;
        first_gate::admit(self.rules()?, UnresolvedQuestion { requester, action, principal, api })
    }

    /// The second gate: which roles the requester may see. What is protected from changes is hidden.
    pub fn visible_roles<'a>(
        &'a self,
        requester: &Requester,
        principal: &Principal,
        api: &'a Api,
        own: OwnIdentity,
    ) -> Result<VisibleRoles<'a>, Denial> {
        VisibleRoles::of(self.rules()?, requester, (principal, api), own)
    }
}

/// The baseline: roles that identities always hold, without a request.
impl Policy {
    /// The rules of the baseline. Empty without a policy.
    #[must_use]
    pub fn baseline(&self) -> &[BaselineRule] {
        &self.rules_or_none().baseline
    }

    /// The first gate, before any look-up: whether the baseline covers the identities of a resource
    /// and no scope protects them.
    ///
    /// A rule that names an object id covers no resource: the id is known only after the resource
    /// exists.
    #[must_use]
    pub fn baseline_covers(&self, resource: &ArmScope) -> bool {
        coverage::baseline_covers(self.rules_or_none(), resource)
    }

    /// The second gate: the decision on one role, from what Graph states.
    pub fn decide_baseline(&self, question: &ProposedAssignment<'_>) -> Result<Permit, Denial> {
        second_gate::decide_baseline(self.rules()?, question)
    }

    /// Denies the broker's own identity and protected principals, which no rule can change.
    pub fn check_principal(&self, principal: &Principal, own: OwnIdentity) -> Result<(), Denial> {
        protected::check_principal(&self.rules()?.protected, principal, own)
    }

    /// The assignable roles of an API that the baseline grants to a principal: those that
    /// [`Policy::decide_baseline`] permits.
    #[must_use]
    pub fn baseline_roles(
        &self,
        principal: &Principal,
        api: &Api,
        own: OwnIdentity,
    ) -> Vec<BaselineRole> {
        baseline::roles_for(self.rules_or_none(), principal, api, own)
    }

    /// The roles that baseline rules name exactly and that the API does not define, or that cannot be
    /// assigned: new roles, or mistakes. With a principal, only rules that cover it count.
    #[must_use]
    pub fn unknown_roles(&self, principal: Option<&Principal>, api: &Api) -> Vec<String> {
        baseline::unknown_roles(self.rules_or_none(), principal, api)
    }

    /// The privileged roles that baseline rules for a principal name exactly and never grant, because
    /// they lack `"privileged": true`: name of the rule, role and reason.
    #[must_use]
    pub fn unmarked_roles(
        &self,
        principal: &Principal,
        api: &Api,
    ) -> Vec<(String, String, PrivilegeReason)> {
        baseline::unmarked_roles(self.rules_or_none(), principal, api)
    }

    /// The places in Azure that contain all identities of the scopes of rules that allow a change, each
    /// once. Azure Resource Manager must confirm these identities.
    #[must_use]
    pub fn scopes_of_changes(&self) -> Vec<String> {
        coverage::scopes_of_changes(self.rules_or_none())
    }

    /// The APIs of the baseline rules that cover a principal, each once.
    #[must_use]
    pub fn baseline_apis(&self, principal: &Principal) -> Vec<ApiName> {
        coverage::baseline_apis(self.rules_or_none(), Some(principal))
    }

    /// The APIs of the baseline, each once.
    #[must_use]
    pub fn all_baseline_apis(&self) -> Vec<ApiName> {
        coverage::baseline_apis(self.rules_or_none(), None)
    }

    /// Whether the baseline grants an existing assignment, or a rule lets any requester create it.
    ///
    /// Protection does not count: it keeps the broker from changes and says nothing about who may
    /// hold the role.
    #[must_use]
    pub fn is_expected(&self, assignment: &ProposedAssignment<'_>) -> bool {
        second_gate::is_expected(self.rules_or_none(), assignment)
    }
}

/// The operator's own rights.
#[cfg(feature = "operator")]
impl Policy {
    /// Permits a change that an operator has decided on, whatever the rules say. Without a
    /// confirmation, an error lists the reasons for which the operator must confirm the change.
    pub fn operator_permit(&self, consent: &OperatorConsent<'_>) -> Result<Permit, Vec<Caution>> {
        operator_consent::permit(self.rules.as_ref().map_err(String::as_str), consent)
    }

    /// The reasons for which an operator must confirm a change. Empty for an everyday change.
    #[must_use]
    pub fn cautions(&self, consent: &OperatorConsent<'_>) -> Vec<Caution> {
        operator_consent::cautions(self.rules.as_ref().map_err(String::as_str), consent)
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod baseline_tests;
#[cfg(test)]
pub(crate) mod fixtures;
#[cfg(test)]
mod guard_tests;
#[cfg(test)]
#[cfg(feature = "operator")]
mod operator_tests;
#[cfg(test)]
mod place_tests;
#[cfg(test)]
mod protection_tests;
#[cfg(test)]
mod tests;
