//! Proposals for unusual identities, APIs and roles.

use std::sync::Arc;

use super::{
    super::{LeftOut, policy_text},
    tenant::{Tenant, id, object, place, role_id},
};
use crate::{
    directory::{Api, AppRole, Principal, PrincipalKind},
    ids::{AppId, AppRoleId, Guid, ObjectId},
    policy::{Policy, fixtures},
};

fn principals(tenant: &Tenant) -> Vec<Vec<String>> {
    tenant.proposal().rules.into_iter().map(|rule| rule.principals).collect()
}

/// A tenant with one API, `groups` resource groups and two identities in each. All hold the first role.
fn pairs(groups: usize) -> Tenant {
    let mut tenant = Tenant::default();
    tenant.api(1, 3);
    for group in 0..groups {
        for name in 0..2 {
            let number = group * 2 + name;
            let identity = tenant.identity(number, Some(&place(1, group, number)));
            tenant.grant(identity, 1, 0);
        }
    }
    tenant
}

fn group_scope(group: usize) -> String {
    format!("/subscriptions/{}/resourceGroups/rg-{group}", id("ee", 1))
}

#[test]
fn a_tenant_where_nothing_is_held_gets_no_rules() {
    let tenant = Tenant::default();
    assert_eq!(tenant.proposal().rules, []);
    assert_eq!(
        policy_text(&[], &[]),
        "{
  \"$schema\": \"./schemas/policy.schema.json\",
  \"version\": 1,
  \"protected\": [],
  \"allow\": []
}
"
    );
    tenant.assert_exact();
}

#[test]
fn resource_groups_with_the_same_roles_share_a_rule_and_no_subscription_is_named() {
    let tenant = pairs(4);
    let scopes: Vec<_> = (0..4).map(group_scope).collect();
    assert_eq!(principals(&tenant), [scopes]);
    tenant.assert_exact();
}

#[test]
fn a_group_in_which_one_identity_lacks_the_role_is_not_named() {
    let mut tenant = pairs(1);
    tenant.identity(7, Some(&place(1, 0, 7)));
    let arm_ids: Vec<_> =
        [0, 1].map(|name| place(1, 0, name).replace("resourcegroups", "resourceGroups")).into();
    assert_eq!(principals(&tenant), [arm_ids]);
    tenant.assert_exact();
}

#[test]
fn no_group_is_named_if_it_may_have_identities_that_could_not_be_read() {
    let mut tenant = pairs(1);
    tenant.lacks_principals = true;
    assert!(!principals(&tenant)[0].contains(&group_scope(0)));
    tenant.assert_exact();
}

#[test]
fn a_group_with_one_identity_is_not_named() {
    let mut tenant = Tenant::default();
    tenant.api(1, 1);
    let identity = tenant.identity(1, Some(&place(1, 1, 1)));
    tenant.grant(identity, 1, 0);
    let arm_id = place(1, 1, 1).replace("resourcegroups", "resourceGroups");
    assert_eq!(principals(&tenant), [[arm_id]]);
    tenant.assert_exact();
}

#[test]
fn a_resource_that_contains_an_identity_without_the_role_is_named_by_object_id() {
    let mut tenant = Tenant::default();
    tenant.api(1, 1);
    let group = format!("/subscriptions/{}/resourcegroups/rg-web", id("ee", 1));
    let site = format!("{group}/providers/Microsoft.Web/sites/web");
    let holder = tenant.identity(1, Some(&site));
    let sibling = tenant.identity(2, Some(&format!("{site}-2")));
    tenant.identity(3, Some(&format!("{site}/slots/staging")));
    tenant.grant(holder, 1, 0);
    tenant.grant(sibling, 1, 0);
    let named = format!("{site}-2").replace("resourcegroups", "resourceGroups");
    assert_eq!(principals(&tenant), [[named, holder.to_string()]]);
    tenant.assert_exact();
}

