//! Tests of what no rule can allow, and of the independence of rules.

use std::sync::LazyLock;

use proptest::{collection::vec, prelude::*, sample::select};

use super::{
    fixtures::{
        API_OBJECT, CLIENT, GRAPH, MICROSOFT, NOW, ORDERS, OWN, PLACE_READ_ALL, PRINCIPAL, ROLE,
        SUBSCRIPTION, TENANT, api, identity, own, sentences, team,
    },
    *,
};
use crate::{
    code::Code,
    directory::{AppRole, PrincipalKind},
    ids::Guid,
    request::Action,
};

const ROLE_MANAGEMENT: &str = "RoleManagement.ReadWrite.Directory";
const ROLE_MANAGEMENT_ID: &str = "9e3f62cf-ca93-4989-b6ce-bf83c28f9fe8";

fn role(value: &str) -> AppRole {
    fixtures::role(if value == ROLE_MANAGEMENT { ROLE_MANAGEMENT_ID } else { ROLE }, value)
}

/// A request of the team.
fn question<'a>(principal: &'a Principal, api: &'a Api, role: &'a AppRole) -> Question<'a> {
    static TEAM: LazyLock<Requester> = LazyLock::new(team);
    Question {
        requester: &TEAM,
        action: Action::Assign,
        principal,
        api,
        role,
        own: own(),
        end: None,
        now: NOW,
    }
}

/// Decides, and asserts that the explanation agrees with the decision.
fn decide(
    policy: &Policy,
    principal: &Principal,
    api: &Api,
    role: &AppRole,
) -> Result<Permit, Denial> {
    let question = question(principal, api, role);
    let decision = policy.decide(&question);
    let nearest = policy.explanation().of_change(&question);
    let lacks_nothing = nearest.first().is_some_and(|rule| rule.gaps.is_empty());
    if decision.is_ok() {
        assert!(lacks_nothing, "a rule allows and lacks something: {nearest:?}");
    }
    if let Err(denial) = &decision {
        let is_guard = matches!(denial.code(), Code::OwnIdentity | Code::Protected);
        assert!(is_guard || !lacks_nothing, "{denial}, and a rule lacks nothing: {nearest:?}");
    }
    decision.map(|decision| decision.allowed().unwrap())
}

/// A rule for the team, as JSON.
fn rule(principal: &str, api: &str, role: &str, more: &str) -> String {
    format!(
        r#"{{"name":"r","requesters":["queue:team"],"principals":["{principal}"],"api":"{api}","roles":["{role}"]{more}}}"#
    )
}

