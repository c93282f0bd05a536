//! Proposals for tenants whose roles were assigned by rules: the rules are found again.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::{
    super::draw::Draw,
    tenant::{Tenant, place},
};
use crate::ids::ObjectId;

/// The number of rules of a generated tenant, and how they were made.
struct Generated {
    tenant: Tenant,
    rules: usize,
}

/// How a generated tenant is laid out.
#[derive(Debug, Clone, Copy)]
struct Layout {
    groups: usize,
    largest_group: usize,
    apis: usize,
    roles: usize,
    rules: usize,
}

/// Assigns roles by random rules: each gives some roles of one API to all identities of some resource
/// groups, or to single identities.
fn generated(seed: u64, layout: Layout) -> Generated {
    let mut draw = Draw::from_seed(seed);
    let mut tenant = Tenant::default();
    let mut groups: Vec<Vec<ObjectId>> = Vec::new();
    let mut number = 0;
    for group in 0..layout.groups {
        let identities = (0..=draw.below(layout.largest_group)).map(|_| {
            number += 1;
            tenant.identity(number, Some(&place(group % 3, group, number)))
        });
        groups.push(identities.collect());
    }
    (0..layout.apis).for_each(|api| tenant.api(api, layout.roles));
    let mut rules = BTreeSet::new();
    for _ in 0..layout.rules {
        let api = draw.below(layout.apis);
        let roles: BTreeSet<_> = (0..=draw.below(3)).map(|_| draw.below(layout.roles)).collect();
        let mut identities = BTreeSet::new();
        if draw.below(5) == 0 {
            let group = &groups[draw.below(groups.len())];
            identities.insert(group[draw.below(group.len())]);
        } else {
            for _ in 0..=draw.below(4) {
                identities.extend(&groups[draw.below(groups.len())]);
            }
        }
        for identity in &identities {
            roles.iter().for_each(|role| tenant.grant(*identity, api, *role));
        }
        rules.insert((api, roles, identities));
    }
    Generated { tenant, rules: rules.len() }
}

#[test]
fn twenty_generated_tenants_get_about_as_many_rules_as_made_them() {
    for seed in 0..20 {
        let size = usize::try_from(seed).unwrap();
        let layout = Layout {
            groups: 6 + size * 2,
            largest_group: 1 + size % 6,
            apis: 1 + size % 4,
            roles: 4 + size % 7,
            rules: 5 + size * 2,
        };
        let Generated { tenant, rules } = generated(seed, layout);
        let proposed = tenant.proposal().rules.len();
        assert!(proposed * 10 <= rules * 12, "seed {seed}: {proposed} instead of {rules}");
        tenant.assert_exact();
    }
}

fn layouts() -> impl Strategy<Value = Layout> {
    (1usize..12, 1usize..5, 1usize..3, 1usize..8, 0usize..14).prop_map(
        |(groups, largest_group, apis, roles, rules)| Layout {
            groups,
            largest_group,
            apis,
            roles,
            rules,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn a_proposal_allows_what_is_held_and_nothing_else(seed: u64, layout in layouts()) {
        let Generated { tenant, rules } = generated(seed, layout);
        tenant.assert_exact();
        let proposed = tenant.proposal().rules.len();
        prop_assert!(proposed * 10 <= rules * 12, "{} instead of {}", proposed, rules);
    }

    #[test]
    fn the_order_of_rows_changes_nothing(seed: u64, order: u64, layout in layouts()) {
        let tenant = generated(seed, layout).tenant;
        let mut other = tenant.clone();
        let mut draw = Draw::from_seed(order);
        shuffle(&mut other.principals, &mut draw);
        shuffle(&mut other.apis, &mut draw);
        other.held.extend(tenant.held.iter().take(3));
        shuffle(&mut other.held, &mut draw);
        prop_assert_eq!(tenant.proposal(), other.proposal());
    }
}

fn shuffle<T>(list: &mut [T], draw: &mut Draw) {
    for index in (1..list.len()).rev() {
        list.swap(index, draw.below(index + 1));
    }
}
