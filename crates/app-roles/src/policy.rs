//! The policy: who may be given which role, by whose request. What no rule allows is denied.
//!
//! The only ways to a [`Permit`], and so to a write on Microsoft Graph, lead through
//! [`Policy::decide`], for a request, and [`Policy::decide_baseline`], for what is given without one; for
//! the operator's tool, which has rights of its own and never runs in the handler, through
//! [`Policy::operator_permit`].

mod baseline;
mod choice;
mod denial;
mod explain;
mod file;
mod holding;
mod operator_consent;
mod pattern;
mod reading;
mod rule;
mod warnings;

pub use baseline::BaselineQuestion;
use choice::{Refusal, Subject, choose};
pub use denial::Denial;
pub use explain::{Gap, NearRule};
pub use file::{PolicyFault, PolicyFaults};
pub use operator_consent::{Caution, OPERATORS_OWN_RIGHTS, OperatorConsent};
use pattern::Protected;
pub use reading::View;
pub use rule::BaselineRule;
use rule::{Grant, Rule, RuleAction};
use sha2::{Digest, Sha256};

use crate::{
    directory::{Api, AppRole, Principal},
    ids::{AppId, AppRoleId, Guid, ObjectId},
    names::{ApiName, PrincipalName},
    request::{Action, Request},
    requester::Requester,
};

/// The policy in force.
#[derive(Debug)]
pub struct Policy {
    rules: Result<Rules, String>,
    sha256: Option<String>,
}

/// What a policy file says.
#[derive(Debug)]
struct Rules {
    protected: Vec<Protected>,
    allow: Vec<Rule>,
    baseline: Vec<BaselineRule>,
}

/// Leave to create or remove one assignment, and nothing else.
///
/// Its fields are private and only this module makes one, so a write that no rule allowed does not
/// compile.
#[derive(Debug)]
pub struct Permit {
    action: Action,
    principal: ObjectId,
    client_id: Option<AppId>,
    api: ObjectId,
    role: AppRoleId,
    rule: String,
}

impl Permit {
    /// What may be done.
    #[must_use]
    pub fn action(&self) -> Action {
        self.action
    }

    /// By which client id Graph was asked for the principal, if it was.
    #[must_use]
    pub fn client_id(&self) -> Option<AppId> {
        self.client_id
    }

    /// Who receives or loses the role.
    #[must_use]
    pub fn principal(&self) -> ObjectId {
        self.principal
    }

    /// Whose role it is.
    #[must_use]
    pub fn api(&self) -> ObjectId {
        self.api
    }

    /// The role.
    #[must_use]
    pub fn role(&self) -> AppRoleId {
        self.role
    }

    /// The name of the rule that allowed it.
    #[must_use]
    pub fn rule(&self) -> &str {
        &self.rule
    }
}

/// A question to the policy, all of it as Graph and the entrance state it and nothing as the request
/// claims it.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// Who asks.
    pub requester: &'a Requester,
    /// What for.
    pub action: Action,
    /// Who is to receive the role.
    pub principal: &'a Principal,
    /// Whose role it is.
    pub api: &'a Api,
    /// The role.
    pub role: &'a AppRole,
    /// Who the broker is.
    pub own: OwnIdentity,
}

/// Who the broker is, from its own token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnIdentity {
    /// The object id of its identity.
    pub object_id: ObjectId,
    /// Its tenant; unknown, no API counts as the tenant's own.
    pub tenant_id: Option<Guid>,
}

impl Policy {
    /// Reads a policy file.
    pub fn parse(bytes: &[u8]) -> Result<Self, PolicyFaults> {
        let rules = file::parse(bytes)?;
        Ok(Self { rules: Ok(rules), sha256: Some(hex(&Sha256::digest(bytes))) })
    }

    /// The policy in force where no policy could be read: it denies everything and says why.
    #[must_use]
    pub fn closed(reason: String) -> Self {
        Self { rules: Err(reason), sha256: None }
    }

    /// Why the policy denies everything, if it does for want of a file.
    #[must_use]
    pub fn closed_because(&self) -> Option<&str> {
        self.rules.as_ref().err().map(String::as_str)
    }

    fn rules_in_force(&self) -> Result<&Rules, Denial> {
        self.rules.as_ref().map_err(|reason| Denial::NoPolicy(reason.clone()))
    }

    /// SHA-256 of the file, in lower-case hexadecimal; `None` where there is no policy.
    #[must_use]
    pub fn sha256(&self) -> Option<&str> {
        self.sha256.as_deref()
    }

