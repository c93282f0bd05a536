use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::{Value, json};

use super::{
    fixtures::{
        GRAPH, MICROSOFT, NOW, ORDERS, OWN, PLACE_READ_ALL, PRINCIPAL, SUBSCRIPTION, application,
        identity, identity_somewhere, own, role,
    },
    *,
};
use crate::{
    directory::{AppRole, PrincipalKind},
    ids::Guid,
};

const OTHER: &str = "12121212-1212-1212-1212-121212121212";
const READ: &str = "55555555-5555-5555-5555-000000000001";
const WRITE: &str = "55555555-5555-5555-5555-000000000002";
const UNNAMED: &str = "55555555-5555-5555-5555-000000000003";
const DIRECTORY: &str = "19dbc75e-c2e2-444c-a770-ec69d8559fc7";

fn principals() -> Vec<Principal> {
    let blueprint = Principal { kind: PrincipalKind::AgentBlueprint, ..application(OTHER) };
    vec![
        identity(PRINCIPAL, "rg-orders"),
        identity(OTHER, "rg-billing"),
        identity(OWN, "rg-orders"),
        identity_somewhere(PRINCIPAL),
        application(PRINCIPAL),
        blueprint,
    ]
}

fn apis() -> Vec<Api> {
    let orders = vec![
        role(READ, "Orders.Read"),
        role(WRITE, "Orders.Write"),
        role(UNNAMED, ""),
        AppRole { is_enabled: false, ..role(OTHER, "Orders.Archive") },
    ];
    let graph = vec![
        role(READ, "User.Read.All"),
        role(DIRECTORY, "Directory.ReadWrite.All"),
        role(PLACE_READ_ALL, "Place.Read.All"),
    ];
    let orders = Api { roles: orders, ..fixtures::api(ORDERS) };
    let of_microsoft = Api { owner: Guid::parse(MICROSOFT).ok(), ..orders.clone() };
    vec![orders, of_microsoft, Api { roles: graph, ..fixtures::api(GRAPH) }, fixtures::api(ORDERS)]
}

fn grant() -> impl Strategy<Value = Value> {
    let principals = select(vec![
        SUBSCRIPTION.to_owned(),
        format!("{SUBSCRIPTION}/resourceGroups/rg-*"),
        format!("{SUBSCRIPTION}/resourceGroups/rg-orders"),
        PRINCIPAL.to_owned(),
        OTHER.to_owned(),
    ]);
    let roles =
        select(vec!["Orders.Read", "orders.*", "*", READ, UNNAMED, "User.Read.All", DIRECTORY]);
    let apis = select(vec![ORDERS, GRAPH, "api://orders"]);
    let expires = select(vec![json!(null), json!("2026-11-25"), json!("2026-11-26")]);
    (vec(principals, 1..3), vec(roles, 1..3), apis, any::<bool>(), expires).prop_map(
        |(principals, roles, api, privileged, expires)| {
            json!({
                "principals": principals, "roles": roles, "api": api, "privileged": privileged,
                "expires": expires,
            })
        },
    )
}

/// The text of a policy file.
fn file() -> impl Strategy<Value = Value> {
    let actions =
        select(vec![json!(["assign"]), json!(["revoke", "read"]), json!(["read", "assign"])]);
    let protected = select(vec![vec![], vec![PRINCIPAL], vec![ORDERS]]);
    (vec((grant(), actions), 0..4), vec(grant(), 0..3), protected).prop_map(
        |(allow, mut baseline, protected)| {
            let on_request = allow.into_iter().map(|(mut rule, actions)| {
                rule["actions"] = actions;
                rule["requesters"] = json!(["queue:team"]);
                rule
            });
            let mut allow: Vec<_> = on_request.collect();
            for (index, rule) in allow.iter_mut().chain(&mut baseline).enumerate() {
                rule["name"] = json!(format!("rule {index}"));
            }
            json!({ "version": 1, "protected": protected, "allow": allow, "baseline": baseline })
        },
    )
}

fn parsed(file: &Value) -> Policy {
    Policy::parse(file.to_string().as_bytes()).unwrap()
}

/// The policy with only one of its rules.
fn only(file: &Value, position: usize) -> Policy {
    let mut file = file.clone();
    for list in ["allow", "baseline"] {
        let rules = file[list].as_array_mut().unwrap();
        rules.retain(|rule| rule["name"] == json!(format!("rule {position}")));
    }
    parsed(&file)
}

proptest! {
    #[test]
    fn a_judgement_names_exactly_the_rules_that_allow_the_assignment_alone(file in file()) {
        let policy = parsed(&file);
        let alone: Vec<_> = (0..policy.summaries().len()).map(|at| only(&file, at)).collect();
        for api in apis() {
            let mut of_api = policy.rules_of_api(&api, own(), NOW);
            // Each twice, because answers are kept.
            for (principal, role) in principals().iter().flat_map(|one| {
                api.roles.iter().chain(&api.roles).map(move |role| (one, role))
            }) {
                let question =
                    ProposedAssignment { principal, api: &api, role, own: own(), now: NOW };
                // A principal keeps its id; these share one, and are judged apart.
                let judged = policy.rules_of_api(&api, own(), NOW).judge(principal, role);
                let allowing = (0..).zip(&alone).filter(|(_, rule)| rule.is_expected(&question));
                let allowing: Vec<usize> = allowing.map(|(at, _)| at).collect();
                prop_assert_eq!(&judged.rules, &allowing);
                prop_assert_eq!(!judged.rules.is_empty(), policy.is_expected(&question));
                let why = crate::privileged::of_assignment(principal, &api, role);
                prop_assert_eq!(judged.privileged, why);
                if principal.kind == PrincipalKind::ManagedIdentity && principal.resource_id.is_some() {
                    prop_assert_eq!(of_api.judge(principal, role), judged);
                }
            }
        }
    }

    #[test]
    fn the_baseline_of_many_principals_is_that_of_each(file in file()) {
        let policy = parsed(&file);
        for api in apis() {
            let mut of_api = policy.rules_of_api(&api, own(), NOW);
            for principal in principals().iter().chain(&principals()) {
                let expected = policy.baseline_roles(principal, &api, own(), NOW);
                prop_assert_eq!(of_api.baseline_roles(principal), expected.as_slice());
            }
        }
    }
}

#[test]
fn without_a_policy_no_rule_allows_anything() {
    let policy = Policy::unavailable("it is gone".to_owned());
    let (api, principal) = (apis().swap_remove(0), identity(PRINCIPAL, "rg-orders"));
    let mut rules = policy.rules_of_api(&api, own(), NOW);
    assert!(rules.is_empty());
    assert_eq!(rules.judge(&principal, &role(READ, "Orders.Read")).rules, Vec::<usize>::new());
    assert_eq!(rules.baseline_roles(&principal), []);
}
