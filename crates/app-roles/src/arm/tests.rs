use proptest::prelude::*;

use super::*;

const SUBSCRIPTION: &str = "/subscriptions/11111111-1111-1111-1111-111111111111";

const MANAGEMENT_GROUP: &str = "/providers/Microsoft.Management/managementGroups/mg-root";

fn scope(below: &str) -> ArmScope {
    ArmScope::parse(&format!("{SUBSCRIPTION}{below}")).unwrap()
}

#[test]
fn a_malformed_scope_is_refused_with_a_reason() {
    for (text, reason) in [
        ("", InvalidScope::NotASubscription),
        ("/", InvalidScope::NotASubscription),
        ("subscriptions/x", InvalidScope::NotASubscription),
        ("/providers/Microsoft.Web", InvalidScope::NotASubscription),
        ("/subscriptions/*", InvalidScope::SubscriptionIsNoGuid),
        ("/subscriptions/contoso", InvalidScope::SubscriptionIsNoGuid),
        (&format!("{SUBSCRIPTION}//resourceGroups/a"), InvalidScope::EmptySegment),
        (&format!("{SUBSCRIPTION}/resourceGroups/a%2Fb"), InvalidScope::Character),
        (&format!("{SUBSCRIPTION}/resourceGroups/a%252Fb"), InvalidScope::Character),
        (&format!("{SUBSCRIPTION}/resourceGroups/a%"), InvalidScope::Character),
        (&format!("{SUBSCRIPTION}/resourceGroups/a%é"), InvalidScope::Character),
        (&format!("{SUBSCRIPTION}/resourceGroups/%2A"), InvalidScope::Character),
        (&format!("{SUBSCRIPTION}/resourceGroups/.."), InvalidScope::Character),
        (&format!("{SUBSCRIPTION}/resourceGroups/%2e%2E"), InvalidScope::Character),
        (&format!("{SUBSCRIPTION}/resourceGroups"), InvalidScope::Unpaired),
        (&format!("{SUBSCRIPTION}/resourceGroups/a/providers/b"), InvalidScope::Unpaired),
        (&format!("{SUBSCRIPTION}/resourceGroups/a/providers/b/c"), InvalidScope::Unpaired),
        (&format!("{SUBSCRIPTION}/resourceGroups/rg-*"), InvalidScope::Character),
        (&format!("{SUBSCRIPTION}/resourceGroups/a%20"), InvalidScope::Character),
        (&format!("{SUBSCRIPTION}/providers/b"), InvalidScope::Unpaired),
        (&format!("{SUBSCRIPTION}/providers/b/c"), InvalidScope::Unpaired),
        (&format!("{SUBSCRIPTION}/providers/b/c/d/e"), InvalidScope::Unpaired),
        (&format!("{SUBSCRIPTION}/tags/a"), InvalidScope::Unpaired),
        ("/providers/Microsoft.Authorization/policyAssignments/x", InvalidScope::NotASubscription),
        ("/providers/Microsoft.Management/managementGroups", InvalidScope::NotASubscription),
        (MANAGEMENT_GROUP, InvalidScope::ManagementGroup),
        (&format!("{MANAGEMENT_GROUP}/providers/b/c"), InvalidScope::ManagementGroup),
        (&format!("{MANAGEMENT_GROUP}/subscriptions/x"), InvalidScope::ManagementGroup),
        (&format!("{MANAGEMENT_GROUP}//providers/b/c/d"), InvalidScope::EmptySegment),
        (&format!("{MANAGEMENT_GROUP}/providers/b/c/.."), InvalidScope::Character),
    ] {
        assert_eq!(ArmScope::parse(text).unwrap_err(), reason, "{text:?}");
    }
}

