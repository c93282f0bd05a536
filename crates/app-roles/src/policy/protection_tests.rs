//! Tests of `protected` for principals whose place in Azure is unknown or cannot be compared.

use proptest::prelude::*;

use super::{
    fixtures::{
        CLIENT, NOW, ORDERS, PRINCIPAL, ROLE, SUBSCRIPTION, api, application, identity,
        identity_somewhere, own, resource, role, team,
    },
    *,
};
use crate::{code::Code, directory::PrincipalKind, request::Action};

const ANOTHER: &str = "12121212-1212-1212-1212-121212121212";
const ELSEWHERE: &str = "/subscriptions/55555555-5555-5555-5555-555555555555";

/// A policy that lets the team and the baseline give `Orders.Read` to the principal, by its object id.
fn policy(protected: &[&str]) -> Policy {
    let grant = format!(
        r#""principals":["{PRINCIPAL}","{SUBSCRIPTION}"],"api":"{ORDERS}","roles":["Orders.Read"]"#
    );
    let text = format!(
        r#"{{"version":1,"protected":{},
            "allow":[{{"name":"r","requesters":["queue:team"],"actions":["assign","revoke","read"],{grant}}}],
            "baseline":[{{"name":"b",{grant}}}]}}"#,
        serde_json::to_string(protected).unwrap()
    );
    Policy::parse(text.as_bytes()).unwrap()
}

/// Asks about every kind of decision, and returns the code if all are denied.
fn denied(policy: &Policy, principal: &Principal) -> Option<Code> {
    let (api, role, team) = (api(ORDERS), role(ROLE, "Orders.Read"), team());
    let on_request = |action| {
        let question = Question {
            requester: &team,
            action,
            principal,
            api: &api,
            role: &role,
            own: own(),
            end: None,
            now: NOW,
        };
        policy.decide(&question).err()
    };
    let baseline = ProposedAssignment { principal, api: &api, role: &role, own: own(), now: NOW };
    let denials = [
        on_request(Action::Assign),
        on_request(Action::Revoke),
        policy.decide_baseline(&baseline).err(),
        policy.visible_roles(&team, (principal, &api), own(), NOW).err(),
    ]
    .map(|denial| denial.map(|denial| denial.code()));
    assert!(denials.iter().all(|one| *one == denials[0]), "{denials:?}");
    denials[0]
}

#[test]
fn an_identity_whose_place_is_unknown_is_protected_as_soon_as_a_scope_is() {
    let identity = identity_somewhere(PRINCIPAL);
    let of_unknown_kind = Principal { kind: PrincipalKind::Unknown, ..application(PRINCIPAL) };
    for (protected, code) in [
        (vec![], None),
        (vec![ANOTHER], None),
        (vec![ELSEWHERE], Some(Code::Protected)),
        (vec![ANOTHER, ELSEWHERE], Some(Code::Protected)),
        (vec![&format!("{ELSEWHERE}/resourceGroups/rg-*")], Some(Code::Protected)),
        (vec![PRINCIPAL], Some(Code::Protected)),
        (vec![CLIENT], Some(Code::Protected)),
    ] {
        for principal in [&identity, &of_unknown_kind] {
            assert_eq!(denied(&policy(&protected), principal), code, "{protected:?}");
        }
    }
    let denial = policy(&[ELSEWHERE]).check_principal(&identity, own()).unwrap_err().to_string();
    assert!(denial.contains("it is unknown whether") && denial.contains(PRINCIPAL), "{denial}");
}

#[test]
fn a_principal_whose_client_id_is_unknown_is_protected_as_soon_as_an_id_is() {
    let kinds = [
        (PrincipalKind::Application, Some(Code::Protected)),
        (PrincipalKind::Unknown, Some(Code::Protected)),
        // An agent has no client id of its own.
        (PrincipalKind::Agent, None),
    ];
    for (kind, code) in kinds {
        let principal = Principal { kind, client_id: None, ..application(PRINCIPAL) };
        assert_eq!(denied(&policy(&[ANOTHER]), &principal), code, "{kind:?}");
        assert_eq!(denied(&policy(&[PRINCIPAL]), &principal), Some(Code::Protected), "{kind:?}");
        assert_eq!(denied(&policy(&[]), &principal), None, "{kind:?}");
    }
    let in_group = Principal { client_id: None, ..identity(PRINCIPAL, "rg-orders") };
    assert_eq!(denied(&policy(&[ANOTHER]), &in_group), Some(Code::Protected));
    assert_eq!(denied(&policy(&[ELSEWHERE]), &in_group), None);
    let denial = policy(&[ANOTHER]).check_principal(&in_group, own()).unwrap_err().to_string();
    assert!(denial.contains("does not state its appId"), "{denial}");
}

#[test]
fn a_principal_that_is_no_managed_identity_lies_in_no_scope() {
    for kind in [PrincipalKind::Application, PrincipalKind::Agent] {
        let principal = Principal { kind, ..application(PRINCIPAL) };
        assert_eq!(denied(&policy(&[SUBSCRIPTION]), &principal), None, "{kind:?}");
    }
}

#[test]
fn an_identity_in_another_place_is_not_protected() {
    let protected = [ELSEWHERE, &format!("{SUBSCRIPTION}/resourceGroups/rg-für-alle")];
    for group in ["rg-orders", "rg-fur-alle", "rg-büro"] {
        assert_eq!(denied(&policy(&protected), &identity(PRINCIPAL, group)), None, "{group}");
    }
}

#[test]
fn letters_outside_ascii_protect_in_either_case_and_form() {
    for (protected, group) in [
        ("rg-für", "RG-FÜR"),
        ("RG-FÜR", "rg-für"),
        ("rg-größe", "RG-GRÖSSE"),
        ("caf\u{e9}", "CAFE\u{301}"),
        ("cafe\u{301}", "CAF\u{c9}"),
        ("рг-*", "РГ-СКЛАД"),
    ] {
        let scope = format!("{SUBSCRIPTION}/resourceGroups/{protected}");
        let policy = policy(&[&scope]);
        assert_eq!(denied(&policy, &identity(PRINCIPAL, group)), Some(Code::Protected), "{group}");
        assert!(!policy.baseline_covers(&resource(group), NOW), "{group}");
    }
}

#[test]
fn a_rule_does_not_cover_a_place_that_may_be_another_one() {
    let text = format!(
        r#"{{"version":1,"allow":[],"baseline":[{{"name":"b","principals":["{SUBSCRIPTION}/resourceGroups/rg-für"],"api":"{ORDERS}","roles":["Orders.Read"]}}]}}"#
    );
    let policy = Policy::parse(text.as_bytes()).unwrap();
    assert!(policy.baseline_covers(&resource("rg-für"), NOW));
    assert!(!policy.baseline_covers(&resource("RG-FÜR"), NOW));
}

proptest! {
    #[test]
    fn an_identity_in_a_protected_group_is_protected_whatever_the_case(
        group in "[a-zäöüéñøåžа-яα-ω][a-z0-9äöüéñøåžа-яα-ω-]{0,10}[a-z0-9]",
    ) {
        let scope = format!("{SUBSCRIPTION}/resourceGroups/{group}");
        for spelling in [group.clone(), group.to_uppercase(), group.to_lowercase()] {
            let identity = identity(PRINCIPAL, &spelling);
            prop_assert_eq!(denied(&policy(&[&scope]), &identity), Some(Code::Protected));
        }
    }
}
