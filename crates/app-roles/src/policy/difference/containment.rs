//! Whether a pattern covers everything that another one covers, and whether two may cover the same thing.
//!
//! A pattern stands for infinitely many names. So if several patterns together cover another one, one of
//! them alone covers it: the one that covers a name whose letters occur in no pattern.

use super::super::{
    glob::may_overlap,
    pattern::{PrincipalPattern, RolePattern},
    scope_pattern::ScopePattern,
};

/// Whether every principal of `inner` is one of `outer`.
pub(super) fn contains_principals(outer: &PrincipalPattern, inner: &PrincipalPattern) -> bool {
    match (outer, inner) {
        (PrincipalPattern::Object(outer), PrincipalPattern::Object(inner)) => outer == inner,
        (PrincipalPattern::Scope(outer), PrincipalPattern::Scope(inner)) => outer.contains(inner),
        // It is unknown where the principal with an object id lies, and this can change.
        _ => false,
    }
}

/// Whether a principal may be covered by both patterns.
pub(super) fn may_share_principals(one: &PrincipalPattern, other: &PrincipalPattern) -> bool {
    match (one, other) {
        (PrincipalPattern::Object(one), PrincipalPattern::Object(other)) => one == other,
        (PrincipalPattern::Scope(one), PrincipalPattern::Scope(other)) => {
            may_share_places(one, other)
        }
        _ => true,
    }
}

/// Whether a place may be covered by both patterns.
pub(super) fn may_share_places(one: &ScopePattern, other: &ScopePattern) -> bool {
    one.segments().zip(other.segments()).all(|(one, other)| may_overlap(one, other))
}

/// Whether every role of `inner` is one of `outer`.
pub(super) fn contains_roles(outer: &RolePattern, inner: &RolePattern) -> bool {
    match (outer, inner) {
        (RolePattern::Id(outer), RolePattern::Id(inner)) => outer == inner,
        (RolePattern::Value(outer), RolePattern::Value(inner)) => outer == inner,
        (RolePattern::Prefix(outer), RolePattern::Value(inner) | RolePattern::Prefix(inner)) => {
            inner.starts_with(outer.as_str())
        }
        // It is unknown which value the role with an id has.
        _ => false,
    }
}

/// Whether a role may be covered by both patterns.
pub(super) fn may_share_roles(one: &RolePattern, other: &RolePattern) -> bool {
    match (one, other) {
        (RolePattern::Id(one), RolePattern::Id(other)) => one == other,
        (RolePattern::Id(_), _) | (_, RolePattern::Id(_)) => true,
        _ => contains_roles(one, other) || contains_roles(other, one),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::arm::ArmScope;

    const SUBSCRIPTION: &str = "/subscriptions/44444444-4444-4444-4444-444444444444";

    fn place(below: &str) -> ScopePattern {
        ScopePattern::parse(&format!("{SUBSCRIPTION}{below}")).unwrap()
    }

    #[test]
    fn a_place_contains_what_lies_below_it_and_what_its_wildcards_match() {
        let identities = "/providers/Microsoft.ManagedIdentity/userAssignedIdentities";
        let in_group = |name: &str| format!("/resourceGroups/rg-a{identities}/{name}");
        for (outer, inner, contains) in [
            ("", "/resourceGroups/rg-a", true),
            ("/resourceGroups/rg-a", "", false),
            ("/resourceGroups/RG-A", "/resourcegroups/rg-a", true),
            ("/resourceGroups/rg-a", "/resourceGroups/rg-ab", false),
            ("/resourceGroups/rg-*", "/resourceGroups/rg-a*", true),
            ("/resourceGroups/rg-a*", "/resourceGroups/rg-*", false),
            ("/resourceGroups/*", "/resourceGroups/rg-a", true),
            ("/resourceGroups/*", "", false),
            ("/resourceGroups/rg-a*a", "/resourceGroups/rg-a*", false),
            ("/resourceGroups/rg-*", in_group("id-*").as_str(), true),
            (&in_group("*"), "/resourceGroups/rg-a", false),
            (&in_group("*"), &in_group("id"), true),
        ] {
            assert_eq!(place(outer).contains(&place(inner)), contains, "{outer} {inner}");
        }
    }

    #[test]
    fn a_prefix_contains_the_values_that_begin_with_it() {
        let role = |text: &str| RolePattern::parse(text).unwrap();
        for (outer, inner, contains) in [
            ("Orders.*", "orders.read", true),
            ("*", "Orders.*", true),
            ("Orders.Read", "Orders.*", false),
            ("Orders.*", "Orders", false),
            ("*", "33333333-3333-3333-3333-333333333333", false),
        ] {
            assert_eq!(contains_roles(&role(outer), &role(inner)), contains, "{outer} {inner}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn containment_and_overlap_agree_with_what_the_patterns_cover(
            one in "[ab*]{1,4}", other in "[ab*]{1,4}", name in "[abz]{1,5}"
        ) {
            let [one, other] = [one, other].map(|name| place(&format!("/resourceGroups/{name}")));
            let resource = ArmScope::parse(&format!("{SUBSCRIPTION}/resourceGroups/{name}")).unwrap();
            if one.contains(&other) && other.covers(&resource) {
                prop_assert!(one.covers(&resource));
            }
            if one.covers(&resource) && other.covers(&resource) {
                prop_assert!(may_share_places(&one, &other));
            }
        }

        #[test]
        fn a_pattern_that_does_not_contain_another_lacks_one_of_its_names(
            one in "[ab*]{1,4}", other in "[ab*]{1,4}"
        ) {
            let unheard_of = ArmScope::parse(
                &format!("{SUBSCRIPTION}/resourceGroups/{}", other.replace('*', "z"))).unwrap();
            let [one, other] = [one, other].map(|name| place(&format!("/resourceGroups/{name}")));
            prop_assert!(other.covers(&unheard_of));
            prop_assert_eq!(one.contains(&other), one.covers(&unheard_of));
        }
    }
}
