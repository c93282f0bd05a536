use std::collections::HashSet;

use proptest::{collection::vec, prelude::*};

use super::*;
use crate::{
    arm::ArmScope,
    directory::PrincipalKind,
    ids::{AppId, Guid},
};

const TENANT: &str = "66666666-6666-6666-6666-666666666666";
const OWN: u16 = 9999;
const GROUPS: &str = "/subscriptions/44444444-4444-4444-4444-444444444444/resourceGroups";

fn id(number: u16) -> ObjectId {
    ObjectId::parse(&format!("11111111-1111-1111-1111-{number:012}")).unwrap()
}

fn role(number: u16) -> AppRoleId {
    AppRoleId::parse(&format!("55555555-5555-5555-5555-{number:012}")).unwrap()
}

fn holding(principal: u16, role_number: u16) -> CompactAssignment {
    CompactAssignment {
        principal: id(principal),
        api: id(0),
        role: role(role_number),
        is_old: false,
    }
}

fn identity(number: u16, group: &str) -> Principal {
    let below = "providers/Microsoft.ManagedIdentity/userAssignedIdentities/id";
    Principal {
        object_id: id(number),
        client_id: AppId::parse(&id(number).to_string()).ok(),
        display_name: String::new(),
        kind: PrincipalKind::ManagedIdentity,
        resource_id: Some(ArmScope::parse(&format!("{GROUPS}/{group}/{below}")).unwrap()),
        by_client_id: false,
    }
}

/// An API with the roles 1 to 4, whose values are "One" to "Four".
fn api() -> Arc<Api> {
    let roles = ["One", "Two", "Three", "Four"].into_iter().zip(1..).map(|(value, number)| {
        AppRole { value: Some(value.to_owned()), ..AppRole::known_by_id(role(number)) }
    });
    Arc::new(Api {
        object_id: id(0),
        app_id: AppId::parse(&id(0).to_string()).unwrap(),
        owner: Guid::parse(TENANT).ok(),
        identifier_uris: vec![],
        display_name: String::new(),
        roles: roles.collect(),
        has_unreadable_roles: false,
    })
}

/// The baseline grants role 1 to everything in rg-a. A request can assign role 2 and revoke role 3.
fn policy() -> Policy {
    let (group, protected, api) = (format!("{GROUPS}/rg-a"), id(7), id(0));
    let text = format!(
        r#"{{"version":1,"protected":["{protected}"],
        "allow":[
          {{"name":"asked","requesters":["queue:team"],"principals":["{group}"],"api":"{api}","roles":["Two"]}},
          {{"name":"taken","requesters":["queue:team"],"principals":["{group}"],"api":"{api}","roles":["Three"],
            "actions":["revoke"]}}],
        "baseline":[{{"name":"given","principals":["{group}"],"api":"{api}","roles":["One"]}}]}}"#
    );
    Policy::parse(text.as_bytes()).unwrap()
}

/// Compares one identity that has these assignments.
fn compare(identity: &Principal, held: Vec<CompactAssignment>) -> Findings {
    let own = OwnIdentity { object_id: id(OWN), tenant_id: Guid::parse(TENANT).ok() };
    let (policy, apis, holdings) = (policy(), [api()], AssignmentsByPrincipal::from(held));
    let comparison = Comparison { policy: &policy, own, apis: &apis, holdings: &holdings };
    let mut findings = Findings::default();
    findings.compare(identity, &comparison);
    findings
}

#[test]
fn an_identity_that_lacks_a_baseline_role_is_found() {
    for (held, lacks) in [
        (vec![], true),
        (vec![holding(1, 2)], true),
        (vec![holding(2, 1)], true),
        (vec![holding(1, 1)], false),
    ] {
        let found = compare(&identity(1, "rg-a"), held.clone());
        assert_eq!(found.lacking == [id(1)], lacks, "{held:?}");
        assert_eq!((found.lacking.len(), found.identities), (usize::from(lacks), 1));
    }
}

