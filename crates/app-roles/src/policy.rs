//! The policy: which requester may have which app role granted to which principal. Everything that no
//! rule allows is denied.
//!
//! A request passes two gates. The first judges names before any look-up ([`Policy::admit`]), the
//! second judges facts from Microsoft Graph ([`Policy::decide`]). The baseline, which grants roles
//! without a request, passes the second gate too ([`Policy::decide_baseline`]).
//!
//! Rules can have a last day, so every decision is made at a time, which the caller states.
//!
//! Only this module can make a [`Permit`], and every write to Microsoft Graph takes one. The removal of an
//! assignment whose end has come needs no rule ([`Policy::permit_end`]). With the feature `operator`, an operator's own rights are a third source of permits, for the operator's tool.

mod acknowledgement;
mod api_rules;
mod approval;
mod approval_warnings;
mod baseline;
mod choice;
mod coverage;
mod decision;
mod denial;
mod difference;
mod due_end;
mod expiry;
mod explanation;
mod fault;
mod fields;
mod file;
mod first_gate;
mod glob;
mod in_force;
mod matching_rule;
mod name_folding;
#[cfg(feature = "operator")]
mod operator_consent;
mod outline;
mod pattern;
mod permit;
#[cfg(feature = "operator")]
pub mod proposal;
mod protected;
mod question;
mod references;
mod repeated_entries;
mod rule;
mod rule_cover;
mod rule_index;
mod rule_reader;
mod rule_warnings;
mod rules;
#[cfg(test)]
mod schema;
mod scope_pattern;
mod second_gate;
mod summary;
mod visible_roles;
mod warning;
mod warning_code;
mod warnings;
mod write_limit;

pub use acknowledgement::Acknowledgement;
pub use api_rules::{ApiRules, Judgement};
pub use approval::ApprovalTerms;
pub use decision::{ApproverObstacle, Decision, Unapproved};
pub use denial::Denial;
pub use difference::{
    AccessChange, AccessTerms, ApproverOrder, ChangeKind, KnownApis, NamedPrincipals,
    NarrowerAccess, PolicyDifference, PrivilegedPart, ProtectionChange, ProtectionDifference,
    RuleNote,
};
pub use due_end::DueEnd;
pub use expiry::LastDay;
pub use explanation::{Explanation, Gap, NearRule};
pub use fault::{PolicyFault, PolicyFaults};
use first_gate::UnresolvedQuestion;
pub use in_force::Policy;
#[cfg(feature = "operator")]
pub use operator_consent::{Caution, OPERATORS_OWN_RIGHTS, OperatorConsent};
pub use outline::Outline;
pub use permit::{ConfirmationNeed, Permit};
pub use question::{OwnIdentity, ProposedAssignment, Question};
pub use references::{RoleReference, RuleReferences};
use rule::RuleAction;
pub use rule::{BaselineRule, RuleNotes};
pub use summary::RuleSummary;
use time::OffsetDateTime;
pub use visible_roles::VisibleRoles;
pub use warning::{PolicyWarning, Survey};
pub use warning_code::WarningCode;
pub use wire_formats::json::located::Location;
pub use write_limit::WriteLimit;

use crate::{
    arm::ArmScope,
    baseline_role::BaselineRole,
    directory::{Api, Principal},
    ids::ObjectId,
    names::{ApiName, PrincipalName},
    privileged::PrivilegeReason,
    request::Request,
    requester::Requester,
};

/// Rules, for people and programs that read the policy.
impl Policy {
    /// What each rule says about its limits and about itself, in the order of the file: the rules of
    /// `allow`, and then those of the baseline.
    #[must_use]
    pub fn summaries(&self) -> Vec<RuleSummary> {
        summary::summaries(self.rules_or_none())
    }

    /// The differences between what a newer policy allows at a time and what this one allows. Without a
    /// policy, nothing is allowed.
    #[must_use]
    pub fn difference(
        &self,
        newer: &Self,
        known: &KnownApis,
        now: OffsetDateTime,
    ) -> PolicyDifference {
        difference::between((self.rules_or_none(), newer.rules_or_none()), known, now)
    }

