//! A tenant, and the reports about it.

use std::sync::LazyLock;

use serde_json::{Value, json};
use tenant_emulator::contoso::{
    BILLING_FUNCTION, ORDERS_API, ORDERS_IDENTITY, ORDERS_READ, TENANT_ID,
};

use crate::world::{Ended, World, app_root};

/// A report of the day before, in which id-billing held a role.
pub(crate) static YESTERDAY: LazyLock<String> = LazyLock::new(|| {
    let report = json!({
        "format": 1, "generatedAt": "2026-01-01T00:00:00Z", "tenantId": TENANT_ID, "complete": true,
        "principals": [{ "id": BILLING_FUNCTION, "name": "func-billing" }],
        "apis": [{ "id": ORDERS_API, "name": "Orders API",
                   "roles": [{ "id": ORDERS_READ, "value": "Orders.Read" }] }],
        "assignments": [{ "principal": 0, "api": 0, "role": 0 }],
    });
    report.to_string()
});

/// Runs `report` with the broker's identity, and with more arguments.
pub(super) async fn run(world: &World, file: &str, more: &[&str]) -> Ended {
    let arguments = ["report", "-o", file, "--broker-identity", "id-app-role-broker"];
    world.run(&[&arguments, more].concat()).await
}

/// The report that `report` writes.
pub(super) async fn report(world: &World, more: &[&str]) -> Value {
    let ended = run(world, "access.json", more).await;
    assert_eq!((ended.code, ended.stdout.as_str()), (0, ""), "{ended:?}");
    serde_json::from_str(&world.read("access.json")).unwrap()
}

/// The assignments of a principal, each with the value of its role.
pub(super) fn held<'a>(report: &'a Value, principal: &str) -> Vec<(&'a str, &'a Value)> {
    let index = |one: &Value, name: &str| usize::try_from(one[name].as_u64().unwrap()).unwrap();
    let all = report["assignments"].as_array().unwrap().iter();
    let own = all.filter(|one| report["principals"][index(one, "principal")]["id"] == principal);
    own.map(|one| {
        let roles = &report["apis"][index(one, "api")]["roles"];
        (roles[index(one, "role")]["value"].as_str().unwrap(), one)
    })
    .collect()
}

/// The one assignment of id-orders.
pub(super) fn of_orders(report: &Value) -> &Value {
    let [(_, one)] = held(report, ORDERS_IDENTITY)[..] else { panic!("{report}") };
    one
}

/// Asserts that the committed schema accepts a report.
pub(super) fn assert_valid(report: &Value) {
    let schema = std::fs::read(app_root().join("schemas/report.schema.json")).unwrap();
    let validator = jsonschema::validator_for(&serde_json::from_slice(&schema).unwrap()).unwrap();
    let faults: Vec<_> = validator.iter_errors(report).map(|fault| fault.to_string()).collect();
    assert!(faults.is_empty(), "{faults:?} {report}");
}

/// A tenant in which id-orders holds Orders.Read.
pub(super) async fn world() -> World {
    let world = World::new().await;
    world.tenant.grant(ORDERS_IDENTITY, ORDERS_API, "Orders.Read").unwrap();
    world
}