/// A rule with another name.
fn named(rule: &str, name: &str) -> String {
    rule.replace(r#""name":"r""#, &format!(r#""name":"{name}""#))
}

fn policy(rules: &[String], protected: &str) -> Policy {
    let text =
        format!(r#"{{"version":1,"protected":[{protected}],"allow":[{}]}}"#, rules.join(","));
    Policy::parse(text.as_bytes()).unwrap()
}

#[test]
fn no_rule_can_change_what_is_protected() {
    let rules = [rule(SUBSCRIPTION, ORDERS, "Orders.Read", "")];
    let principal = identity(PRINCIPAL, "rg-platform");
    let orders = api(ORDERS);
    assert!(decide(&policy(&rules, ""), &principal, &orders, &role("Orders.Read")).is_ok());
    for protected in [
        PRINCIPAL.to_owned(),
        CLIENT.to_owned(),
        format!("{SUBSCRIPTION}/resourceGroups/rg-platform"),
        format!("{SUBSCRIPTION}/resourceGroups/RG-*"),
        SUBSCRIPTION.to_owned(),
        ORDERS.to_owned(),
        API_OBJECT.to_owned(),
    ] {
        let policy = policy(&rules, &format!("\"{protected}\""));
        let denial = decide(&policy, &principal, &orders, &role("Orders.Read")).unwrap_err();
        assert_eq!(denial.code(), Code::Protected, "{protected}: {denial}");
    }
}

#[test]
fn a_privileged_role_needs_a_marked_rule_that_names_it_exactly() {
    let (value, id) = (ROLE_MANAGEMENT, ROLE_MANAGEMENT_ID);
    let principal = identity(PRINCIPAL, "rg");
    for (named, more, allowed) in [
        (value, "", false),
        (id, "", false),
        ("RoleManagement*", r#","privileged":true"#, false),
        ("*", r#","privileged":true"#, false),
        (value, r#","privileged":true"#, true),
        (id, r#","privileged":true"#, true),
    ] {
        let policy = policy(&[rule(SUBSCRIPTION, "graph", named, more)], "");
        let answer = decide(&policy, &principal, &api(GRAPH), &role(value));
        assert_eq!(answer.is_ok(), allowed, "{named}{more}: {answer:?}");
    }
}

#[test]
fn a_role_that_is_not_known_to_be_harmless_needs_a_marked_rule() {
    let principal = identity(PRINCIPAL, "rg");
    let marked = r#","privileged":true"#;
    for (app_id, owner, role, more, allowed) in [
        (GRAPH, Some(MICROSOFT), role("User.Read.All"), "", false),
        (GRAPH, Some(MICROSOFT), role("User.Read.All"), marked, true),
        (GRAPH, None, role("User.Read.All"), "", false),
        (GRAPH, Some(MICROSOFT), fixtures::role(PLACE_READ_ALL, "Place.Read.All"), "", true),
        (GRAPH, Some(MICROSOFT), role("Place.Read.All"), "", false),
        (ORDERS, Some(MICROSOFT), role("Orders.Read"), "", false),
        (ORDERS, None, role("Orders.Read"), "", false),
        (ORDERS, None, role("Orders.Read"), marked, true),
        (ORDERS, Some(TENANT), role("Orders.Read"), "", true),
    ] {
        let owner = owner.map(|owner| Guid::parse(owner).unwrap());
        let api = Api { owner, ..api(app_id) };
        let value = role.value.clone().unwrap();
        let policy = policy(&[rule(SUBSCRIPTION, app_id, &value, more)], "");
        let answer = decide(&policy, &principal, &api, &role);
        assert_eq!(answer.is_ok(), allowed, "{value} {owner:?} {more}: {answer:?}");
        if let Err(denial) = answer {
            assert_eq!(denial.code(), Code::PrivilegedRole, "{denial}");
        }
    }
}

#[test]
fn a_blueprint_gets_any_role_only_by_a_marked_rule_that_names_it_exactly() {
    let of_kind = |kind| Principal { kind, ..fixtures::application(PRINCIPAL) };
    let marked = r#","privileged":true"#;
    for (kind, named, more, allowed) in [
        (PrincipalKind::AgentBlueprint, "Orders.Read", "", false),
        (PrincipalKind::AgentBlueprint, "Orders.*", marked, false),
        (PrincipalKind::AgentBlueprint, "Orders.Read", marked, true),
        (PrincipalKind::Agent, "Orders.Read", "", true),
        (PrincipalKind::Application, "Orders.Read", "", true),
    ] {
        let policy = policy(&[rule(PRINCIPAL, ORDERS, named, more)], "");
        let answer = decide(&policy, &of_kind(kind), &api(ORDERS), &role("Orders.Read"));
        assert_eq!(answer.is_ok(), allowed, "{kind:?} {named} {more}: {answer:?}");
        if let Err(denial) = answer {
            assert_eq!(denial.code(), Code::PrivilegedRole, "{denial}");
            assert!(denial.to_string().contains("all agents of the blueprint inherit it"));
        }
    }
    let blueprint = of_kind(PrincipalKind::AgentBlueprint);
    let in_scope = policy(&[rule(SUBSCRIPTION, ORDERS, "Orders.Read", marked)], "");
    assert!(decide(&in_scope, &blueprint, &api(ORDERS), &role("Orders.Read")).is_err());
}

#[test]
fn the_nearest_rule_comes_first_with_what_it_lacks() {
    let principal = identity(PRINCIPAL, "rg");
    let privileged = ROLE_MANAGEMENT;
    for (rule, value, lacks) in [
        (rule(OWN, ORDERS, "A", ""), "A", "\"principals\" does not cover /subscriptions/"),
        (rule(PRINCIPAL, GRAPH, "A", ""), "A", "\"api\" is not 22222222-"),
        (rule(PRINCIPAL, ORDERS, "B", ""), "A", "\"roles\" does not name A"),
        (rule(PRINCIPAL, ORDERS, "A", r#","actions":["revoke"]"#), "A", "\"actions\" lacks assign"),
        (
            rule(PRINCIPAL, ORDERS, "A", "").replace("queue:team", "queue:other"),
            "A",
            "\"requesters\" lacks queue:team",
        ),
        (
            rule(PRINCIPAL, GRAPH, privileged, ""),
            privileged,
            "it does not say \"privileged\": true",
        ),
    ] {
        let far = rule.replace(r#""r""#, r#""far""#).replace("queue:", "queue:x-");
        let far = far.replace(r#""roles":[""#, r#""roles":["x"#);
        let policy = policy(&[far, rule.clone()], "");
        let app_id = if value == privileged { GRAPH } else { ORDERS };
        let nearest =
            policy.explanation().of_change(&question(&principal, &api(app_id), &role(value)));
        assert_eq!(
            (nearest[0].summary.rule.as_str(), nearest[0].gaps.len()),
            ("r", 1),
            "{nearest:?}"
        );
        let text = nearest[0].gaps[0].to_string();
        assert!(text.starts_with(lacks), "{text}");
    }
}

#[test]
fn a_wildcard_matches_role_values_on_the_tenants_own_apis_only() {
    let principal = identity(PRINCIPAL, "rg");
    for (app_id, named, value, allowed) in [
        (ORDERS, "Orders.*", "Orders.Read", true),
        (ORDERS, "orders.*", "ORDERS.Read", true),
        (ORDERS, "*", "Orders.Read", true),
        (ORDERS, "*", "", false),
        (ORDERS, "Orders.*", "OrdersRead", false),
        (GRAPH, "User.*", "User.Read.All", false),
        (GRAPH, "*", "User.Read.All", false),
    ] {
        let policy = policy(&[rule(SUBSCRIPTION, app_id, named, "")], "");
        let answer = decide(&policy, &principal, &api(app_id), &role(value));
        assert_eq!(answer.is_ok(), allowed, "{app_id} {named} {value:?}: {answer:?}");
    }
    let mut foreign = api(ORDERS);
    foreign.owner = Guid::parse("55555555-5555-5555-5555-555555555555").ok();
    let policy = policy(&[rule(SUBSCRIPTION, ORDERS, "*", "")], "");
    assert!(decide(&policy, &principal, &foreign, &role("Orders.Read")).is_err());
    foreign.owner = None;
    assert!(decide(&policy, &principal, &foreign, &role("Orders.Read")).is_err());
}

#[test]
fn a_scope_covers_by_whole_segments() {
    let orders = api(ORDERS);
    for (scope, group, covered) in [
        ("/resourceGroups/rg", "rg", true),
        ("/resourceGroups/rg", "rg-other", false),
        ("/resourceGroups/rg-*", "rg-other", true),
        ("/resourceGroups/rg-*", "rg", false),
        ("/resourceGroups/RG/", "rg", true),
        ("/resourceGroups/*-dev", "x-dev", true),
        (
            "/resourceGroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/i*",
            "rg",
            true,
        ),
        (
            "/resourceGroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/other",
            "rg",
            false,
        ),
    ] {
        let policy = policy(&[rule(&format!("{SUBSCRIPTION}{scope}"), ORDERS, "A", "")], "");
        let answer = decide(&policy, &identity(PRINCIPAL, group), &orders, &role("A"));
        assert_eq!(answer.is_ok(), covered, "{scope} {group}");
    }
}

#[test]
fn rules_that_never_match_or_cover_too_much_cause_warnings() {
    let group = format!("{SUBSCRIPTION}/resourceGroups/rg-orders");
    for (rule, protected, text) in [
        (rule(SUBSCRIPTION, ORDERS, "A", ""), "", "anyone who can create a resource group"),
        (
            rule(&format!("{SUBSCRIPTION}/resourceGroups/rg-*"), ORDERS, "A", ""),
            "",
            "anyone who can create",
        ),
        (rule(&group, "graph", "User.*", ""), "", "is Microsoft's"),
        (
            rule(&group, "graph", "Directory.ReadWrite.All", ""),
            "",
            "the rule does not say \"privileged\": true",
        ),
        (
            rule(&group, "graph", ROLE_MANAGEMENT_ID, ""),
            "",
            "the rule does not say \"privileged\": true",
        ),
        (
            rule(&group, "graph", "User.Read.All", ""),
            "",
            "privileged (not listed as harmless), and the rule does not say",
        ),
        (rule(&group, "graph", ROLE, ""), "", "not listed as harmless"),
        (
            rule(&group, "https://graph.microsoft.com/", "Mail.Read", ""),
            "",
            "privileged (data), and the rule does not say",
        ),
        (rule(&group, "https://graph.microsoft.com", "*", ""), "", "is Microsoft's"),
        (
            rule(&group, "sharepoint", "Sites.Read.All", r#","actions":["read","revoke"]"#),
            "",
            "privileged (data), and the rule does not say",
        ),
        (rule(&group, ORDERS, "A", ""), group.as_str(), "all protected"),
    ] {
        let protected =
            if protected.is_empty() { String::new() } else { format!("\"{protected}\"") };
        let policy = policy(std::slice::from_ref(&rule), &protected);
        let warnings = sentences(&policy.warnings(NOW));
        assert_eq!(warnings.len(), 1, "{rule}: {warnings:?}");
        assert!(
            warnings[0].starts_with("rule \"r\":") && warnings[0].contains(text),
            "{warnings:?}"
        );
    }
    let privileged =
        format!(r#","privileged":true,"maxDuration":"PT8H","approval":{{"by":["http:{TENANT}"]}}"#);
    for (api, role, more) in [
        (ORDERS, "Orders.*", ""),
        ("graph", "place.read.all", ""),
        ("graph", PLACE_READ_ALL, ""),
        ("graph", "Mail.Read", &privileged),
        ("graph", "Mail.Read", r#","actions":["read"]"#),
    ] {
        let warnings = sentences(&policy(&[rule(&group, api, role, more)], "").warnings(NOW));
        assert!(warnings.is_empty(), "{role}: {warnings:?}");
    }
}

/// Rules, some of which match.
fn rules() -> impl Strategy<Value = Vec<String>> {
    let principals = select(vec![
        SUBSCRIPTION.to_owned(),
        PRINCIPAL.to_owned(),
        OWN.to_owned(),
        format!("{SUBSCRIPTION}/resourceGroups/rg-*"),
    ]);
    let apis = select(vec![ORDERS, "graph"]);
    let roles =
        select(vec!["Orders.Read", "*", ROLE_MANAGEMENT, "RoleManagement*", "User.Read.All"]);
    let marks = select(vec!["", r#","privileged":true"#, r#","actions":["revoke"]"#]);
    vec((principals, apis, roles, marks), 0..5).prop_map(|rules| {
        let numbered = rules.iter().enumerate();
        numbered.map(|(n, (p, a, r, m))| named(&rule(p, a, r, m), &format!("r{n}"))).collect()
    })
}

fn role_values() -> impl Strategy<Value = &'static str> {
    select(vec!["Orders.Read", ROLE_MANAGEMENT, "User.Read.All", ""])
}

proptest! {
    #[test]
    fn removing_a_rule_never_allows_more(rules in rules(), drop: prop::sample::Index, app_id in select(vec![ORDERS, GRAPH]), value in role_values()) {
        prop_assume!(!rules.is_empty());
        let mut fewer = rules.clone();
        fewer.remove(drop.index(rules.len()));
        let principal = identity(PRINCIPAL, "rg-x");
        let with = decide(&policy(&rules, ""), &principal, &api(app_id), &role(value));
        let without = decide(&policy(&fewer, ""), &principal, &api(app_id), &role(value));
        prop_assert!(with.is_ok() || without.is_err(), "{:?}", without);
    }

    #[test]
    fn a_rule_for_other_requesters_changes_no_decision(rules in rules(), value in role_values()) {
        let mut more = rules.clone();
        more.push(named(&rule(SUBSCRIPTION, ORDERS, "*", ""), "unrelated").replace("queue:team", "queue:others"));
        let principal = identity(PRINCIPAL, "rg-x");
        let before = decide(&policy(&rules, ""), &principal, &api(ORDERS), &role(value));
        let after = decide(&policy(&more, ""), &principal, &api(ORDERS), &role(value));
        prop_assert_eq!(before.map(|p| p.rule().to_owned()), after.map(|p| p.rule().to_owned()));
    }

    #[test]
    fn only_a_marked_rule_that_names_a_privileged_role_grants_it(rules in rules()) {
        let value = ROLE_MANAGEMENT;
        let granted = decide(&policy(&rules, ""), &identity(PRINCIPAL, "rg-x"), &api(GRAPH), &role(value)).is_ok();
        let marked = rules.iter().any(|rule| rule.contains(value) && rule.contains("privileged"));
        prop_assert!(marked || !granted);
    }

    #[test]
    fn the_first_gate_admits_everything_that_the_second_allows(rules in rules(), app_id in select(vec![ORDERS, GRAPH]), value in role_values()) {
        let policy = policy(&rules, "");
        let principal = identity(PRINCIPAL, "rg-x");
        let allowed = decide(&policy, &principal, &api(app_id), &role(value)).is_ok();
        let resource = principal.resource_id.as_ref().unwrap().to_string();
        for name in [PRINCIPAL, &resource, "id"] {
            for api in [app_id, "api://orders", "Some API", API_OBJECT] {
                let text = format!(r#"{{"principal":"{name}","api":"{api}","roles":["A"]}}"#);
                let request = Request::decode(text.as_bytes()).unwrap();
                prop_assert!(!allowed || policy.admit(&team(), &request, NOW).is_ok(), "{}", text);
            }
        }
    }

    #[test]
    fn no_rule_grants_the_broker_itself_a_role(rules in rules(), value in role_values()) {
        let own = identity(OWN, "rg-x");
        prop_assert!(decide(&policy(&rules, ""), &own, &api(ORDERS), &role(value)).is_err());
    }
}