#[test]
fn a_slot_that_holds_the_role_is_covered_by_its_site() {
    let mut tenant = Tenant::default();
    tenant.api(1, 1);
    let site = format!(
        "/subscriptions/{}/resourceGroups/rg-web/providers/Microsoft.Web/sites/web",
        id("ee", 1)
    );
    for (number, place) in [(1, site.clone()), (2, format!("{site}/slots/staging"))] {
        let identity = tenant.identity(number, Some(&place));
        tenant.grant(identity, 1, 0);
    }
    tenant.identity(3, Some(&format!("{site}-2")));
    assert_eq!(principals(&tenant), [[site]]);
    tenant.assert_exact();
}

#[test]
fn identities_in_unusual_places_are_never_widened() {
    let subscription = format!("/subscriptions/{}", id("ee", 1));
    let below = "providers/Microsoft.Authorization/policyAssignments/p";
    let management = "/providers/Microsoft.Management/managementGroups/mg";
    for (place, expected) in [
        (None, None),
        (Some(subscription.clone()), None),
        (Some(format!("{subscription}/resourceGroups/rg")), None),
        (Some(format!("{subscription}/{below}")), Some(format!("{subscription}/{below}"))),
        (Some(format!("{management}/{below}")), Some(format!("{management}/{below}"))),
    ] {
        let mut tenant = Tenant::default();
        tenant.api(1, 1);
        let identity = tenant.identity(1, place.as_deref());
        tenant.identity(2, Some(&format!("{subscription}/resourceGroups/rg/{below}")));
        tenant.grant(identity, 1, 0);
        let expected = expected.unwrap_or_else(|| identity.to_string());
        assert_eq!(principals(&tenant), [[expected]], "{place:?}");
        tenant.assert_exact();
    }
}

#[test]
fn two_identities_of_one_resource_are_told_apart_by_object_ids() {
    let mut tenant = Tenant::default();
    tenant.api(1, 1);
    let holder = tenant.identity(1, Some(&place(1, 1, 1)));
    tenant.identity(2, Some(&place(1, 1, 1)));
    tenant.grant(holder, 1, 0);
    assert_eq!(principals(&tenant), [[holder.to_string()]]);
    tenant.assert_exact();
}

#[test]
fn one_group_in_several_spellings_is_one_group() {
    let mut tenant = pairs(1);
    let identity = tenant.identity(2, Some(&place(1, 0, 2).replace("rg-0", "RG-0")));
    tenant.grant(identity, 1, 0);
    let upper = group_scope(0).replace("rg-0", "RG-0");
    assert_eq!(principals(&tenant), [[upper]]);
    tenant.principals.reverse();
    assert_eq!(principals(&tenant).len(), 1);
    tenant.assert_exact();
}

#[test]
fn a_role_whose_value_cannot_stand_in_a_rule_is_named_by_its_id() {
    let values = [
        None,
        Some("Two Words"),
        Some("All*"),
        Some(""),
        Some("Same.Value"),
        Some("same.value"),
        Some("11111111-1111-1111-1111-111111111111"),
        Some("00000000-0000-0000-0000-000000000000"),
        Some("a\u{202e}b"),
        Some("line\nbreak"),
    ];
    let mut tenant = pairs(1);
    let roles = values.iter().enumerate().map(|(number, value)| AppRole {
        value: value.map(str::to_owned),
        ..AppRole::known_by_id(role_id(1, number))
    });
    let api = Api { roles: roles.collect(), ..Api::clone(&tenant.apis[0]) };
    tenant.apis = vec![Arc::new(api)];
    tenant.held.clear();
    let identity = object("aa", 0);
    (0..values.len()).for_each(|number| tenant.grant(identity, 1, number));
    let rules = tenant.proposal().rules;
    let ids: Vec<_> = (0..values.len()).map(|number| role_id(1, number).to_string()).collect();
    assert_eq!(rules.len(), 1);
    assert_eq!(rules[0].roles, ids);
    tenant.assert_exact();
}

