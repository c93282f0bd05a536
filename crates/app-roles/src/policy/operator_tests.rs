use super::{operator_consent::APP_ROLE_ASSIGNMENT_READ_WRITE_ALL, *};
use crate::{
    directory::{AppRole, Assignment},
    ids::{AppId, AppRoleId, ObjectId},
    request::Action,
};

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
fn a_dangerous_change_needs_the_operators_explicit_confirmation() {
    let none = || policy("");
    let protected = |id: &str| policy(&format!("\"{id}\""));
    let write_all = APP_ROLE_ASSIGNMENT_READ_WRITE_ALL;
    for (what, change, policy) in [
        ("the operator", Change { principal: OPERATOR, ..EVERYDAY }, none()),
        ("a principal that can assign roles", Change { holds: write_all, ..EVERYDAY }, none()),
        ("a protected principal", EVERYDAY, protected(PRINCIPAL)),
        ("a protected API", EVERYDAY, protected(API)),
        (
            "a privileged role",
            Change { app_id: MICROSOFT_GRAPH, role: write_all, ..EVERYDAY },
            none(),
        ),
        ("no policy", EVERYDAY, Policy::closed("the file is missing".to_owned())),
    ] {
        let cautions = change.ask(&policy, false).unwrap_err();
        assert_eq!(cautions.len(), 1, "{what}: {cautions:?}");
        assert!(change.ask(&policy, true).is_ok(), "{what}");
    }
}

#[test]
fn an_everyday_change_needs_neither_a_rule_nor_a_confirmation() {
    let permit = EVERYDAY.ask(&policy(""), false).unwrap();
    assert_eq!(permit.principal(), object(PRINCIPAL));
    assert_eq!(permit.rule(), OPERATORS_OWN_RIGHTS);
}
