//! The rules for the roles of one API.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    bit_set::BitSet,
    cover::cover,
    matrix::{Matrix, Rectangle},
    places::Places,
    rule::ProposedRule,
    sorted::{Held, OfApi},
};
use crate::{
    directory::AppRole,
    ids::{AppRoleId, ObjectId},
    requester::Requester,
};

/// Proposes rules for what is held of one API.
pub(super) fn rules_of_api(
    of_api: &OfApi<'_>,
    places: &Places,
    requesters: &[Requester],
) -> Vec<ProposedRule> {
    let OfApi { api, open, all } = of_api;
    let roles: BTreeSet<_> = open.values().flatten().copied().collect();
    let roles: Vec<_> = roles.into_iter().collect();
    // Identities with the same roles are one row.
    let mut classes = BTreeMap::<BitSet, BTreeSet<ObjectId>>::new();
    for (identity, held) in open {
        classes.entry(columns(&roles, held)).or_default().insert(*identity);
    }
    let matrix = Matrix::new(classes.keys().cloned().collect(), roles.len());
    let mut rectangles = cover(&matrix);
    drop_repeated_rows(&mut rectangles);
    let members: Vec<_> = classes.values().collect();
    let rule = |rectangle: &Rectangle| {
        let chosen: BTreeSet<_> =
            rectangle.columns.iter().filter_map(|number| roles.get(number)).copied().collect();
        let wanted: BTreeSet<_> = rectangle
            .rows
            .iter()
            .filter_map(|number| members.get(number))
            .flat_map(|identities| identities.iter().copied())
            .collect();
        let holding = holding(all, &chosen);
        let defined = chosen.iter().map(|id| {
            let defined = api.roles.iter().find(|role| role.id == *id).cloned();
            defined.unwrap_or_else(|| AppRole::known_by_id(*id))
        });
        let defined: Vec<_> = defined.collect();
        ProposedRule {
            description: description(wanted.len()),
            principals: places.name(&wanted, &holding),
            ..ProposedRule::new(api, &defined, requesters)
        }
    };
    rectangles.iter().map(rule).collect()
}

/// The description of a rule for this many identities.
pub(super) fn description(identities: usize) -> String {
    match identities {
        1 => "held by 1 principal when this rule was proposed".to_owned(),
        count => format!("held by {count} principals when this rule was proposed"),
    }
}

/// The column numbers of roles. `roles` is sorted.
fn columns(roles: &[AppRoleId], held: &BTreeSet<AppRoleId>) -> BitSet {
    let mut columns = BitSet::empty(roles.len());
    for role in held {
        if let Ok(number) = roles.binary_search(role) {
            columns.insert(number);
        }
    }
    columns
}

/// The identities that hold all these roles.
fn holding(all: &Held, roles: &BTreeSet<AppRoleId>) -> BTreeSet<ObjectId> {
    let holding = all.iter().filter(|(_, held)| held.is_superset(roles));
    holding.map(|(identity, _)| *identity).collect()
}

/// Takes rows out of rectangles whose cells others have, too, so that an identity is in few rules. The
/// rectangles with the fewest columns lose their rows first.
fn drop_repeated_rows(rectangles: &mut [Rectangle]) {
    let mut order: Vec<_> = (0..rectangles.len()).collect();
    order.sort_by_key(|index| rectangles.get(*index).map(|one| one.columns.len()));
    for index in order {
        let Some(one) = rectangles.get(index) else { continue };
        let mut needed = one.rows.clone();
        for row in one.rows.iter() {
            let mut left = one.columns.clone();
            let others = rectangles.iter().enumerate().filter(|(other, _)| *other != index);
            for (_, other) in others.filter(|(_, other)| other.rows.contains(row)) {
                left.subtract(&other.columns);
            }
            if left.is_empty() {
                needed.remove(row);
            }
        }
        if let Some(one) = rectangles.get_mut(index)
            && !needed.is_empty()
        {
            one.rows = needed;
        }
    }
}
