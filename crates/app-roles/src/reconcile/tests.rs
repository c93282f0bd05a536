use std::{
    collections::{BTreeSet, HashSet},
    sync::Arc,
};

use proptest::{collection::vec, prelude::*};
use time::OffsetDateTime;

use super::*;
use crate::{
    arm::ArmScope,
    directory::{Api, AppRole, Principal, PrincipalKind},
    ids::{AppId, AppRoleId, Guid, ObjectId},
    policy::{OwnIdentity, Policy},
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
    let now = OffsetDateTime::UNIX_EPOCH;
    let comparison = Comparison { policy: &policy, own, apis: &apis, holdings: &holdings, now };
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

/// The summary of a run that starts with an id and has found these identities that lack roles.
fn lacking(all: &[ObjectId], first: ObjectId, most: usize) -> Summary {
    let limits = Limits { repairs: most, named: 50, young: 100 };
    let mut summary = Summary::new(RoundOrder::starting_with(first), limits);
    for id in all {
        summary.add(Findings { identities: 1, lacking: vec![*id], unexpected: vec![] });
    }
    summary
}

/// The summary of a run that starts with the smallest id and has found these unexpected assignments.
fn unexpected(all: &[CompactAssignment], limits: Limits) -> Summary {
    let mut summary = Summary::new(RoundOrder::starting_with(id(0)), limits);
    summary.add(Findings { identities: 1, lacking: vec![], unexpected: all.to_vec() });
    summary
}

const LIMITS: Limits = Limits { repairs: 5, named: 50, young: 100 };

fn named(summary: &Summary, before: &[CompactAssignment]) -> Vec<CompactAssignment> {
    summary.confirmed(&before.iter().copied().collect()).named
}

#[test]
fn no_identity_is_selected_if_none_lacks_roles() {
    let batch = lacking(&[], id(3), 5000).repairs();
    assert_eq!(batch, RepairBatch { now: vec![], later: 0, next: None });
}

#[test]
fn a_run_continues_where_the_last_one_stopped_and_wraps_around() {
    let all: Vec<_> = (0..10).map(id).collect();
    let batch = lacking(&all, id(7), 5).repairs();
    assert_eq!(batch.now, [7, 8, 9, 0, 1].map(id));
    assert_eq!((batch.later, batch.next), (5, Some(id(2))));
}

#[test]
fn an_assignment_that_was_found_only_once_is_not_confirmed() {
    let before = [holding(1, 1), holding(1, 3), holding(2, 1)];
    let now = unexpected(&[holding(2, 1), holding(2, 2), holding(1, 3)], LIMITS);
    assert_eq!(named(&now, &before), [holding(1, 3), holding(2, 1)]);
    assert_eq!(now.confirmed(&BTreeSet::from(before)).at_first_sight, 1);
    assert_eq!(named(&now, &[]), []);
}

#[test]
fn an_old_assignment_counts_as_found_before() {
    let old = CompactAssignment { is_old: true, ..holding(2, 2) };
    assert_eq!(named(&unexpected(&[holding(2, 1), old], LIMITS), &[]), [old]);
    assert_eq!(named(&unexpected(&[old], LIMITS), &[holding(2, 2)]), [old]);
}

#[test]
fn unexpected_assignments_beyond_the_limits_are_counted_and_not_kept() {
    let old = |number| CompactAssignment { is_old: true, ..holding(number, 1) };
    let limits = Limits { repairs: 1, named: 2, young: 3 };
    let all: Vec<_> = (0..100).flat_map(|number| [old(number), holding(number, 2)]).collect();
    let summary = unexpected(&all, limits);
    let confirmed = summary.confirmed(&BTreeSet::new());
    assert_eq!((confirmed.count, confirmed.named), (100, vec![old(0), old(1)]));
    assert_eq!(confirmed.at_first_sight, 100);
    assert_eq!(summary.for_the_next_run(&BTreeSet::new(), None).len(), 3);
}

#[test]
fn a_run_that_stopped_keeps_what_the_run_before_found_about_the_rest() {
    let before = BTreeSet::from([holding(1, 1), holding(8, 1)]);
    let now = unexpected(&[holding(2, 1)], LIMITS);
    let stopped = RoundOrder::starting_with(id(0)).place(id(8));
    let next = now.for_the_next_run(&before, Some(stopped));
    assert_eq!(next, BTreeSet::from([holding(2, 1), holding(8, 1)]));
    assert_eq!(now.for_the_next_run(&before, None), BTreeSet::from([holding(2, 1)]));
}

/// Takes one share after the other, and returns the numbers of assignments that each held and the
/// principals that each covered, with their roles.
fn shares(
    rows: &[CompactAssignment],
    first: ObjectId,
    most: usize,
) -> Vec<Vec<(ObjectId, Vec<CompactAssignment>)>> {
    let (mut all, mut begin) = (Vec::new(), None);
    loop {
        let mut share = Share::new(RoundOrder::starting_with(first), begin, most);
        rows.iter().for_each(|row| share.offer(*row));
        let (range, held) = share.into_parts();
        let covered = (0..20).map(id).filter(|one| range.covers(*one));
        all.push(covered.map(|one| (one, held.of(one).collect())).collect());
        begin = range.end();
        if begin.is_none() {
            return all;
        }
        assert!(all.len() <= 20, "the shares do not come to an end: {all:?}");
    }
}

#[test]
fn a_tenant_that_fits_is_one_share_wherever_it_begins() {
    let rows: Vec<_> = (0..20).map(|number| holding(number, 1)).collect();
    for first in [0, 7, 19, 30] {
        let all = shares(&rows, id(first), 20);
        assert_eq!(all.len(), 1, "{first}");
        assert_eq!(all[0].len(), 20, "{first}");
    }
}

#[test]
fn rows_that_a_list_repeats_do_not_fill_a_share() {
    let rows: Vec<_> = (0..100).map(|number| holding(number % 5, 1)).collect();
    assert_eq!(shares(&rows, id(3), 8).len(), 1);
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
            let found: Vec<_> = holdings.of(id(principal)).collect();
            prop_assert_eq!(found.len(), expected.len());
            prop_assert!(found.iter().all(|one| one.principal == id(principal)));
            prop_assert!(found.iter().all(|one| expected.contains(&one.role)));
        }
    }

    #[test]
    fn shares_cover_every_principal_once_with_all_its_assignments(
        rows in vec((0..20_u16, 0..4_u16), 0..120), first in 0..22_u16, most in 8..60_usize,
    ) {
        let rows: Vec<_> = rows.iter().map(|(principal, role)| holding(*principal, *role)).collect();
        let every: BTreeSet<_> = rows.iter().copied().collect();
        let all = shares(&rows, id(first), most);
        for share in &all {
            prop_assert!(share.iter().map(|(_, held)| held.len()).sum::<usize>() <= most);
        }
        let mut covered: Vec<_> = all.iter().flatten().map(|(one, _)| *one).collect();
        covered.sort_unstable();
        prop_assert_eq!(covered, (0..20).map(id).collect::<Vec<_>>());
        let held: BTreeSet<_> = all.into_iter().flatten().flat_map(|(_, held)| held).collect();
        prop_assert_eq!(held, every);
    }

    #[test]
    fn every_identity_is_selected_in_time_even_if_none_is_ever_repaired(
        count in 0..200_u16, most in 1..60_usize, from in 0..200_u16,
    ) {
        let all: Vec<_> = (0..count).map(id).collect();
        let (mut seen, mut from) = (HashSet::new(), id(from));
        for _ in 0..all.len().div_ceil(most) {
            let batch = lacking(&all, from, most).repairs();
            prop_assert!(batch.now.len() <= most);
            prop_assert_eq!(batch.now.len() + batch.later, all.len());
            seen.extend(batch.now);
            from = batch.next.unwrap_or(from);
        }
        prop_assert_eq!(seen.len(), all.len());
    }
}
