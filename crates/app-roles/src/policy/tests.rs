use proptest::prelude::*;

use super::{
    fixtures::{
        API_OBJECT, NOW, ORDERS as API, OWN, PRINCIPAL, ROLE, api, application, identity, own,
        role, team,
    },
    *,
};
use crate::request::Action;

const GROUP: &str = "/subscriptions/44444444-4444-4444-4444-444444444444/resourceGroups/rg-orders";

fn policy(rule: &str) -> Policy {
    let text = format!(r#"{{"version":1,"allow":[{rule}]}}"#);
    Policy::parse(text.as_bytes()).unwrap()
}

fn rule(requester: &str, principal: &str, api: &str, role: &str) -> String {
    format!(
        r#"{{"name":"orders","requesters":["{requester}"],"principals":["{principal}"],"api":"{api}","roles":["{role}"]}}"#
    )
}

/// Requests the role `Orders.Read` for an identity below [`GROUP`].
fn ask(policy: &Policy, requester: &Requester) -> Result<Permit, Denial> {
    ask_for(policy, requester, &identity(PRINCIPAL, "rg-orders"))
}

fn ask_for(
    policy: &Policy,
    requester: &Requester,
    principal: &Principal,
) -> Result<Permit, Denial> {
    ask_to(Action::Assign, policy, requester, principal)
}

fn ask_to(
    action: Action,
    policy: &Policy,
    requester: &Requester,
    principal: &Principal,
) -> Result<Permit, Denial> {
    let (api, role) = (api(API), role(ROLE, "Orders.Read"));
    let decision = policy.decide(&Question {
        requester,
        action,
        principal,
        api: &api,
        role: &role,
        own: own(),
        end: None,
        now: NOW,
    });
    decision.map(|decision| decision.allowed().unwrap())
}

#[test]
fn a_policy_without_rules_denies_everything() {
    assert_eq!(ask(&policy(""), &team()).unwrap_err(), Denial::Requester(team(), "assign"));
}

#[test]
fn a_closed_policy_denies_everything_and_hides_the_reason_from_requesters() {
    let denial = ask(&Policy::unavailable("disk on fire".to_owned()), &team()).unwrap_err();
    assert!(denial.to_string().contains("disk on fire"));
    assert!(!denial.for_requester().contains("disk on fire"));
}

#[test]
fn a_denial_names_the_part_of_the_rule_that_does_not_match() {
    let other = "55555555-5555-5555-5555-555555555555";
    for (rule, named) in [
        (rule("queue:other", GROUP, API, "Orders.Read"), "queue:team"),
        (rule("queue:team", GROUP, other, "Orders.Read"), API),
        (rule("queue:team", &format!("{GROUP}-2"), API, "Orders.Read"), "rg-orders"),
        (rule("queue:team", other, API, "Orders.Read"), "rg-orders"),
        (rule("queue:team", GROUP, API, "Orders.Write"), "Orders.Read"),
        (rule("queue:team", GROUP, API, other), "Orders.Read"),
    ] {
        let denial = ask(&policy(&rule), &team()).unwrap_err().to_string();
        assert!(denial.contains(named), "{rule}: {denial}");
    }
}

#[test]
fn a_rule_allows_assign_by_default_and_otherwise_exactly_its_actions() {
    let principal = application(PRINCIPAL);
    let silent = rule("queue:team", PRINCIPAL, API, "Orders.Read");
    let revoking = silent.replace("\"roles\"", "\"actions\":[\"revoke\"],\"roles\"");
    for (rule, action, allowed) in [
        (&silent, Action::Assign, true),
        (&silent, Action::Revoke, false),
        (&revoking, Action::Assign, false),
        (&revoking, Action::Revoke, true),
    ] {
        let answer = ask_to(action, &policy(rule), &team(), &principal);
        assert_eq!(answer.is_ok(), allowed, "{rule} {action:?}");
        if let Ok(permit) = answer {
            assert_eq!(permit.action(), action);
        }
    }
}

#[test]
fn the_admin_endpoint_is_always_denied() {
    let policy = policy(&rule("queue:team", GROUP, API, "Orders.Read"));
    assert_eq!(
        ask(&policy, &Requester::Admin).unwrap_err(),
        Denial::Requester(Requester::Admin, "assign")
    );
}

#[test]
fn the_brokers_own_identity_is_denied_even_if_a_rule_names_it() {
    let policy = policy(&rule("queue:team", OWN, API, "Orders.Read"));
    let own = application(OWN);
    assert_eq!(ask_for(&policy, &team(), &own).unwrap_err(), Denial::OwnIdentity);
}

#[test]
fn a_scope_covers_managed_identities_only() {
    let policy = policy(&rule("queue:team", GROUP, API, "Orders.Read"));
    let application = application(PRINCIPAL);
    assert!(matches!(ask_for(&policy, &team(), &application), Err(Denial::Principal { .. })));
}

#[test]
fn a_permit_is_for_exactly_the_requested_assignment() {
    for rule in [
        rule("queue:team", GROUP, API, "Orders.Read"),
        rule(
            "queue:team",
            &GROUP.to_uppercase().replace("/SUBSCRIPTIONS", "/subscriptions"),
            API,
            "orders.READ",
        ),
        rule("queue:team", PRINCIPAL, API, ROLE),
    ] {
        let permit = ask(&policy(&rule), &team()).unwrap();
        assert_eq!(permit.principal().to_string(), PRINCIPAL);
        assert_eq!(permit.api().to_string(), API_OBJECT);
        assert_eq!(permit.role().to_string(), ROLE);
        assert_eq!(permit.rule(), "orders");
    }
}

#[test]
fn a_fault_names_its_path_and_rule() {
    let good = rule("queue:team", GROUP, API, "Orders.Read");
    let spoilt = |from: &str, to: &str| in_file(&good.replace(from, to));
    for (text, fault) in [
        (String::new(), "policy: is empty"),
        ("[]".to_owned(), "policy: must be a JSON object, but is an array"),
        (r#"{"version":2,"allow":[]}"#.to_owned(), "version: this broker supports only version 1"),
        (r#"{"version":1}"#.to_owned(), "policy: the field `allow` is missing"),
        (
            r#"{"version":1,"allow":[],"deny":[]}"#.to_owned(),
            "policy: unknown field `deny`; the fields are `$schema`, `version`",
        ),
        (r#"{"version":1,"allow":[],"protected":["me"]}"#.to_owned(), "protected[0]: expected"),
        (format!(r#"{{"version":1,"allow":[{good},{good}]}}"#), "allow[1].name: another rule"),
        (
            format!(
                r#"{{"version":1,"allow":[{good}],"baseline":[{{"name":"b","principals":["x"],"api":"graph","roles":["A"]}}]}}"#
            ),
            "baseline[0].principals[0] (rule \"b\")",
        ),
        (spoilt("\"name\":\"orders\"", "\"name\":\"\""), "allow[0].name: must not be empty"),
        (
            spoilt("\"roles\"", "\"role\""),
            "allow[0] (rule \"orders\"): the field `roles` is missing (line 1, column 23); allow[0] \
             (rule \"orders\"): unknown field `role` (did you mean `roles`?)",
        ),
        (spoilt("\"roles\"", "\"actions\":[],\"roles\""), "allow[0].actions (rule \"orders\")"),
        (
            spoilt("\"roles\"", "\"actions\":[\"own\"],\"roles\""),
            "allow[0].actions[0] (rule \"orders\"): expected \"assign\", \"revoke\" or \"read\"",
        ),
        (spoilt("\"roles\"", "\"privileged\":\"yes\",\"roles\""), "allow[0].privileged"),
        (spoilt("[\"queue:team\"]", "[]"), "allow[0].requesters (rule \"orders\"): an empty list"),
        (spoilt("queue:team", "*"), "allow[0].requesters[0] (rule \"orders\")"),
        (spoilt("queue:team", "key:default"), "allow[0].requesters[0]"),
        (spoilt("44444444-4444-4444-4444-444444444444", "*"), "allow[0].principals[0]"),
        (
            spoilt("44444444-4444-4444-4444-444444444444", "4444444*-4444-4444-4444-444444444444"),
            "allow[0].principals[0]",
        ),
        (spoilt("resourceGroups", "resource*"), "allow[0].principals[0]"),
        (spoilt(GROUP, "everybody"), "allow[0].principals[0]"),
        (spoilt(API, "Orders API"), "allow[0].api (rule \"orders\"): expected an appId"),
        (spoilt("Orders.Read", "*.Read"), "allow[0].roles[0]"),
        (spoilt("Orders.Read", ""), "allow[0].roles[0]"),
        (
            format!("{} {{}}", in_file(&good)),
            "policy: is not JSON: nothing may follow the last bracket",
        ),
    ] {
        let faults = Policy::parse(text.as_bytes()).unwrap_err().to_string();
        assert!(faults.starts_with(fault), "{text}: {faults}");
    }
}

#[test]
fn a_policy_may_begin_with_a_byte_order_mark_and_has_no_comments() {
    let text = in_file(&rule("queue:team", GROUP, API, "Orders.Read"));
    let marked = Policy::parse(format!("\u{feff}{text}").as_bytes()).unwrap();
    assert!(ask(&marked, &team()).is_ok());
    let commented = Policy::parse(format!("// ours\n{text}").as_bytes()).unwrap_err();
    let told = "policy: is not JSON: JSON has no comments (line 1, column 1)";
    assert_eq!(commented.to_string(), told);
    assert!(Policy::parse(format!("\u{feff}\u{feff}{text}").as_bytes()).is_err());
}

#[test]
fn no_fault_of_a_policy_has_a_word_of_the_json_library() {
    let good = in_file(&rule("queue:team", GROUP, API, "Orders.Read"));
    let mut broken: Vec<_> = (0..good.len()).map(|end| good[..end].to_owned()).collect();
    for value in ["null", "true", "7", "-1.5", "\"x\"", "[]", "[7]", "{}", "[[]]"] {
        for name in ["version", "allow", "protected", "baseline", "unknown"] {
            broken.push(good.replacen('{', &format!("{{\"{name}\":{value},"), 1));
        }
        for name in ["name", "requesters", "principals", "api", "roles", "actions", "privileged"] {
            let with_value = format!("[{{\"{name}\":{value},");
            broken.push(good.replacen("[{", &with_value, 1));
            broken.push(good.replacen(&format!("\"{name}\":"), "\"other\":", 1));
        }
    }
    for text in broken {
        let Err(faults) = Policy::parse(text.as_bytes()) else { continue };
        let told = faults.to_string();
        for word in
            ["EOF", "invalid type", "expected struct", "expected one of", "Wire", "sequence"]
        {
            assert!(!told.contains(word), "{text}: {told}");
        }
    }
}

#[test]
fn all_faults_of_a_file_are_reported() {
    let faulty = rule("nobody", "nowhere", "nothing", "*x");
    let faults = Policy::parse(in_file(&faulty).as_bytes()).unwrap_err();
    assert_eq!(faults.0.len(), 4, "{faults}");
}

fn in_file(rule: &str) -> String {
    format!(r#"{{"version":1,"allow":[{rule}]}}"#)
}

proptest! {
    #[test]
    fn no_bytes_make_reading_a_policy_panic(bytes: Vec<u8>) {
        let _ = Policy::parse(&bytes);
    }

    #[test]
    fn only_the_named_role_is_permitted(named in "[A-Za-z.]{1,12}") {
        let policy = policy(&rule("queue:team", GROUP, API, &named));
        let permitted = ask(&policy, &team()).is_ok();
        prop_assert_eq!(permitted, named.eq_ignore_ascii_case("Orders.Read"));
    }
}