#[test]
fn default_access_and_a_role_that_the_api_lost_are_named_by_their_ids() {
    let mut tenant = pairs(1);
    let api = Api { roles: Vec::new(), ..Api::clone(&tenant.apis[0]) };
    let object_id = api.object_id;
    tenant.apis = vec![Arc::new(api)];
    tenant.held.clear();
    tenant.hold(object("aa", 0), object_id, AppRoleId::DEFAULT_ACCESS);
    tenant.hold(object("aa", 1), object_id, AppRoleId::parse(&id("cf", 0)).unwrap());
    tenant.assert_exact();
    assert_eq!(tenant.proposal().rules.len(), 2);
}

/// Microsoft Graph with a harmless and a privileged role.
fn graph() -> Api {
    let privileged = AppRoleId::parse("df021288-bdef-4463-88db-98f22de89214").unwrap();
    let roles = vec![
        fixtures::role(fixtures::PLACE_READ_ALL, "Place.Read.All"),
        AppRole { value: Some("User.Read.All".to_owned()), ..AppRole::known_by_id(privileged) },
    ];
    Api {
        object_id: object("bd", 1),
        owner: Guid::parse(fixtures::MICROSOFT).ok(),
        app_id: AppId::parse(fixtures::GRAPH).unwrap(),
        display_name: "Microsoft Graph".to_owned(),
        roles,
        ..fixtures::api(fixtures::GRAPH)
    }
}

#[test]
fn a_privileged_role_is_a_question_with_a_rule_that_would_allow_it() {
    let mut tenant = pairs(1);
    tenant.held.clear();
    let graph = graph();
    for role in &graph.roles {
        tenant.hold(object("aa", 0), graph.object_id, role.id);
    }
    tenant.apis.push(Arc::new(graph));
    let proposal = tenant.proposal();
    tenant.assert_exact();
    let [rule] = proposal.rules.as_slice() else { panic!("{proposal:?}") };
    assert_eq!(
        (rule.api.as_str(), rule.roles.as_slice()),
        ("graph", ["Place.Read.All".to_owned()].as_slice())
    );
    let [question] = proposal.questions.as_slice() else { panic!("{proposal:?}") };
    assert_eq!(question.rule.roles, ["User.Read.All"]);
    let added = [rule.clone(), question.rule.clone()];
    let policy = Policy::parse(policy_text(&[], &added).as_bytes()).unwrap();
    assert!(policy.warnings(fixtures::NOW).iter().all(|one| one.to_string().contains("without")));
}

#[test]
fn a_role_of_a_blueprint_is_a_question_and_an_application_is_left_out() {
    let mut tenant = pairs(0);
    for (number, kind) in [
        (1, PrincipalKind::AgentBlueprint),
        (2, PrincipalKind::Application),
        (3, PrincipalKind::Agent),
        (4, PrincipalKind::Unknown),
    ] {
        let holder = tenant.identity(number, None);
        tenant.principals.last_mut().unwrap().kind = kind;
        tenant.grant(holder, 1, 0);
    }
    let proposal = tenant.proposal();
    assert_eq!(proposal.rules, []);
    assert_eq!(proposal.questions.len(), 1);
    assert_eq!(proposal.questions[0].rule.principals, [object("aa", 1).to_string()]);
    let reasons: Vec<_> = proposal.left_out.iter().map(|(_, reason)| *reason).collect();
    assert_eq!(reasons, [LeftOut::NoManagedIdentity; 3]);
    tenant.assert_exact();
}