#[test]
fn what_would_end_leave_or_hide_a_segment_is_refused_encoded_or_not() {
    for name in [
        "..",
        ".",
        "a*",
        "a\\b",
        "a?b",
        "a#b",
        " a",
        "a ",
        "a\tb",
        "a\u{a0}b",
        "a\u{3000}b",
        "a\nb",
        "a\u{0}b",
        "a\u{7f}b",
        "a\u{85}b",
        "a\u{202e}b",
        "a\u{2028}b",
        "a\u{ffff}b",
    ] {
        let encoded: String = name.bytes().map(|byte| format!("%{byte:02X}")).collect();
        for name in [name, &encoded] {
            for place in [format!("/resourceGroups/{name}"), format!("/providers/N/types/{name}")] {
                let refused = ArmScope::parse(&format!("{SUBSCRIPTION}{place}")).unwrap_err();
                assert_eq!(refused, InvalidScope::Character, "{name:?}");
            }
        }
    }
    for name in [
        "a%2fb",
        "a%5Cb",
        "a%25b",
        "a%252e",
        "%2e%2e",
        "%2E.",
        "a%",
        "a%4",
        "a%zz",
        "a%+1",
        "a% 1",
        "%C3",
        "%C3%28",
        "%A9",
        "é%A9",
        "%C0%AF",
        "%C0%AE%C0%AE",
        "%ED%A0%80",
        "%F5%80%80%80",
        "%E2%80%AE",
        "%20a",
        "a%20",
    ] {
        let refused = ArmScope::parse(&format!("{SUBSCRIPTION}/resourceGroups/{name}"));
        assert_eq!(refused.unwrap_err(), InvalidScope::Character, "{name:?}");
    }
}

#[test]
fn a_resource_may_lie_in_a_group_in_a_subscription_or_in_a_management_group() {
    let assignment = "/providers/Microsoft.Authorization/policyAssignments/Deny public IPs";
    for (place, container) in [
        (format!("{SUBSCRIPTION}/resourceGroups/rg"), format!("{SUBSCRIPTION}/resourceGroups/rg")),
        (SUBSCRIPTION.to_owned(), SUBSCRIPTION.to_owned()),
        (MANAGEMENT_GROUP.to_owned(), MANAGEMENT_GROUP.to_owned()),
    ] {
        let resource = ArmScope::parse(&format!("{place}{assignment}")).unwrap();
        assert!(resource.is_resource(), "{resource}");
        assert_eq!(resource.is_in_management_group(), place == MANAGEMENT_GROUP);
        assert_eq!(resource.resource_group().as_str(), container);
        assert_eq!(
            resource.with_spelling("RESOURCEGROUPS").contains("RESOURCEGROUPS"),
            place.contains("/resourceGroups/")
        );
        assert_eq!(ArmScope::parse(&resource.with_spelling("resourcegroups")).unwrap(), resource);
    }
    for place in ["", "/resourceGroups/rg"] {
        assert!(!scope(place).is_resource(), "{place}");
        assert_eq!(scope(place).resource_group(), scope(place));
    }
    let (above, below) =
        (scope(""), ArmScope::parse(&format!("{MANAGEMENT_GROUP}{assignment}")).unwrap());
    assert!(!above.contains(&below) && !below.contains(&above));
}

#[test]
fn a_blank_and_a_letter_are_the_same_place_encoded_or_not() {
    for (plain, encoded) in [
        ("CPU usage high", "CPU%20usage%20high"),
        ("rg größe", "rg%20gr%C3%B6%c3%9fe"),
        ("рг", "%D1%80%d0%B3"),
        ("data 🚀", "data%20%F0%9F%9A%80"),
    ] {
        let scope_of = |name| scope(&format!("/resourceGroups/{name}"));
        assert_eq!(scope_of(plain), scope_of(encoded));
        assert_eq!(scope_of(encoded).as_str(), scope_of(plain).as_str());
        let resource = format!("/resourcegroups/{encoded}/providers/Contoso.Web/sites/{plain}");
        assert!(scope_of(plain).contains(&scope(&resource)));
    }
    assert_ne!(scope("/resourceGroups/a b"), scope("/resourceGroups/a+b"));
    assert_ne!(scope("/resourceGroups/a b"), scope("/resourceGroups/a  b"));
}

