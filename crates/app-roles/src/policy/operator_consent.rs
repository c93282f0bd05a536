//! Leave that an operator gives from their own rights, for the operator's tool.
//!
//! The broker never comes here: what it may write, rules decide. A test reads every file of the
//! handler and fails on one that names [`Policy::operator_permit`].

use std::fmt;

use super::{Permit, Policy, Rules, place_of};
use crate::{
    directory::{Api, AppRole, Assignment, Principal},
    ids::ObjectId,
    privileged::{self, Why},
    request::Action,
};

/// What stands in a permit where the name of a rule would.
pub const OPERATORS_OWN_RIGHTS: &str = "the operator's own rights";

/// Id of Microsoft Graph's app role `AppRoleAssignment.ReadWrite.All` ("Microsoft Graph permissions
/// reference"): whoever holds it is a broker, or as good as one.
const APP_ROLE_ASSIGNMENT_READ_WRITE_ALL: &str = "06b708a9-e830-4db3-a914-8e69da51d44f";

/// A change that an operator has decided on, all of it as Graph states it.
#[derive(Debug, Clone, Copy)]
pub struct OperatorConsent<'a> {
    /// Who decided.
    pub operator: ObjectId,
    /// What for.
    pub action: Action,
    /// Who is to receive or lose the role.
    pub principal: &'a Principal,
    /// Everything that the principal holds.
    pub held: &'a [Assignment],
    /// Whose role it is.
    pub api: &'a Api,
    /// The role.
    pub role: &'a AppRole,
    /// Whether the operator has spelled out that every [`Caution`] is meant.
    pub privileged: bool,
}

/// Why a change is one that an operator must spell out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caution {
    /// The principal is the one that asks.
    Oneself,
    /// The principal can assign roles itself, as the broker can.
    CanAssignRoles,
    /// The policy protects the principal, here by its ARM id or object id.
    ProtectedPrincipal(String),
    /// The policy protects the API, here by its appId.
    ProtectedApi(String),
    /// The role is privileged.
    PrivilegedRole(Why),
    /// There is no policy, so nobody knows what is protected; and why there is none.
    NoPolicy(String),
}

impl fmt::Display for Caution {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Oneself => formatter.write_str("the principal is yourself"),
            Self::CanAssignRoles => formatter.write_str(
                "the principal can assign app roles itself: it is the broker, or as powerful",
            ),
            Self::ProtectedPrincipal(place) => {
                write!(formatter, "the policy protects the principal {place}")
            }
            Self::ProtectedApi(app_id) => write!(formatter, "the policy protects the API {app_id}"),
            Self::PrivilegedRole(why) => write!(formatter, "the role is privileged ({why})"),
            Self::NoPolicy(reason) => {
                write!(formatter, "nobody knows what is protected, for {reason}")
            }
        }
    }
}

impl Policy {
    /// Leave for a change that an operator has decided on, whatever the rules say; or all the reasons
    /// for which the operator must spell out that it is meant.
    pub fn operator_permit(&self, consent: &OperatorConsent<'_>) -> Result<Permit, Vec<Caution>> {
        let cautions = self.cautions(consent);
        if !cautions.is_empty() && !consent.privileged {
            return Err(cautions);
        }
        let OperatorConsent { action, principal, api, role, .. } = *consent;
        Ok(Permit {
            action,
            principal: principal.object_id,
            client_id: principal.by_client_id.then_some(principal.client_id),
            api: api.object_id,
            role: role.id,
            rule: OPERATORS_OWN_RIGHTS.to_owned(),
        })
    }

    /// Why a change must be spelled out; nothing, for one of every day.
    #[must_use]
    pub fn cautions(&self, consent: &OperatorConsent<'_>) -> Vec<Caution> {
        let OperatorConsent { operator, principal, held, api, role, .. } = *consent;
        let mut cautions = Vec::new();
        if principal.object_id == operator {
            cautions.push(Caution::Oneself);
        }
        if held.iter().any(|one| one.role.to_string() == APP_ROLE_ASSIGNMENT_READ_WRITE_ALL) {
            cautions.push(Caution::CanAssignRoles);
        }
        match &self.rules {
            Ok(rules) => cautions.extend(rules.protection(principal, api)),
            Err(reason) => cautions.push(Caution::NoPolicy(reason.clone())),
        }
        let why = privileged::why(api.app_id, api.owner, role.id, role.value.as_deref());
        cautions.extend(why.map(Caution::PrivilegedRole));
        cautions
    }
}

