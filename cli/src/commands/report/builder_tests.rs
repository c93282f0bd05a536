use app_roles::directory::PrincipalKind;
use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::json;

use super::{
    document::{Coverage, Kind, List, MissingRole, Origin, Owner, Report, ReportedAssignment},
    fixtures::{
        APPLICATION, BILLING_IDENTITY, BLUEPRINT, BROKER, CALENDAR_API, DELETED, GRAPH, MAIL_SEND,
        ORDERS_API, ORDERS_IDENTITY, READ, WRITE, inventory, object_id, policy, report_of, role_id,
        rule, tenant,
    },
};

/// The name of the principal and the role of an assignment or of a missing role.
fn names(report: &Report, principal: usize, api: usize, role: usize) -> (String, String) {
    let role = &report.apis[api].roles[role];
    let role = role.value.clone().unwrap_or_else(|| role.id.to_string());
    (report.principals[principal].name.clone(), role)
}

/// The one assignment of a report.
fn only(report: &Report) -> &ReportedAssignment {
    let [one] = report.assignments.as_slice() else { panic!("{report:?}") };
    one
}

#[test]
fn without_a_policy_nothing_is_said_about_rules() {
    let report = report_of(&inventory(&[(ORDERS_IDENTITY, ORDERS_API, READ)]), None);
    let one = only(&report);
    assert_eq!((&one.rules, one.coverage, one.origin), (&vec![], None, Origin::Unknown));
    assert_eq!((&report.policy, &report.rules), (&None, &vec![]));
    assert_eq!((&report.missing, report.tenant_id), (&vec![], tenant()));
}

#[test]
fn an_assignment_that_no_rule_allows_is_not_covered() {
    let rules = policy(&[rule("rg-orders", &["Orders.Read"])], &[]);
    for held in [(ORDERS_IDENTITY, ORDERS_API, WRITE), (BILLING_IDENTITY, ORDERS_API, READ)] {
        let report = report_of(&inventory(&[held]), Some(&rules));
        assert_eq!(only(&report).coverage, Some(Coverage::None), "{held:?}");
        assert_eq!(report.rules[0].assignments, 0, "{held:?}");
    }
}

#[test]
fn an_assignment_names_all_rules_that_allow_it_and_each_rule_counts_it() {
    let on_request = [
        rule("rg-orders", &["Orders.*"]),
        json!({ "actions": ["revoke"] , "principals": [object_id(ORDERS_IDENTITY)],
                "api": rule("x", &[])["api"], "roles": ["Orders.Read"] }),
        rule("rg-billing", &["Orders.Read"]),
    ];
    let rules = policy(&on_request, &[rule("rg-*", &["Orders.Read"])]);
    let held = [(ORDERS_IDENTITY, ORDERS_API, READ), (ORDERS_IDENTITY, ORDERS_API, WRITE)];
    let report = report_of(&inventory(&held), Some(&rules));
    let judged: Vec<_> =
        report.assignments.iter().map(|one| (one.rules.as_slice(), one.coverage)).collect();
    let expected = [(&[0, 3][..], Some(Coverage::Baseline)), (&[0][..], Some(Coverage::Rule))];
    assert_eq!(judged, expected);
    let uses: Vec<_> = report.rules.iter().map(|rule| (rule.list, rule.assignments)).collect();
    let (allow, baseline) = (List::Allow, List::Baseline);
    assert_eq!(uses, [(allow, 2), (allow, 0), (allow, 0), (baseline, 1)]);
}

#[test]
fn a_role_that_is_not_defined_any_more_has_an_entry_without_a_value() {
    let held = [(ORDERS_IDENTITY, ORDERS_API, DELETED), (APPLICATION, ORDERS_API, DELETED)];
    let report = report_of(&inventory(&held), None);
    let [api] = report.apis.as_slice() else { panic!("{report:?}") };
    let undefined: Vec<_> = api.roles.iter().filter(|role| role.value.is_none()).collect();
    let [role] = undefined.as_slice() else { panic!("{undefined:?}") };
    assert_eq!((role.id, role.display_name), (role_id(DELETED), None));
    assert!(report.assignments.iter().all(|one| one.role == 2), "{report:?}");
}

#[test]
fn default_access_has_a_name_for_people() {
    let report = report_of(&inventory(&[(APPLICATION, CALENDAR_API, 0)]), None);
    assert_eq!(report.apis[0].roles[0].display_name, Some("default access"));
}

#[test]
fn only_managed_identities_lack_roles_of_the_baseline_and_the_broker_lacks_none() {
    let everyone = json!({
        "principals": [rule("rg-*", &[])["principals"][0], object_id(APPLICATION), object_id(BLUEPRINT)],
        "api": rule("x", &[])["api"], "roles": ["Orders.Read", "Orders.Raed"],
    });
    let rules = policy(&[], &[rule("rg-none", &["Orders.Write"]), everyone]);
    let report = report_of(&inventory(&[(ORDERS_IDENTITY, ORDERS_API, READ)]), Some(&rules));
    let [MissingRole { principal, api, role, rule }] = report.missing.as_slice() else {
        panic!("{report:?}")
    };
    assert_eq!(
        names(&report, *principal, *api, *role),
        ("id-billing".to_owned(), "Orders.Read".to_owned())
    );
    assert_eq!(*rule, 1);
}