#[test]
fn case_trailing_slashes_and_percent_encoding_do_not_matter() {
    let group = scope("/resourceGroups/rg-orders");
    for spelling in [
        "/resourcegroups/RG-Orders",
        "/resourceGroups/rg-orders/",
        "/resourceGroups/rg%2Dorder%73//",
    ] {
        assert_eq!(scope(spelling), group, "{spelling}");
    }
    assert_eq!(scope("/resourceGroups/rg%2Dorders/").as_str(), group.as_str());
}

#[test]
fn a_place_contains_itself_and_everything_below_by_whole_segments() {
    let group = scope("/resourceGroups/rg-orders");
    let below = scope("/resourcegroups/RG-Orders/providers/Microsoft.Web/sites/func");
    assert!(group.contains(&group) && group.contains(&below) && scope("").contains(&group));
    assert!(!below.contains(&group));
    assert!(!group.contains(&scope("/resourceGroups/rg-orders-2")));
    assert_eq!(below.resource_group(), group);
    assert_eq!(below.resource_group().as_str(), scope("/resourcegroups/RG-Orders").as_str());
    assert_eq!(scope("").resource_group(), scope(""));
}

proptest! {
    #[test]
    fn percent_encoding_a_name_does_not_change_the_place(name in "[A-Za-z0-9][A-Za-z0-9._()-]{0,12}") {
        let encoded: String = name.bytes().map(|byte| format!("%{byte:02x}")).collect();
        let plain = scope(&format!("/resourceGroups/{name}"));
        prop_assert_eq!(scope(&format!("/resourceGroups/{encoded}/")), plain);
    }

    #[test]
    fn a_resource_lies_in_one_resource_group_only(
        group in "[A-Ca-c-]{1,3}", other in "[A-Ca-c-]{1,3}",
    ) {
        let place = scope(&format!("/resourceGroups/{group}"));
        let below = scope(&format!("/resourceGroups/{other}/providers/Contoso.Web/sites/a"));
        prop_assert_eq!(place.contains(&below), group.eq_ignore_ascii_case(&other));
        prop_assert!(!below.contains(&place));
    }

    #[test]
    fn no_text_makes_parsing_panic(text: String) {
        let _ = ArmScope::parse(&text);
    }

    /// Whatever two places are called, one contains the other only if all its segments are the other's.
    #[test]
    fn a_place_contains_no_sibling(
        one in "[a-cA-C é%208./]{0,24}", other in "[a-cA-C é%208./]{0,24}",
    ) {
        let read = |name: &str| ArmScope::parse(&format!("{SUBSCRIPTION}/resourceGroups/rg{name}"));
        if let (Ok(one), Ok(other)) = (read(&one), read(&other)) {
            let [above, below] = [&one, &other].map(|scope| scope.segments().collect::<Vec<_>>());
            prop_assert_eq!(one.contains(&other), below.starts_with(&above));
            prop_assert!(one == other || !(one.contains(&other) && other.contains(&one)));
        }
    }

    #[test]
    fn a_place_survives_being_encoded_or_read_again(name in "[^/]{1,20}", upper: bool) {
        if let Ok(place) = ArmScope::parse(&format!("{SUBSCRIPTION}/resourceGroups/{name}")) {
            prop_assert_eq!(&ArmScope::parse(place.as_str()).unwrap(), &place);
            let name = place.as_str().rsplit('/').next().unwrap();
            let encoded: String = name.bytes().map(|byte| format!("%{byte:02x}")).collect();
            let encoded = if upper { encoded.to_uppercase() } else { encoded };
            prop_assert_eq!(scope(&format!("/resourceGroups/{encoded}")), place);
        }
    }
}
