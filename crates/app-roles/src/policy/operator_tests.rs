use super::{
    fixtures::{
        GRAPH, ORDERS as API, OWN as OPERATOR, PRINCIPAL, ROLE, api, application, object_id, role,
    },
    operator_consent::APP_ROLE_ASSIGNMENT_READ_WRITE_ALL,
    *,
};
use crate::{directory::Assignment, ids::AppRoleId, request::Action};

fn policy(protected: &str) -> Policy {
    let text = format!(r#"{{"version":1,"protected":[{protected}],"allow":[]}}"#);
    Policy::parse(text.as_bytes()).unwrap()
}

/// A change, and one role that its principal holds.
struct Change {
    principal: &'static str,
    app_id: &'static str,
    role: &'static str,
    holds: &'static str,
}

const EVERYDAY: Change = Change { principal: PRINCIPAL, app_id: API, role: ROLE, holds: ROLE };

impl Change {
    fn ask(&self, policy: &Policy, privileged: bool) -> Result<Permit, Vec<Caution>> {
        let (principal, role) = (application(self.principal), role(self.role, "Role.Of.A.Test"));
        let api = api(self.app_id);
        let held = [Assignment {
            id: String::new(),
            api: api.object_id,
            role: AppRoleId::parse(self.holds).unwrap(),
            created: None,
        }];
        policy.operator_permit(&OperatorConsent {
            operator: object_id(OPERATOR),
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
fn a_dangerous_change_needs_the_operators_explicit_confirmation() {
    let none = || policy("");
    let protected = |id: &str| policy(&format!("\"{id}\""));
    let write_all = APP_ROLE_ASSIGNMENT_READ_WRITE_ALL;
    for (what, change, policy) in [
        ("the operator", Change { principal: OPERATOR, ..EVERYDAY }, none()),
        ("a principal that can assign roles", Change { holds: write_all, ..EVERYDAY }, none()),
        ("a protected principal", EVERYDAY, protected(PRINCIPAL)),
        ("a protected API", EVERYDAY, protected(API)),
        ("a privileged role", Change { app_id: GRAPH, role: write_all, ..EVERYDAY }, none()),
        ("no policy", EVERYDAY, Policy::unavailable("the file is missing".to_owned())),
    ] {
        let cautions = change.ask(&policy, false).unwrap_err();
        assert_eq!(cautions.len(), 1, "{what}: {cautions:?}");
        assert!(change.ask(&policy, true).is_ok(), "{what}");
    }
}

#[test]
fn without_a_policy_at_hand_only_everyday_changes_need_no_confirmation() {
    let none = Policy::none_at_hand;
    assert!(EVERYDAY.ask(&none(), false).is_ok());
    let write_all = APP_ROLE_ASSIGNMENT_READ_WRITE_ALL;
    for change in [
        Change { principal: OPERATOR, ..EVERYDAY },
        Change { holds: write_all, ..EVERYDAY },
        Change { app_id: GRAPH, role: write_all, ..EVERYDAY },
    ] {
        assert_eq!(change.ask(&none(), false).unwrap_err().len(), 1);
        assert!(change.ask(&none(), true).is_ok());
    }
    assert_eq!((none().sha256(), none().unavailable_reason()), (None, None));
}

#[test]
fn an_everyday_change_needs_neither_a_rule_nor_a_confirmation() {
    let permit = EVERYDAY.ask(&policy(""), false).unwrap();
    assert_eq!(permit.principal(), object_id(PRINCIPAL));
    assert_eq!((permit.rule(), permit.approved_by()), (OPERATORS_OWN_RIGHTS, None));
}