impl Rules {
    fn protection(&self, principal: &Principal, api: &Api) -> Vec<Caution> {
        let by_principal = self.protected.iter().any(|entry| entry.is_principal(principal));
        let by_api = self.protected.iter().any(|entry| entry.is_api(api));
        let principal = by_principal.then(|| Caution::ProtectedPrincipal(place_of(principal)));
        let api = by_api.then(|| Caution::ProtectedApi(api.app_id.to_string()));
        principal.into_iter().chain(api).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{AppId, AppRoleId};

    const OPERATOR: &str = "11111111-1111-1111-1111-111111111111";
    const PRINCIPAL: &str = "22222222-2222-2222-2222-222222222222";
    const API: &str = "33333333-3333-3333-3333-333333333333";
    const ROLE: &str = "44444444-4444-4444-4444-444444444444";
    const MICROSOFT_GRAPH: &str = "00000003-0000-0000-c000-000000000000";

    fn object(id: &str) -> ObjectId {
        ObjectId::parse(id).unwrap()
    }

    fn policy(protected: &str) -> Policy {
        let text = format!(r#"{{"version":1,"protected":[{protected}],"allow":[]}}"#);
        Policy::parse(text.as_bytes()).unwrap()
    }

    /// An everyday change, and what makes it none.
    struct Change {
        principal: &'static str,
        app_id: &'static str,
        role: &'static str,
        holds: &'static str,
    }

    const EVERYDAY: Change = Change { principal: PRINCIPAL, app_id: API, role: ROLE, holds: ROLE };

    impl Change {
        fn ask(&self, policy: &Policy, privileged: bool) -> Result<Permit, Vec<Caution>> {
            let principal = Principal {
                object_id: object(self.principal),
                client_id: AppId::parse(self.principal).unwrap(),
                display_name: String::new(),
                resource_id: None,
                by_client_id: false,
            };
            let role = AppRole {
                value: Some("Role.Of.A.Test".to_owned()),
                ..AppRole::known_by_id(AppRoleId::parse(self.role).unwrap())
            };
            let api = Api {
                object_id: object(API),
                app_id: AppId::parse(self.app_id).unwrap(),
                owner: None,
                identifier_uris: Vec::new(),
                display_name: String::new(),
                roles: vec![role.clone()],
            };
            let held = [Assignment {
                id: String::new(),
                api: object(API),
                role: AppRoleId::parse(self.holds).unwrap(),
                created: None,
            }];
            policy.operator_permit(&OperatorConsent {
                operator: object(OPERATOR),
                action: Action::Assign,
                principal: &principal,
                held: &held,
                api: &api,
                role: &role,
                privileged,
            })
        }
    }

    #[test]
    fn what_is_dangerous_takes_more_than_an_operators_rights_until_it_is_spelled_out() {
        let none = || policy("");
        let protected = |id: &str| policy(&format!("\"{id}\""));
        let write_all = APP_ROLE_ASSIGNMENT_READ_WRITE_ALL;
        for (what, change, policy) in [
            ("oneself", Change { principal: OPERATOR, ..EVERYDAY }, none()),
            ("a broker", Change { holds: write_all, ..EVERYDAY }, none()),
            ("a protected principal", EVERYDAY, protected(PRINCIPAL)),
            ("a protected API", EVERYDAY, protected(API)),
            (
                "a privileged role",
                Change { app_id: MICROSOFT_GRAPH, role: write_all, ..EVERYDAY },
                none(),
            ),
            ("no policy", EVERYDAY, Policy::closed("want of a file".to_owned())),
        ] {
            let cautions = change.ask(&policy, false).unwrap_err();
            assert_eq!(cautions.len(), 1, "{what}: {cautions:?}");
            assert!(change.ask(&policy, true).is_ok(), "{what}");
        }
    }

    #[test]
    fn an_everyday_change_is_the_operators_to_decide_although_no_rule_allows_it() {
        let permit = EVERYDAY.ask(&policy(""), false).unwrap();
        assert_eq!(permit.principal(), object(PRINCIPAL));
        assert_eq!(permit.rule(), OPERATORS_OWN_RIGHTS);
    }
}