    /// What each rule lacks to allow something, including rules that have expired.
    #[must_use]
    pub fn explanation(&self) -> Explanation<'_> {
        Explanation::of(self.rules_or_none())
    }

    /// The queues, functions, APIs and roles that each rule names, in the order of the file.
    #[must_use]
    pub fn references(&self) -> Vec<RuleReferences> {
        references::references(self.rules_or_none())
    }
}

/// Requests.
impl Policy {
    /// The first gate, before any look-up: whether any rule could allow what the request names.
    pub fn admit(
        &self,
        requester: &Requester,
        request: &Request,
        now: OffsetDateTime,
    ) -> Result<(), Denial> {
        let Request { principal, api, .. } = request;
        let action = request.action.into();
        let question = UnresolvedQuestion { requester, action, principal, api };
        first_gate::admit(self.rules(now)?, question)
    }

    /// The second gate: the decision on one role, from what Graph states.
    pub fn decide(&self, question: &Question<'_>) -> Result<Decision, Denial> {
        second_gate::decide(self.rules(question.now)?, question)
    }

    /// Whether a rule needs approvals.
    #[must_use]
    pub fn has_approvals(&self) -> bool {
        self.rules_or_none().allow.iter().any(|rule| rule.grant.approval.is_some())
    }

    /// Whether any rule names this approver.
    #[must_use]
    pub fn names_approver(&self, approver: ObjectId, now: OffsetDateTime) -> bool {
        let rules = self.rules_or_none().at(now).allow();
        let mut terms = rules.filter_map(|rule| rule.grant.approval.as_ref());
        terms.any(|terms| terms.by().contains(&approver))
    }

    /// What the rule of `allow` with this name says about approvals. `None` if it needs none, has expired,
    /// or does not exist.
    #[must_use]
    pub fn approval_terms(&self, rule: &str, now: OffsetDateTime) -> Option<&ApprovalTerms> {
        let mut rules = self.rules_or_none().at(now).allow();
        rules.find(|one| one.grant.rule == rule)?.grant.approval.as_ref()
    }

    /// The rules in force for the roles of an API, to judge many assignments.
    #[must_use]
    pub fn rules_of_api<'a>(
        &'a self,
        api: &'a Api,
        own: OwnIdentity,
        now: OffsetDateTime,
    ) -> ApiRules<'a> {
        let rules = self.rules_or_none();
        ApiRules::of(rules, rules.at(now), api, own)
    }

    /// The APIs of all rules, including expired ones, each once.
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
        now: OffsetDateTime,
    ) -> Result<(), Denial> {
        let action = RuleAction::Read;
        let question = UnresolvedQuestion { requester, action, principal, api };
        first_gate::admit(self.rules(now)?, question)
    }

    /// The second gate: which roles the requester may see. What is protected from changes is hidden.
    pub fn visible_roles<'a>(
        &'a self,
        requester: &Requester,
        (principal, api): (&Principal, &'a Api),
        own: OwnIdentity,
        now: OffsetDateTime,
    ) -> Result<VisibleRoles<'a>, Denial> {
        VisibleRoles::of(self.rules(now)?, requester, (principal, api), own)
    }
}

/// The baseline: roles that identities always hold, without a request.
impl Policy {
    /// The rules of the baseline, including expired ones. Empty without a policy.
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
    pub fn baseline_covers(&self, resource: &ArmScope, now: OffsetDateTime) -> bool {
        coverage::baseline_covers(self.rules_or_none().at(now), resource)
    }

    /// The second gate: the decision on one role, from what Graph states.
    pub fn decide_baseline(&self, question: &ProposedAssignment<'_>) -> Result<Permit, Denial> {
        second_gate::decide_baseline(self.rules(question.now)?, question)
    }

