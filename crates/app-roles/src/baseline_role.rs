//! Roles that the baseline grants to a principal, and which of them the principal lacks.

use std::collections::HashSet;

use crate::{
    directory::AppRole,
    ids::{AppRoleId, ObjectId},
};

/// A role that the baseline grants to a principal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaselineRole {
    /// The name of the first rule that grants it.
    pub rule: String,
    /// The API that defines the role.
    pub api: ObjectId,
    /// The role.
    pub role: AppRole,
}

/// The wanted roles that are not present, in order and each once. `present` are pairs of API and role.
///
/// The baseline never removes anything: other roles were granted on request or by an administrator.
#[must_use]
pub fn missing(
    wanted: Vec<BaselineRole>,
    present: impl IntoIterator<Item = (ObjectId, AppRoleId)>,
) -> Vec<BaselineRole> {
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

    fn expected(pair: Pair) -> BaselineRole {
        BaselineRole {
            rule: "orders".to_owned(),
            api: ObjectId::parse(&id(pair.0)).unwrap(),
            role: AppRole::known_by_id(AppRoleId::parse(&id(pair.1)).unwrap()),
        }
    }

    fn held(pair: Pair) -> (ObjectId, AppRoleId) {
        let BaselineRole { api, role, .. } = expected(pair);
        (api, role.id)
    }

    fn missing_of(what: &[Pair], present: &[Pair]) -> Vec<BaselineRole> {
        let present = present.iter().copied().map(held);
        missing(what.iter().copied().map(expected).collect(), present)
    }

    fn pairs() -> impl Strategy<Value = Vec<Pair>> {
        vec((0..4_u8, 0..4_u8), 0..20)
    }

    proptest! {
        #[test]
        fn exactly_the_wanted_roles_that_are_not_present_are_missing(what in pairs(), present in pairs()) {
            let found = missing_of(&what, &present);
            for pair in (0..4).flat_map(|api| (0..4).map(move |role| (api, role))) {
                let is_missing = what.contains(&pair) && !present.contains(&pair);
                let count = found.iter().filter(|one| **one == expected(pair)).count();
                prop_assert_eq!(count, usize::from(is_missing), "{:?}", pair);
            }
        }

        #[test]
        fn missing_roles_keep_the_order_of_the_wanted_ones(what in pairs(), present in pairs()) {
            let mut rest = what.iter().copied().map(expected);
            for one in missing_of(&what, &present) {
                prop_assert!(rest.any(|next| next == one));
            }
        }

        #[test]
        fn nothing_is_missing_after_all_missing_roles_are_assigned(what in pairs(), present in pairs()) {
            let done: Vec<_> = present.iter().chain(&what).copied().collect();
            prop_assert!(missing_of(&what, &done).is_empty());
        }
    }

    #[test]
    fn a_role_that_two_rules_grant_is_missing_once_by_the_first() {
        let second = BaselineRole { rule: "second".to_owned(), ..expected((1, 1)) };
        let found = missing(vec![expected((1, 1)), second], []);
        assert_eq!(found, [expected((1, 1))]);
    }
}
