//! Adopting what a tenant holds, and comparing the policy with the tenant.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::world::World;

/// The options of an adoption, without a file.
pub(super) const ADOPT: [&str; 5] =
    ["policy", "init", "--from-tenant", "--broker-identity", "id-app-role-broker"];

/// Adopts what a world's tenant holds into `policy.json`, which must not exist. Returns the document about
/// it.
pub(super) async fn adopt(world: &World) -> Value {
    let arguments = [&ADOPT[..], &["policy.json"]].concat();
    let document = world.json(&arguments).await;
    assert!(world.is_untouched());
    document
}

/// A world without a policy.
pub(super) async fn world() -> World {
    let world = World::new().await;
    std::fs::remove_file(world.path("policy.json")).unwrap();
    world
}

/// Asserts that the policy has no fault and no warning, and that nothing is unexpected but what was in
/// question.
pub(super) async fn assert_agrees(world: &World, adopted: &Value) {
    let checked = world.json(&["policy", "check"]).await;
    assert_eq!(checked["warnings"], json!([]), "{}", world.read("policy.json"));
    let drift = ["drift", "--broker-identity", "id-app-role-broker", "--output", "json"];
    let ended = world.run(&drift).await;
    assert!([0, 6].contains(&ended.code), "{ended:?}");
    let drift = ended.json();
    assert_eq!((&drift["missing"], &drift["unknown"]), (&json!([]), &json!([])));
    let asked = pairs(&adopted["questions"], |one| &one["rule"]["roles"][0]);
    let unexpected = pairs(&drift["unexpected"], |one| &one["role"]);
    assert!(unexpected.is_subset(&asked), "{unexpected:?} {asked:?}");
}

/// The principals and roles of a list.
pub(super) fn pairs(list: &Value, role: impl Fn(&Value) -> &Value) -> BTreeSet<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let list = list.as_array().unwrap().iter();
    list.map(|one| (text(&one["principalId"]), text(role(one)))).collect()
}
