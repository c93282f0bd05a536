//! What is to be done so that a principal holds what the baseline says: wanted minus present.

use std::collections::HashSet;

use crate::{
    directory::AppRole,
    ids::{AppRoleId, ObjectId},
};

/// A role that the baseline gives a principal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The name of the rule that gives it; where several do, the first.
    pub rule: String,
    /// The API that defines the role.
    pub api: ObjectId,
    /// The role.
    pub role: AppRole,
}

/// What is wanted and not present, each once, in the order in which it is wanted. `present` are APIs and
/// their roles.
///
/// Nothing is ever taken away: what a principal holds beyond the baseline was given on request, or
/// by somebody else.
#[must_use]
pub fn missing(
    wanted: Vec<Wanted>,
    present: impl IntoIterator<Item = (ObjectId, AppRoleId)>,
) -> Vec<Wanted> {
    let mut known: HashSet<_> = present.into_iter().collect();
    wanted.into_iter().filter(|one| known.insert((one.api, one.role.id))).collect()
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    /// A role of an API, both by a number.
    type Pair = (u8, u8);

    fn id(number: u8) -> String {
        format!("11111111-1111-1111-1111-{number:012}")
    }

    fn wanted(pair: Pair) -> Wanted {
        Wanted {
            rule: "orders".to_owned(),
            api: ObjectId::parse(&id(pair.0)).unwrap(),
            role: AppRole::known_by_id(AppRoleId::parse(&id(pair.1)).unwrap()),
        }
    }

    fn held(pair: Pair) -> (ObjectId, AppRoleId) {
        let Wanted { api, role, .. } = wanted(pair);
        (api, role.id)
    }

    fn plan(what: &[Pair], present: &[Pair]) -> Vec<Wanted> {
        let present = present.iter().copied().map(held);
        missing(what.iter().copied().map(wanted).collect(), present)
    }

    fn pairs() -> impl Strategy<Value = Vec<Pair>> {
        vec((0..4_u8, 0..4_u8), 0..20)
    }

    proptest! {
        #[test]
        fn what_is_wanted_and_not_present_is_planned_and_nothing_else(what in pairs(), present in pairs()) {
            let planned = plan(&what, &present);
            for pair in (0..4).flat_map(|api| (0..4).map(move |role| (api, role))) {
                let expected = what.contains(&pair) && !present.contains(&pair);
                let count = planned.iter().filter(|one| **one == wanted(pair)).count();
                prop_assert_eq!(count, usize::from(expected), "{:?}", pair);
            }
        }

        #[test]
        fn the_plan_keeps_the_order_of_what_is_wanted(what in pairs(), present in pairs()) {
            let mut rest = what.iter().copied().map(wanted);
            for one in plan(&what, &present) {
                prop_assert!(rest.any(|wanted| wanted == one));
            }
        }

        #[test]
        fn once_a_plan_is_carried_out_there_is_nothing_left_to_do(what in pairs(), present in pairs()) {
            let done: Vec<_> = present.iter().chain(&what).copied().collect();
            prop_assert!(plan(&what, &done).is_empty());
        }
    }

    #[test]
    fn a_role_that_two_rules_give_is_planned_by_the_first() {
        let second = Wanted { rule: "second".to_owned(), ..wanted((1, 1)) };
        let planned = missing(vec![wanted((1, 1)), second], []);
        assert_eq!(planned, [wanted((1, 1))]);
    }
}