    /// What identities always hold; nothing where there is no policy.
    #[must_use]
    pub fn baseline(&self) -> &[BaselineRule] {
        self.rules.as_ref().map_or(&[], |rules| &rules.baseline)
    }

    /// What may stand in the file and is probably not meant: rules that can never match, and rules
    /// that admit whoever may create a resource group. A sentence each, with the rule's name.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        self.rules.as_ref().map_or_else(|_| Vec::new(), warnings::of)
    }

    /// The first gate, before anything is looked up: could any rule let this requester do this, about
    /// an API and a principal that are named like this?
    pub fn admit(&self, requester: &Requester, request: &Request) -> Result<(), Denial> {
        let Request { action, principal, api, .. } = request;
        self.admit_action(requester, (*action).into(), principal, api)
    }

    fn admit_action(
        &self,
        requester: &Requester,
        action: RuleAction,
        principal: &PrincipalName,
        api: &ApiName,
    ) -> Result<(), Denial> {
        self.could_allow(requester, action, principal, api).then_some(()).ok_or_else(|| match self
            .closed_because()
        {
            Some(reason) => Denial::NoPolicy(reason.to_owned()),
            None => Denial::Requester(requester.clone(), action.verb()),
        })
    }

    fn could_allow(
        &self,
        requester: &Requester,
        action: RuleAction,
        principal: &PrincipalName,
        api: &ApiName,
    ) -> bool {
        self.rules.as_ref().is_ok_and(|rules| {
            rules
                .allow
                .iter()
                .any(|rule| rule.admits(requester, action) && rule.could_concern(principal, api))
        })
    }

    /// The second gate, the decision proper, on what Graph says.
    pub fn decide(&self, question: &Question<'_>) -> Result<Permit, Denial> {
        let Question { requester, action, principal, api, role, own } = *question;
        let rules = self.rules_in_force()?;
        rules.check_guards(principal, api, own)?;
        let candidates: Vec<(&str, &Grant)> = rules
            .allow
            .iter()
            .filter(|rule| rule.admits(requester, action.into()))
            .map(Rule::named)
            .collect();
        if candidates.is_empty() {
            return Err(Denial::Requester(requester.clone(), action.verb()));
        }
        let subject = Subject { principal, api, role, own };
        let rule = choose(candidates, &subject).map_err(|refusal| denial(refusal, question))?;
        Ok(subject.permit(action, rule))
    }
}

impl Rules {
    /// What no rule can allow.
    fn check_guards(
        &self,
        principal: &Principal,
        api: &Api,
        own: OwnIdentity,
    ) -> Result<(), Denial> {
        self.check_principal(principal, own)?;
        if self.protected.iter().any(|entry| entry.is_api(api)) {
            return Err(Denial::ProtectedApi(api.app_id.to_string()));
        }
        Ok(())
    }

    fn check_principal(&self, principal: &Principal, own: OwnIdentity) -> Result<(), Denial> {
        if principal.object_id == own.object_id {
            return Err(Denial::OwnIdentity);
        }
        if self.protected.iter().any(|entry| entry.is_principal(principal)) {
            return Err(Denial::ProtectedPrincipal(place_of(principal)));
        }
        Ok(())
    }
}

fn denial(refusal: Refusal<'_>, question: &Question<'_>) -> Denial {
    let role = name_of(question.role);
    match refusal {
        Refusal::Api => api_denial(question.requester, question.api),
        Refusal::Principal => principal_denial(question.requester, question.principal),
        Refusal::Role => Denial::Role { requester: question.requester.clone(), role },
        Refusal::Privileged { why, rule } => {
            Denial::Privileged { role, why, rule: rule.to_owned() }
        }
    }
}

fn api_denial(requester: &Requester, api: &Api) -> Denial {
    Denial::Api { requester: requester.clone(), app_id: api.app_id.to_string() }
}

fn principal_denial(requester: &Requester, principal: &Principal) -> Denial {
    Denial::Principal { requester: requester.clone(), principal: place_of(principal) }
}

/// How a rule would have to name the principal: by its ARM id, else by its object id.
fn place_of(principal: &Principal) -> String {
    match &principal.resource_id {
        Some(scope) => scope.to_string(),
        None => principal.object_id.to_string(),
    }
}

fn name_of(role: &AppRole) -> String {
    role.value.clone().unwrap_or_else(|| role.id.to_string())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod guard_tests;
#[cfg(test)]
mod tests;
