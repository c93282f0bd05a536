//! The policy: who may be given which role, by whose request. What no rule allows is denied.
//!
//! The only way to a [`Permit`], and so to a write on Microsoft Graph, leads through
//! [`Policy::decide`].

mod file;
mod rule;

pub use file::PolicyFault;
use rule::Rule;
use sha2::{Digest, Sha256};

use crate::domain::{
    directory::{Api, AppRole, Principal},
    ids::{AppId, AppRoleId, ObjectId},
    request::Action,
    requester::Requester,
};

/// The policy in force.
#[derive(Debug)]
pub struct Policy {
    rules: Result<Vec<Rule>, String>,
    sha256: Option<String>,
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
    /// The object id of the broker's own identity.
    pub own_identity: ObjectId,
}

/// Why something is not allowed. The text says what would have to change.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Denial {
    /// No policy could be read; the reason is for operators only.
    #[error("no policy is in force, so nothing is allowed: {0}")]
    NoPolicy(String),
    /// No rule lets the requester do this to anything.
    #[error("no rule of the policy lets the requester {0} {1} anything")]
    Requester(Requester, &'static str),
    /// The broker never changes what its own identity holds.
    #[error("the principal is the broker's own identity, which is never granted anything")]
    OwnIdentity,
    /// No rule for this requester names the API.
    #[error("no rule for {requester} names the API {app_id}")]
    Api {
        /// Who asked.
        requester: Requester,
        /// The API's appId, as a rule would have to name it.
        app_id: String,
    },
    /// No rule for this requester and API covers the principal.
    #[error("no rule for {requester} and this API covers the principal {principal}")]
    Principal {
        /// Who asked.
        requester: Requester,
        /// The ARM id that a rule's scope would have to cover, else the object id.
        principal: String,
    },
    /// No rule for this requester, API and principal names the role.
    #[error("no rule for {requester}, this API and this principal names the role {role}")]
    Role {
        /// Who asked.
        requester: Requester,
        /// The role's value, else its id.
        role: String,
    },
}

impl Denial {
    /// What the requester is told. Operators find the full text in the log.
    #[must_use]
    pub fn outward(&self) -> String {
        match self {
            Self::NoPolicy(_) => {
                "no policy is in force, so nothing is allowed; the broker's operators find the \
                 reason in its log"
                    .to_owned()
            }
            other => other.to_string(),
        }
    }
}

impl Policy {
    /// Reads a policy file.
    pub fn parse(bytes: &[u8]) -> Result<Self, PolicyFault> {
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

    /// SHA-256 of the file, in lower-case hexadecimal; `None` where there is no policy.
    #[must_use]
    pub fn sha256(&self) -> Option<&str> {
        self.sha256.as_deref()
    }

    /// The first gate, before anything is looked up: could any rule let this requester do this?
    pub fn admit(&self, requester: &Requester, action: Action) -> Result<(), Denial> {
        if self.rules()?.iter().any(|rule| rule.admits(requester, action)) {
            Ok(())
        } else {
            Err(Denial::Requester(requester.clone(), action.verb()))
        }
    }

    /// The decision proper.
    pub fn decide(&self, question: &Question<'_>) -> Result<Permit, Denial> {
        let Question { requester, action, .. } = *question;
        self.admit(requester, action)?;
        if question.principal.object_id == question.own_identity {
            return Err(Denial::OwnIdentity);
        }
        let rules = self.rules()?.iter().filter(|rule| rule.admits(requester, action));
        let candidates: Vec<_> = rules.filter(|rule| rule.names_api(question.api.app_id)).collect();
        if candidates.is_empty() {
            return Err(api_denial(question));
        }
        let mut candidates =
            candidates.into_iter().filter(|rule| rule.covers(question.principal)).peekable();
        if candidates.peek().is_none() {
            return Err(principal_denial(question));
        }
        match candidates.find(|rule| rule.names_role(question.role)) {
            Some(rule) => Ok(permit(rule, question)),
            None => Err(role_denial(question)),
        }
    }

    fn rules(&self) -> Result<&[Rule], Denial> {
        match &self.rules {
            Ok(rules) => Ok(rules),
            Err(reason) => Err(Denial::NoPolicy(reason.clone())),
        }
    }
}

fn permit(rule: &Rule, question: &Question<'_>) -> Permit {
    Permit {
        action: question.action,
        principal: question.principal.object_id,
        client_id: question.principal.by_client_id.then_some(question.principal.client_id),
        api: question.api.object_id,
        role: question.role.id,
        rule: rule.name().to_owned(),
    }
}

fn api_denial(question: &Question<'_>) -> Denial {
    Denial::Api { requester: question.requester.clone(), app_id: question.api.app_id.to_string() }
}

fn principal_denial(question: &Question<'_>) -> Denial {
    let principal = match &question.principal.resource_id {
        Some(scope) => scope.to_string(),
        None => question.principal.object_id.to_string(),
    };
    Denial::Principal { requester: question.requester.clone(), principal }
}

fn role_denial(question: &Question<'_>) -> Denial {
    let role = question.role.value.clone().unwrap_or_else(|| question.role.id.to_string());
    Denial::Role { requester: question.requester.clone(), role }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;
