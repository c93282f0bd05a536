//! What a report says about assignments, rules and changes.

use serde_json::{Value, json};
use tenant_emulator::contoso::{
    BILLING_FUNCTION, BROKER_IDENTITY, MICROSOFT_GRAPH, ORDERS_API, ORDERS_API_APP_ID,
    ORDERS_IDENTITY, REPORTS_IDENTITY, managed_identities,
};
use time::Duration;

use super::tenant::{YESTERDAY, assert_valid, held, of_orders, report, run, world};
use crate::{
    ends::end_row,
    record::{INVOCATION, RowWriter, assigned, key, with},
    world::{World, with_baseline},
};

#[tokio::test]
async fn without_a_policy_and_without_the_record_the_notes_say_what_is_unknown() {
    let world = world().await;
    std::fs::remove_file(world.path("policy.json")).unwrap();
    let report = report(&world, &[]).await;
    let notes = report["notes"].as_array().unwrap();
    assert_eq!(notes.len(), 2, "{report}");
    assert!(notes[0].as_str().unwrap().contains("there is no file policy.json"), "{report}");
    assert!(notes[1].as_str().unwrap().contains("--audit names no storage account"), "{report}");
    let one = of_orders(&report);
    assert_eq!((&one["origin"], one.get("requester")), (&json!("unknown"), None), "{report}");
    assert_valid(&report);
    assert!(world.is_untouched());
}

#[tokio::test]
async fn each_assignment_says_which_rule_allows_it_and_each_rule_whether_it_is_used() {
    let world = world().await;
    world.tenant.grant(REPORTS_IDENTITY, ORDERS_API, "Orders.Read").unwrap();
    world.tenant.grant(ORDERS_IDENTITY, MICROSOFT_GRAPH, "Directory.Read.All").unwrap();
    let mut policy: Value =
        serde_json::from_str(&with_baseline(&["Orders.Write"], &json!({}))).unwrap();
    policy["allow"][0]["owner"] = json!("orders@contoso.com");
    policy["allow"][0]["maxDuration"] = json!("P30D");
    world.write("policy.json", &policy.to_string());
    let report = report(&world, &[]).await;
    let coverage = |principal: &str| -> Vec<_> {
        held(&report, principal)
            .into_iter()
            .map(|(role, one)| (role, one["coverage"].as_str().unwrap()))
            .collect()
    };
    assert_eq!(
        coverage(ORDERS_IDENTITY),
        [("Directory.Read.All", "none"), ("Orders.Read", "rule")],
        "{report}"
    );
    assert_eq!(coverage(REPORTS_IDENTITY), [("Orders.Read", "none")], "{report}");
    assert!(coverage(BROKER_IDENTITY).iter().all(|(_, word)| *word == "broker"), "{report}");
    let [allowed, baseline] = report["rules"].as_array().unwrap().as_slice() else { panic!() };
    let expected = json!({
        "name": "orders workloads", "list": "allow", "owner": "orders@contoso.com",
        "maxDuration": "P30D", "requesters": ["queue:app-role-requests"],
        "principals": policy["allow"][0]["principals"], "api": ORDERS_API_APP_ID,
        "roles": ["Orders.Read", "Orders.Write"], "actions": ["assign"], "assignments": 1,
    });
    assert_eq!(*allowed, expected);
    assert_eq!((&baseline["list"], &baseline["assignments"]), (&json!("baseline"), &json!(0)));
    assert_eq!(report["missing"].as_array().unwrap().len(), 1, "{report}");
    assert_valid(&report);
}