#[test]
fn a_protected_or_uncovered_identity_and_the_broker_lack_nothing() {
    for one in [identity(7, "rg-a"), identity(OWN, "rg-a"), identity(1, "rg-b")] {
        assert!(compare(&one, vec![]).lacking.is_empty(), "{one:?}");
    }
}

#[test]
fn an_assignment_that_no_rule_allows_is_unexpected() {
    let held: Vec<_> = (1..=5).map(|role| holding(1, role)).collect();
    // Role 3 can only be revoked, no rule names role 4, and the API no longer defines role 5.
    assert_eq!(compare(&identity(1, "rg-a"), held.clone()).unexpected, held[2..]);
    assert_eq!(compare(&identity(1, "rg-b"), held.clone()).unexpected, held);
}

#[test]
fn roles_of_a_protected_identity_need_a_rule_and_roles_of_the_broker_need_none() {
    let held = |number| vec![holding(number, 2), holding(number, 4)];
    assert_eq!(compare(&identity(7, "rg-a"), held(7)).unexpected, [holding(7, 4)]);
    assert_eq!(compare(&identity(OWN, "rg-a"), held(OWN)).unexpected, []);
}

#[test]
fn no_identity_is_selected_if_none_lacks_roles() {
    let turns = RepairBatch::of(vec![], id(3), 5000);
    assert_eq!(turns, RepairBatch { now: vec![], later: 0, next: None });
}

#[test]
fn a_run_continues_where_the_last_one_stopped_and_wraps_around() {
    let lacking: Vec<_> = (0..10).map(id).collect();
    let turns = RepairBatch::of(lacking, id(7), 5);
    assert_eq!(turns.now, [7, 8, 9, 0, 1].map(id));
    assert_eq!((turns.later, turns.next), (5, Some(id(2))));
}

#[test]
fn an_assignment_that_was_found_only_once_is_dropped() {
    let before = [holding(1, 1), holding(1, 3), holding(2, 1)];
    let now = [holding(2, 1), holding(2, 2), holding(1, 3)];
    assert_eq!(confirmed(&now, &before), [holding(2, 1), holding(1, 3)]);
    assert_eq!(confirmed(&now, &[]), []);
}

#[test]
fn an_old_assignment_counts_as_found_before() {
    let old = CompactAssignment { is_old: true, ..holding(2, 2) };
    assert_eq!(confirmed(&[holding(2, 1), old], &[]), [old]);
    assert_eq!(confirmed(&[old], &[holding(2, 2)]), [old]);
}

proptest! {
    #[test]
    fn the_assignments_of_each_principal_are_found_in_any_input_order(
        rows in vec((0..6_u16, 0..4_u16), 0..40),
    ) {
        let all: Vec<_> = rows.iter().map(|(principal, role)| holding(*principal, *role)).collect();
        let holdings = AssignmentsByPrincipal::from(all.clone());
        for principal in 0..7 {
            let expected: HashSet<_> =
                rows.iter().filter(|row| row.0 == principal).map(|row| role(row.1)).collect();
            let found = holdings.of(id(principal));
            prop_assert_eq!(found.len(), expected.len());
            prop_assert!(found.iter().all(|one| one.principal == id(principal)));
            prop_assert!(found.iter().all(|one| expected.contains(&one.role)));
        }
    }

    #[test]
    fn every_identity_is_selected_in_time_even_if_none_is_ever_repaired(
        count in 0..200_u16, most in 1..60_usize, from in 0..200_u16,
    ) {
        let lacking: Vec<_> = (0..count).map(id).collect();
        let (mut seen, mut from) = (HashSet::new(), id(from));
        for _ in 0..lacking.len().div_ceil(most) {
            let turns = RepairBatch::of(lacking.clone(), from, most);
            prop_assert!(turns.now.len() <= most);
            prop_assert_eq!(turns.now.len() + turns.later, lacking.len());
            seen.extend(turns.now);
            from = turns.next.unwrap_or(from);
        }
        prop_assert_eq!(seen.len(), lacking.len());
    }
}
