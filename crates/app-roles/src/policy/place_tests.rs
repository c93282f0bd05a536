//! Tests of rules and of `protected` for every kind of place in Azure Resource Manager.

use proptest::prelude::*;

use super::{
    fixtures::{
        NOW, ORDERS, PRINCIPAL, ROLE, SUBSCRIPTION, api, identity_somewhere, own, role, team,
    },
    *,
};
use crate::{arm::ArmScope, code::Code, request::Action};

const MANAGEMENT_GROUP: &str = "/providers/Microsoft.Management/managementGroups/mg-platform";
const ASSIGNMENT: &str = "providers/Microsoft.Authorization/policyAssignments";

/// A policy with a rule for a place, if that place can be in a rule.
fn policy(place: &str, protected: &[&str]) -> Result<Policy, String> {
    let protected = serde_json::to_string(protected).unwrap();
    let place = serde_json::to_string(place).unwrap();
    let text = format!(
        r#"{{"version":1,"protected":{protected},"allow":[{{"name":"r","requesters":["queue:team"],
             "principals":[{place}],"api":"{ORDERS}","roles":["Orders.Read"]}}]}}"#
    );
    Policy::parse(text.as_bytes()).map_err(|faults| faults.to_string())
}

/// The code of the denial for the identity of a resource; `None` if it gets the role.
fn decided(policy: &Policy, resource: &str) -> Option<Code> {
    let resource_id = ArmScope::parse(resource).ok();
    let principal = Principal { resource_id, ..identity_somewhere(PRINCIPAL) };
    let (api, role, team) = (api(ORDERS), role(ROLE, "Orders.Read"), team());
    let (action, principal) = (Action::Assign, &principal);
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
    policy.decide(&question).err().map(|denial| denial.code())
}

#[test]
fn a_scope_covers_resources_with_blanks_and_letters_of_any_script_and_those_outside_groups() {
    let group = format!("{SUBSCRIPTION}/resourceGroups/rg-orders");
    let rule_with_blanks = format!("{SUBSCRIPTION}/resourcegroups/rg orders/{ASSIGNMENT}/Größe *");
    for (place, resource, is_covered) in [
        (
            SUBSCRIPTION,
            format!("{group}/providers/Microsoft.Insights/scheduledQueryRules/Disk full soon"),
            true,
        ),
        (
            &group,
            format!("{group}/providers/Microsoft.Insights/scheduledQueryRules/Disk%20full"),
            true,
        ),
        (&group, format!("{SUBSCRIPTION}/resourceGroups/rg-orders 2/{ASSIGNMENT}/x"), false),
        (
            &rule_with_blanks,
            format!("{SUBSCRIPTION}/resourceGroups/RG%20Orders/{ASSIGNMENT}/Gr%C3%96%C3%9Fe 7"),
            false,
        ),
        (
            &rule_with_blanks,
            format!("{SUBSCRIPTION}/resourceGroups/RG%20Orders/{ASSIGNMENT}/Gr%C3%B6%C3%9Fe 7"),
            true,
        ),
        (SUBSCRIPTION, format!("{SUBSCRIPTION}/{ASSIGNMENT}/Allowed locations"), true),
        (&group, format!("{SUBSCRIPTION}/{ASSIGNMENT}/Allowed locations"), false),
        (
            &format!("{SUBSCRIPTION}/{ASSIGNMENT}/Allowed *"),
            format!("{SUBSCRIPTION}/{ASSIGNMENT}/allowed%20locations"),
            true,
        ),
        (
            &format!("{SUBSCRIPTION}/{ASSIGNMENT}/Allowed *"),
            format!("{group}/{ASSIGNMENT}/allowed locations"),
            false,
        ),
        (SUBSCRIPTION, format!("{MANAGEMENT_GROUP}/{ASSIGNMENT}/x"), false),
        (
            &format!("{MANAGEMENT_GROUP}/{ASSIGNMENT}/x"),
            format!("{MANAGEMENT_GROUP}/{ASSIGNMENT}/X"),
            true,
        ),
        (
            &format!("{MANAGEMENT_GROUP}/{ASSIGNMENT}/x"),
            format!("{MANAGEMENT_GROUP}/{ASSIGNMENT}/xy"),
            false,
        ),
        (
            &format!("{MANAGEMENT_GROUP}/{ASSIGNMENT}/x"),
            format!("{MANAGEMENT_GROUP}-2/{ASSIGNMENT}/x"),
            false,
        ),
    ] {
        let code = decided(&policy(place, &[]).unwrap(), &resource);
        let expected = (!is_covered).then_some(Code::NoRuleForPrincipal);
        assert_eq!(code, expected, "{place} {resource}");
    }
}