#[test]
fn what_the_baseline_lacks_is_unknown_for_an_api_whose_holders_could_not_be_read() {
    let rules = policy(&[], &[rule("rg-*", &["Orders.Read"])]);
    let mut inventory = inventory(&[]);
    assert_eq!(report_of(&inventory, Some(&rules)).missing.len(), 2);
    inventory.partly_read.insert(object_id(ORDERS_API));
    assert_eq!(report_of(&inventory, Some(&rules)).missing, []);
}

#[test]
fn the_roles_of_the_broker_itself_are_no_gap() {
    let rules = policy(&[], &[]);
    let report = report_of(&inventory(&[(BROKER, GRAPH, MAIL_SEND)]), Some(&rules));
    assert_eq!(only(&report).coverage, Some(Coverage::Broker));
}

#[test]
fn a_privileged_assignment_says_why_and_a_blueprint_passes_its_roles_on() {
    for (held, expected) in [
        ((ORDERS_IDENTITY, ORDERS_API, READ), None),
        ((BLUEPRINT, ORDERS_API, READ), Some("all agents of the blueprint inherit it")),
        ((ORDERS_IDENTITY, GRAPH, MAIL_SEND), Some("data")),
    ] {
        let report = report_of(&inventory(&[held]), None);
        let why = only(&report).privileged.as_deref();
        assert!(why.is_some() == expected.is_some(), "{held:?} {why:?}");
        if held.0 == BLUEPRINT {
            assert_eq!(why, expected);
        }
    }
}

#[test]
fn apis_are_listed_if_their_roles_are_held_or_a_rule_names_them() {
    let rules = policy(&[rule("rg-orders", &["Orders.Read"])], &[]);
    let names = |report: &Report| -> Vec<_> {
        report.apis.iter().map(|api| (api.name.clone(), api.owner)).collect()
    };
    assert_eq!(names(&report_of(&inventory(&[]), None)), []);
    let orders = ("Orders API".to_owned(), Owner::ThisTenant);
    assert_eq!(names(&report_of(&inventory(&[]), Some(&rules))), std::slice::from_ref(&orders));
    let both = report_of(&inventory(&[(APPLICATION, GRAPH, MAIL_SEND)]), Some(&rules));
    assert_eq!(names(&both), [("Microsoft Graph".to_owned(), Owner::Microsoft), orders]);
}

#[test]
fn a_principal_says_where_its_resource_lies_and_has_a_name() {
    let mut inventory = inventory(&[]);
    inventory.principals[0].display_name.clear();
    inventory.principals[3].kind = PrincipalKind::Unknown;
    let report = report_of(&inventory, None);
    let identity = report.principals.iter().find(|one| one.id == object_id(ORDERS_IDENTITY));
    let identity = identity.unwrap();
    assert_eq!(identity.name, "id-orders");
    assert_eq!(identity.resource_group.as_deref(), Some("rg-orders"));
    assert_eq!(identity.subscription.as_deref(), Some("44444444-4444-4444-4444-444444444444"));
    let other = report.principals.iter().find(|one| one.kind == Kind::Other).unwrap();
    assert_eq!((&other.resource_id, &other.resource_group), (&None, &None));
}

proptest! {
    #[test]
    fn each_assignment_is_in_the_report_once_and_its_positions_exist(
        held in vec((1_u8..6, 11_u8..14, select(vec![0, READ, WRITE, MAIL_SEND, DELETED])), 0..12),
        has_policy: bool,
    ) {
        let mut held = held;
        held.sort_unstable();
        held.dedup();
        let rules = policy(&[rule("rg-orders", &["Orders.*"])], &[rule("rg-*", &["Orders.Read"])]);
        let report = report_of(&inventory(&held), has_policy.then_some(&rules));
        let mut found: Vec<_> = report.assignments.iter().map(|one| {
            let api = &report.apis[one.api];
            for rule in &one.rules {
                assert!(*rule < report.rules.len());
            }
            (report.principals[one.principal].id, api.id, api.roles[one.role].id)
        }).collect();
        found.sort_unstable();
        let mut expected: Vec<_> = held.iter().map(|(principal, api, role)| {
            (object_id(*principal), object_id(*api), role_id(*role))
        }).collect();
        expected.sort_unstable();
        prop_assert_eq!(found, expected);
        for one in &report.missing {
            names(&report, one.principal, one.api, one.role);
            prop_assert!(report.rules[one.rule].list == List::Baseline);
        }
    }
}
