use proptest::{prelude::*, sample::select};

use super::{
    fixtures::{
        GRAPH, NOW, ORDERS, OWN, PLACE_READ_ALL, PRINCIPAL, SUBSCRIPTION, identity, own, resource,
    },
    *,
};
use crate::{
    directory::AppRole,
    ids::{AppId, Guid},
};

const CALENDAR: &str = "33333333-3333-3333-3333-333333333333";

fn policy(protected: &str, rules: &[String]) -> Policy {
    let rules = rules.join(",");
    let text =
        format!(r#"{{"version":1,"protected":[{protected}],"allow":[],"baseline":[{rules}]}}"#);
    Policy::parse(text.as_bytes()).unwrap()
}

fn rule(name: &str, principal: &str, api: &str, roles: &str) -> String {
    format!(r#"{{"name":"{name}","principals":["{principal}"],"api":"{api}","roles":[{roles}]}}"#)
}

/// A rule with further fields.
fn with(rule: &str, fields: &str) -> String {
    rule.replace('}', &format!("{fields}}}"))
}

fn orders(principal: &str, roles: &str) -> String {
    rule("orders", principal, ORDERS, roles)
}

fn principal(group: &str) -> Principal {
    identity(PRINCIPAL, group)
}

fn role(number: u8, value: &str) -> AppRole {
    fixtures::role(&format!("55555555-5555-5555-5555-{number:012}"), value)
}

fn api(app_id: &str) -> Api {
    let roles = match app_id {
        GRAPH => vec![
            role(1, "User.Read.All"),
            role(2, "Directory.ReadWrite.All"),
            fixtures::role(PLACE_READ_ALL, "Place.Read.All"),
        ],
        CALENDAR => vec![],
        _ => {
            let disabled = AppRole { is_enabled: false, ..role(4, "Orders.Archive") };
            let users = AppRole { is_for_applications: false, ..role(5, "Orders.Approve") };
            let usual = [role(1, "Orders.Read"), role(2, "Orders.Write"), role(3, "")];
            usual.into_iter().chain([disabled, users]).collect()
        }
    };
    Api { roles, ..fixtures::api(app_id) }
}

/// Rule and value of each role that the baseline grants to an identity in rg-orders.
fn wanted(policy: &Policy, app_id: &str) -> Vec<(String, String)> {
    let wanted =
        policy.baseline_roles(&principal("rg-orders"), &api(app_id), own(), NOW).into_iter();
    wanted.map(|one| (one.rule, one.role.value.unwrap_or_default())).collect()
}

fn read() -> Vec<(String, String)> {
    vec![("orders".to_owned(), "Orders.Read".to_owned())]
}

#[test]
fn a_resource_that_is_uncovered_or_protected_does_not_concern_the_baseline() {
    let group = format!("{SUBSCRIPTION}/resourceGroups/rg-orders");
    let covered = policy("", &[orders(&group, r#""Orders.Read""#)]);
    assert!(covered.baseline_covers(&resource("rg-orders"), NOW));
    assert!(!covered.baseline_covers(&resource("rg-orders-2"), NOW));
    let protected = policy(&format!(r#""{group}""#), &[orders(SUBSCRIPTION, r#""Orders.Read""#)]);
    assert!(protected.baseline_covers(&resource("rg-orders-2"), NOW));
    assert!(!protected.baseline_covers(&resource("rg-orders"), NOW));
    assert!(
        !policy("", &[orders(PRINCIPAL, r#""Orders.Read""#)]).baseline_covers(&resource("rg"), NOW)
    );
    assert!(!policy("", &[]).baseline_covers(&resource("rg-orders"), NOW));
    assert!(
        !Policy::unavailable("no file".to_owned()).baseline_covers(&resource("rg-orders"), NOW)
    );
}

#[test]
fn the_baseline_grants_nothing_that_is_protected_or_in_no_rule() {
    let rules = [orders(SUBSCRIPTION, r#""Orders.*""#)];
    let (role, orders_api) = (role(1, "Orders.Read"), api(ORDERS));
    for (protected, object, app_id, expected) in [
        ("", OWN, ORDERS, "own identity"),
        (&*format!(r#""{PRINCIPAL}""#), PRINCIPAL, ORDERS, "protects the principal"),
        (&*format!(r#""{SUBSCRIPTION}""#), PRINCIPAL, ORDERS, "protects the principal"),
        (&*format!(r#""{ORDERS}""#), PRINCIPAL, ORDERS, "protects the API"),
        ("", PRINCIPAL, GRAPH, "no rule of the baseline"),
    ] {
        let policy = policy(protected, &rules);
        let principal = identity(object, "rg-orders");
        let api = if app_id == ORDERS { orders_api.clone() } else { api(app_id) };
        let question = ProposedAssignment {
            principal: &principal,
            api: &api,
            role: &role,
            own: own(),
            now: NOW,
        };
        let denial = policy.decide_baseline(&question).unwrap_err().to_string();
        assert!(denial.contains(expected), "{denial}");
        assert!(policy.baseline_roles(&principal, &api, own(), NOW).is_empty());
    }
}

#[test]
fn a_privileged_role_needs_a_marked_baseline_rule_that_names_it_exactly() {
    let directory = r#""Directory.ReadWrite.All""#;
    for (roles, more, expected) in [
        (r#""*""#, r#","privileged":true"#, 0),
        (directory, "", 0),
        (directory, r#","privileged":true"#, 1),
        (r#""User.Read.All""#, "", 0),
        (r#""User.Read.All""#, r#","privileged":true"#, 1),
        (r#""Place.Read.All""#, "", 1),
    ] {
        let policy = policy("", &[with(&rule("graph", SUBSCRIPTION, "graph", roles), more)]);
        assert_eq!(wanted(&policy, GRAPH).len(), expected, "{roles} {more}");
    }
}

#[test]
fn a_privileged_role_that_no_mark_grants_is_named_with_its_rule() {
    let roles = r#""Directory.ReadWrite.All","Place.Read.All""#;
    let unmarked = |more: &str, app_id: &str, owner: Option<Guid>| {
        let named = if app_id == GRAPH { roles } else { r#""Orders.Read""# };
        let policy = policy("", &[with(&rule("r", SUBSCRIPTION, app_id, named), more)]);
        let api = Api { owner, ..api(app_id) };
        let found = policy.unmarked_roles(&principal("rg-orders"), &api, NOW).into_iter();
        found.map(|(rule, role, _)| (rule, role)).collect::<Vec<_>>()
    };
    let named = |role: &str| vec![("r".to_owned(), role.to_owned())];
    let tenant = Guid::parse(fixtures::TENANT).ok();
    assert_eq!(unmarked("", GRAPH, None), named("Directory.ReadWrite.All"));
    assert_eq!(unmarked(r#","privileged":true"#, GRAPH, None), []);
    assert_eq!(unmarked("", ORDERS, None), named("Orders.Read"));
    assert_eq!(unmarked("", ORDERS, tenant), []);
}

#[test]
fn only_assignable_roles_are_wanted_and_the_others_are_unknown() {
    let roles = r#""Orders.Read","Orders.Archive","Orders.Approve","Orders.Raed""#;
    let policy = policy("", &[orders(SUBSCRIPTION, roles)]);
    assert_eq!(wanted(&policy, ORDERS), read());
    let unknown = policy.unknown_roles(Some(&principal("rg-orders")), &api(ORDERS), NOW);
    assert_eq!(unknown, ["orders.archive", "orders.approve", "orders.raed"]);
    assert!(policy.unknown_roles(Some(&principal("rg-orders")), &api(CALENDAR), NOW).is_empty());
}

#[test]
fn a_wildcard_covers_roles_with_a_value_and_not_default_access() {
    let all =
        policy("", &[orders(SUBSCRIPTION, r#""*""#), rule("c", SUBSCRIPTION, CALENDAR, r#""*""#)]);
    let values: Vec<_> = wanted(&all, ORDERS).into_iter().map(|(_, value)| value).collect();
    assert_eq!(values, ["Orders.Read", "Orders.Write"]);
    assert!(wanted(&all, CALENDAR).is_empty());
}

#[test]
fn default_access_is_wanted_if_a_rule_names_it_and_the_api_has_no_roles() {
    let zero = r#""00000000-0000-0000-0000-000000000000""#;
    for (app_id, expected) in [(CALENDAR, 1), (ORDERS, 0)] {
        let policy = policy("", &[rule("default", SUBSCRIPTION, app_id, zero)]);
        assert_eq!(wanted(&policy, app_id).len(), expected, "{app_id}");
        let unknown = policy.unknown_roles(Some(&principal("rg-orders")), &api(app_id), NOW);
        assert_eq!(unknown.len(), 1 - expected, "{app_id}");
    }
}

#[test]
fn the_apis_of_all_covering_rules_are_listed_once() {
    let policy = policy(
        "",
        &[
            orders(SUBSCRIPTION, r#""Orders.Read""#),
            rule("more", PRINCIPAL, ORDERS, r#""Orders.Write""#),
            rule("uri", PRINCIPAL, "api://calendar", r#""Read""#),
            rule("elsewhere", OWN, GRAPH, r#""User.Read.All""#),
        ],
    );
    assert_eq!(policy.baseline_apis(&principal("rg-orders"), NOW).len(), 2);
    assert_eq!(
        policy.baseline_apis(&principal("rg-orders"), NOW)[0],
        ApiName::AppId(AppId::parse(ORDERS).unwrap())
    );
}

/// Principal, API, role and mark of an arbitrary baseline rule.
fn any_rule() -> impl Strategy<Value = (String, String, String, bool)> {
    let places = [
        SUBSCRIPTION.to_owned(),
        format!("{SUBSCRIPTION}/resourceGroups/rg-o*"),
        PRINCIPAL.to_owned(),
        OWN.to_owned(),
    ];
    let apis = [ORDERS, GRAPH, CALENDAR].map(str::to_owned);
    let roles = ["*", "Orders.*", "Orders.Read", "Directory.ReadWrite.All", "User.Read.All"];
    (
        select(places.to_vec()),
        select(apis.to_vec()),
        select(roles.map(str::to_owned).to_vec()),
        any::<bool>(),
    )
}

proptest! {
    #[test]
    fn the_wanted_roles_are_the_permitted_ones(rules in proptest::collection::vec(any_rule(), 1..6)) {
        let rules: Vec<_> = rules.iter().enumerate().map(|(number, (place, api, role, privileged))| {
            with(&rule(&number.to_string(), place, api, &format!(r#""{role}""#)), &format!(r#","privileged":{privileged}"#))
        }).collect();
        let (policy, principal) = (policy("", &rules), principal("rg-orders"));
        for api in [ORDERS, GRAPH, CALENDAR].map(api) {
            let wanted = policy.baseline_roles(&principal, &api, own(), NOW);
            for role in &api.roles {
                let question = ProposedAssignment { principal: &principal, api: &api, role, own: own(), now: NOW };
                let permit = policy.decide_baseline(&question);
                let expected = permit.as_ref().ok().filter(|_| role.is_assignable()).map(Permit::rule);
                let found = wanted.iter().find(|one| one.role == *role).map(|one| one.rule.as_str());
                prop_assert_eq!(found, expected);
                prop_assert!(permit.is_err() || role.value.as_deref() != Some("Directory.ReadWrite.All")
                    || rules.iter().any(|rule| rule.contains("Directory") && rule.contains("true")));
            }
            let broker = identity(OWN, "rg-orders");
            prop_assert!(policy.baseline_roles(&broker, &api, own(), NOW).is_empty());
        }
    }
}

#[test]
fn scopes_end_before_the_first_wildcard() {
    let below = "providers/Microsoft.ManagedIdentity/userAssignedIdentities";
    let rules: Vec<_> = [
        SUBSCRIPTION.to_owned(),
        format!("{SUBSCRIPTION}/resourceGroups/rg-*"),
        format!("{SUBSCRIPTION}/resourceGroups/rg-orders/{below}/id-*"),
        format!("{SUBSCRIPTION}/resourceGroups/rg-orders/{below}/id"),
        PRINCIPAL.to_owned(),
    ]
    .iter()
    .enumerate()
    .map(|(index, place)| rule(&format!("rule {index}"), place, ORDERS, "\"Orders.Read\""))
    .collect();
    let group = format!("{SUBSCRIPTION}/resourcegroups/rg-orders");
    let identity = format!("{group}/{}/id", below.to_lowercase());
    assert_eq!(policy("", &rules).scopes_of_changes(), [SUBSCRIPTION, &group, &identity]);
}

#[test]
fn the_scopes_of_rules_that_only_allow_reading_need_no_confirmation() {
    for (actions, expected) in [
        (r#"["read"]"#, vec![]),
        (r#"["assign"]"#, vec![SUBSCRIPTION]),
        (r#"["read","revoke"]"#, vec![SUBSCRIPTION]),
    ] {
        let allow = format!(
            r#"{{"name":"r","requesters":["queue:team"],"principals":["{SUBSCRIPTION}"],
                "api":"{ORDERS}","roles":["Orders.Read"],"actions":{actions}}}"#
        );
        let policy = format!(r#"{{"version":1,"allow":[{allow}]}}"#);
        assert_eq!(Policy::parse(policy.as_bytes()).unwrap().scopes_of_changes(), expected);
    }
}