#[test]
fn the_broker_appears_in_no_rule_and_in_no_question() {
    let mut tenant = pairs(1);
    let own = fixtures::own().object_id;
    let broker = Principal { object_id: own, ..tenant.principals[0].clone() };
    tenant.principals.push(broker);
    tenant.grant(own, 1, 0);
    let graph = graph();
    tenant.hold(own, graph.object_id, graph.roles[1].id);
    tenant.apis.push(Arc::new(graph));
    let proposal = tenant.proposal();
    assert_eq!(proposal.questions, []);
    assert_eq!(proposal.left_out.len(), 2);
    // The resource group, and the resource that the broker shares, would cover the broker.
    assert_eq!(proposal.rules[0].principals.len(), 2);
    assert!(!proposal.rules[0].principals.contains(&group_scope(0)));
    tenant.assert_exact();
}

#[test]
fn what_is_protected_gets_no_rule_of_its_own() {
    for entry in [group_scope(0), object("aa", 0).to_string(), object("bb", 1).to_string()] {
        let mut tenant = pairs(2);
        tenant.protected = vec![entry.clone()];
        let proposal = tenant.proposal();
        let is_api = entry == object("bb", 1).to_string();
        assert_eq!(proposal.rules.len(), usize::from(!is_api), "{entry}");
        assert!(!proposal.left_out.is_empty(), "{entry}");
        assert_eq!(tenant.policy().warnings(fixtures::NOW), []);
    }
}

#[test]
fn names_from_the_directory_cannot_spoil_the_file() {
    let names = [
        String::new(),
        "\u{202e}evil\"\n{}".to_owned(),
        "x".repeat(256),
        "API 1".to_owned(),
        "api 1".to_owned(),
        "API 1".to_owned(),
    ];
    let mut tenant = Tenant::default();
    for (number, name) in names.iter().enumerate() {
        tenant.api(number, 30);
        let api = tenant.apis.pop().unwrap();
        let roles = api.roles.iter().map(|role| AppRole {
            value: Some(format!("Role{}", "y".repeat(100))),
            ..role.clone()
        });
        let roles = if number == 2 { roles.collect() } else { api.roles.clone() };
        tenant.apis.push(Arc::new(Api { display_name: name.clone(), roles, ..Api::clone(&api) }));
        let identity = tenant.identity(number, Some(&place(1, number, number)));
        (0..30).for_each(|role| tenant.grant(identity, number, role));
    }
    // Same names and same roles need a number.
    for number in [3, 5] {
        let roles = tenant.apis[3].roles.clone();
        let changed = Api { roles, ..Api::clone(&tenant.apis[number]) };
        tenant.apis[number] = Arc::new(changed);
    }
    tenant.held.retain(|one| one.api != object("bb", 5));
    (0..30).for_each(|role| tenant.hold(object("aa", 5), object("bb", 5), role_id(3, role)));
    tenant.assert_exact();
    let names: Vec<_> = tenant.proposal().rules.into_iter().map(|rule| rule.name).collect();
    assert_eq!(names.len(), 6);
    assert!(names.iter().any(|name| name.ends_with(" (2)")), "{names:?}");
    let text = policy_text(&[], &tenant.proposal().rules);
    assert!(!text.contains('\u{202e}'));
}

#[test]
fn the_file_has_the_fields_of_the_rules() {
    let tenant = pairs(1);
    let rules = tenant.proposal().rules;
    let text = policy_text(&[group_scope(9)], &rules);
    let file: serde_json::Value = serde_json::from_str(&text).unwrap();
    let expected = serde_json::json!({ "$schema": "./schemas/policy.schema.json", "version": 1, "protected": [group_scope(9)], "allow": rules });
    assert_eq!(file, expected);
}

#[test]
fn an_assignment_of_an_api_that_could_not_be_read_is_left_out() {
    let mut tenant = pairs(1);
    tenant.hold(object("aa", 0), ObjectId::parse(&id("ff", 1)).unwrap(), role_id(1, 0));
    let reasons: Vec<_> = tenant.proposal().left_out.iter().map(|(_, reason)| *reason).collect();
    assert_eq!(reasons, [LeftOut::UnknownApi]);
}