#[test]
fn a_rule_cannot_name_a_management_group_or_a_part_of_one() {
    for place in [
        MANAGEMENT_GROUP.to_owned(),
        format!("{MANAGEMENT_GROUP}/"),
        format!("{MANAGEMENT_GROUP}/providers"),
        format!("{MANAGEMENT_GROUP}/{ASSIGNMENT}"),
        format!("{MANAGEMENT_GROUP}/{ASSIGNMENT}/*"),
        format!("{MANAGEMENT_GROUP}/{ASSIGNMENT}/x*"),
        format!("/providers/Microsoft.Management/managementGroups/*/{ASSIGNMENT}/x"),
        format!("{SUBSCRIPTION}/providers/*/policyAssignments/x"),
        format!("{SUBSCRIPTION}/providers/Microsoft.Authorization/*/x"),
        format!("{SUBSCRIPTION}/*/Microsoft.Authorization/policyAssignments/x"),
        format!("{SUBSCRIPTION}/resourceGroups/rg%20orders"),
    ] {
        let fault = policy(&place, &[]).unwrap_err();
        assert!(fault.starts_with("allow[0].principals[0]"), "{place}: {fault}");
        let fault = policy(SUBSCRIPTION, &[&place]).unwrap_err();
        assert!(fault.starts_with("protected[0]"), "{place}: {fault}");
    }
}

#[test]
fn what_is_protected_stays_protected_in_every_spelling_and_where_it_cannot_be_read() {
    let anywhere = format!("{SUBSCRIPTION}/resourceGroups/rg open");
    let in_group = format!("{SUBSCRIPTION}/{ASSIGNMENT}/Deny public IPs");
    let in_management_group = format!("{MANAGEMENT_GROUP}/{ASSIGNMENT}/Deny public IPs");
    let policy = |protected: &str| {
        let text = format!(
            r#"{{"version":1,"protected":["{protected}"],"allow":[{{"name":"r",
                 "requesters":["queue:team"],"principals":["{PRINCIPAL}"],"api":"{ORDERS}",
                 "roles":["Orders.Read"]}}]}}"#
        );
        Policy::parse(text.as_bytes()).unwrap()
    };
    for (protected, resource, code) in [
        (
            &anywhere,
            format!("{SUBSCRIPTION}/resourcegroups/RG%20OPEN/{ASSIGNMENT}/x"),
            Some(Code::Protected),
        ),
        (&anywhere, format!("{SUBSCRIPTION}/resourceGroups/rg opens/{ASSIGNMENT}/x"), None),
        (
            &in_group,
            format!("{SUBSCRIPTION}/{ASSIGNMENT}/deny%20public%20ips"),
            Some(Code::Protected),
        ),
        (&in_management_group, in_management_group.to_uppercase(), Some(Code::Protected)),
        (&in_management_group, in_group.clone(), None),
        // These cannot be read, so their place is unknown.
        (
            &anywhere,
            format!("{SUBSCRIPTION}/resourceGroups/rg open /{ASSIGNMENT}/x"),
            Some(Code::Protected),
        ),
        (
            &anywhere,
            format!("{SUBSCRIPTION}/resourceGroups/rg%2Fopen/{ASSIGNMENT}/x"),
            Some(Code::Protected),
        ),
        (
            &anywhere,
            format!("{SUBSCRIPTION}/resourceGroups/a/../rg open/{ASSIGNMENT}/x"),
            Some(Code::Protected),
        ),
        (&anywhere, MANAGEMENT_GROUP.to_owned(), Some(Code::Protected)),
        (&anywhere, format!("/{ASSIGNMENT}/x"), Some(Code::Protected)),
    ] {
        assert_eq!(decided(&policy(protected), &resource), code, "{protected} {resource}");
    }
}

#[test]
fn a_rule_with_a_wildcard_is_confirmed_in_the_group_or_subscription_around_it() {
    for (place, around) in [
        (format!("{SUBSCRIPTION}/{ASSIGNMENT}/Deny *"), SUBSCRIPTION.to_owned()),
        (
            format!("{SUBSCRIPTION}/resourceGroups/rg open/{ASSIGNMENT}/Deny *"),
            format!("{SUBSCRIPTION}/resourcegroups/rg open"),
        ),
        (
            format!("{MANAGEMENT_GROUP}/{ASSIGNMENT}/x"),
            format!("{MANAGEMENT_GROUP}/{ASSIGNMENT}/x").to_lowercase(),
        ),
    ] {
        assert_eq!(policy(&place, &[]).unwrap().scopes_of_changes(), [around]);
    }
}

proptest! {
    #[test]
    fn a_rule_for_one_name_covers_no_other_name(
        named in "[a-c é]{1,6}", other in "([a-c é]|%20|%C3%A9){1,6}",
    ) {
        let place = format!("{SUBSCRIPTION}/{ASSIGNMENT}/{named}");
        let resource = format!("{SUBSCRIPTION}/{ASSIGNMENT}/{other}");
        if let (Ok(policy), Ok(read)) = (policy(&place, &[]), ArmScope::parse(&resource)) {
            let is_same = read == ArmScope::parse(&place).unwrap();
            prop_assert_eq!(decided(&policy, &resource).is_none(), is_same);
        }
    }
}