#[tokio::test]
async fn the_record_says_who_asked_for_the_assignment_that_exists_and_until_when_it_lasts() {
    let world = World::new().await;
    let id = world.tenant.grant(ORDERS_IDENTITY, ORDERS_API, "Orders.Read").unwrap();
    world.tenant.grant(REPORTS_IDENTITY, ORDERS_API, "Orders.Read").unwrap();
    let rows = RowWriter::new().await;
    let row = |minutes: i64, more: Value| {
        let began = Duration::minutes(minutes);
        let key = json!({ "RowKey": key(began, INVOCATION) });
        with(with(assigned(began), &key), &more)
    };
    for row in [
        row(9, json!({ "assignmentId": "an earlier one", "reason": "not this one" })),
        row(
            5,
            json!({ "assignmentId": id, "requestId": "INC-1234",
                       "approvedBy": "http:1111, http:2222" }),
        ),
        row(
            4,
            json!({ "status": "alreadyAssigned", "assignmentId": id, "reason": "not this one" }),
        ),
        row(3, json!({ "status": "denied", "reason": "not this one" })),
        row(2, json!({ "assignmentId": "another one", "reason": "not this one" })),
    ] {
        rows.record(&row).await;
    }
    let end = end_row(&id, Duration::hours(-1));
    rows.add("AppRoleEnds", &end).await;
    world.set("APP_ROLE_AUDIT", &rows.connection());
    let report = report(&world, &[]).await;
    let one = of_orders(&report);
    for (name, expected) in [
        ("requester", json!("queue:app-role-requests")),
        ("reason", json!("reads its own API")),
        ("requestId", json!("INC-1234")),
        ("approvedBy", json!(["http:1111", "http:2222"])),
        ("recordedRule", json!("orders workloads")),
        ("origin", json!("broker")),
        ("endDateTime", end["endDateTime"].clone()),
    ] {
        assert_eq!(one[name], expected, "{name}: {report}");
    }
    assert!(one["tokensUntil"].as_str() > one["endDateTime"].as_str(), "{report}");
    let (_, other) = held(&report, REPORTS_IDENTITY)[0];
    assert_eq!((&other["origin"], other.get("requester")), (&json!("other"), None), "{report}");
    assert_eq!(report["notes"], json!([]));
    assert_valid(&report);
}

#[tokio::test]
async fn what_is_new_and_gone_since_an_earlier_report_is_marked() {
    let world = world().await;
    world.write("yesterday.json", &YESTERDAY);
    let ended = run(&world, "access.json", &["--since", "yesterday.json"]).await;
    assert!(ended.stderr.contains("5 new and 1 gone since 2026-01-01T00:00:00Z"), "{ended:?}");
    let first: Value = serde_json::from_str(&world.read("access.json")).unwrap();
    assert_eq!(of_orders(&first)["change"], "new");
    let gone = json!([{ "principalName": "func-billing", "principalId": BILLING_FUNCTION,
                        "apiName": "Orders API", "role": "Orders.Read" }]);
    assert_eq!(first["gone"], gone);
    assert_valid(&first);
    world.tenant.grant(REPORTS_IDENTITY, ORDERS_API, "Orders.Read").unwrap();
    let second = report(&world, &["--since", "access.json"]).await;
    assert_eq!(of_orders(&second).get("change"), None, "{second}");
    assert_eq!(held(&second, REPORTS_IDENTITY)[0].1["change"], "new");
    assert_eq!(
        (&second["gone"], &second["comparedWith"]["generatedAt"]),
        (&json!([]), &first["generatedAt"])
    );
}

#[tokio::test]
async fn all_pages_of_principals_and_holders_are_read() {
    let world = World::new().await;
    let identities = managed_identities(1_005);
    for identity in &identities {
        world.tenant.add_service_principal(identity.clone());
        for role in ["Orders.Read", "Orders.Write"] {
            world.tenant.grant(&identity.id, ORDERS_API, role).unwrap();
        }
    }
    let report = report(&world, &[]).await;
    for identity in [&identities[0], &identities[1_004]] {
        assert_eq!(held(&report, &identity.id).len(), 2, "{}", identity.display_name);
    }
    assert_eq!(report["assignments"].as_array().unwrap().len(), 2 * 1_005 + 4);
}