    /// Denies the broker's own identity and protected principals, which no rule can change.
    pub fn check_principal(&self, principal: &Principal, own: OwnIdentity) -> Result<(), Denial> {
        let rules = self.rules.as_ref().map_err(|reason| Denial::NoPolicy(reason.clone()))?;
        protected::check_principal(&rules.protected, principal, own)
    }

    /// The assignable roles of an API that the baseline grants to a principal: those that
    /// [`Policy::decide_baseline`] permits.
    #[must_use]
    pub fn baseline_roles(
        &self,
        principal: &Principal,
        api: &Api,
        own: OwnIdentity,
        now: OffsetDateTime,
    ) -> Vec<BaselineRole> {
        baseline::roles_for(self.rules_or_none().at(now), principal, api, own)
    }

    /// The roles that baseline rules name exactly and that the API does not define, or that cannot be
    /// assigned: new roles, or mistakes. With a principal, only rules that cover it count.
    #[must_use]
    pub fn unknown_roles(
        &self,
        principal: Option<&Principal>,
        api: &Api,
        now: OffsetDateTime,
    ) -> Vec<String> {
        baseline::unknown_roles(self.rules_or_none().at(now), principal, api)
    }

    /// The privileged roles that baseline rules for a principal name exactly and never grant, because
    /// they lack `"privileged": true`: name of the rule, role and reason.
    #[must_use]
    pub fn unmarked_roles(
        &self,
        principal: &Principal,
        api: &Api,
        now: OffsetDateTime,
    ) -> Vec<(String, String, PrivilegeReason)> {
        baseline::unmarked_roles(self.rules_or_none().at(now), principal, api)
    }

    /// The places in Azure that contain every identity in a scope of a rule that allows a change, including
    /// expired rules, each once. Azure Resource Manager must confirm these identities.
    #[must_use]
    pub fn scopes_of_changes(&self) -> Vec<String> {
        coverage::scopes_of_changes(self.rules_or_none())
    }

    /// The APIs of the baseline rules that cover a principal, each once.
    #[must_use]
    pub fn baseline_apis(&self, principal: &Principal, now: OffsetDateTime) -> Vec<ApiName> {
        coverage::baseline_apis(self.rules_or_none().at(now), Some(principal))
    }

    /// The APIs of the baseline, each once.
    #[must_use]
    pub fn all_baseline_apis(&self, now: OffsetDateTime) -> Vec<ApiName> {
        coverage::baseline_apis(self.rules_or_none().at(now), None)
    }

    /// Whether the baseline grants an existing assignment, or a rule lets any requester create it.
    ///
    /// Protection does not count: it keeps the broker from changes and says nothing about who may
    /// hold the role.
    #[must_use]
    pub fn is_expected(&self, assignment: &ProposedAssignment<'_>) -> bool {
        second_gate::is_expected(self.rules_or_none().at(assignment.now), assignment)
    }
}

/// Ends of assignments.
impl Policy {
    /// Permits the removal of an assignment whose end has come; `None` if it has not come.
    ///
    /// No rule is needed, and protection does not prevent it: the assignment was allowed only until then,
    /// whatever the policy says now.
    #[must_use]
    pub fn permit_end(due: &DueEnd, now: OffsetDateTime) -> Option<Permit> {
        due.is_due(now).then(|| Permit::of_due_end(due))
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

#[cfg(test)]
mod api_rules_tests;
#[cfg(test)]
mod approval_terms_tests;
#[cfg(test)]
mod approval_tests;
#[cfg(test)]
mod approval_warnings_tests;
#[cfg(test)]
mod baseline_tests;
#[cfg(test)]
mod duration_tests;
#[cfg(test)]
mod expiry_tests;
#[cfg(test)]
mod explanation_tests;
#[cfg(test)]
mod fault_tests;
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
mod rule_cover_tests;
#[cfg(test)]
mod schema_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod warning_tests;
#[cfg(test)]
mod write_limit_tests;
