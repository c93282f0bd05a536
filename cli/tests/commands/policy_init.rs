//! `policy init`: a first policy.

mod adoption;
mod generated;
mod reading;

use adoption::{ADOPT, adopt, assert_agrees, pairs, world};
use serde_json::{Value, json};
use tenant_emulator::contoso::{
    BILLING_FUNCTION, BROKER_IDENTITY, CALENDAR_API, MICROSOFT_GRAPH, ORDERS_API, ORDERS_IDENTITY,
    PAYMENTS_API, REPORTS_IDENTITY,
};
use tenant_emulator::{ServicePrincipal, ServicePrincipalType};

use crate::world::{POLICY, World};

#[tokio::test]
async fn a_file_that_exists_is_not_overwritten() {
    let world = World::new().await;
    for arguments in
        [&["policy", "init", "policy.json"][..], &[&ADOPT[..], &["policy.json"]].concat()]
    {
        let ended = world.run(arguments).await;
        ended.assert_failed(1, &["policy.json exists", "--force"]);
        assert_eq!(world.read("policy.json"), POLICY);
    }
    let missing = world.run(&["policy", "init", "nowhere/policy.json"]).await;
    missing.assert_failed(1, &["nowhere/policy.json cannot be written"]);
}

#[tokio::test]
async fn a_requester_that_no_rule_can_name_is_refused() {
    let world = world().await;
    let asked = [&ADOPT[..], &["--requester", "admin"]].concat();
    world.run(&asked).await.assert_failed(2, &["--requester", "queue:<storage queue>"]);
    let alone = ["policy", "init", "--requester", "queue:team"];
    world.run(&alone).await.assert_failed(2, &["--from-tenant"]);
}

#[tokio::test]
async fn a_replaced_file_keeps_what_it_protects_and_leaves_nothing_beside_it() {
    let world = World::new().await;
    world.protect(&[ORDERS_IDENTITY]);
    world.tenant.grant(ORDERS_IDENTITY, ORDERS_API, "Orders.Read").unwrap();
    world.tenant.grant(REPORTS_IDENTITY, ORDERS_API, "Orders.Read").unwrap();
    let before = std::fs::read_dir(world.path("")).unwrap().count();
    let arguments = [&ADOPT[..], &["policy.json", "--force"]].concat();
    let adopted = world.json(&arguments).await;
    assert_eq!(adopted["counts"]["protected"], 1);
    let policy: Value = serde_json::from_str(&world.read("policy.json")).unwrap();
    assert_eq!(policy["protected"], json!([ORDERS_IDENTITY]));
    assert_eq!(policy["allow"].as_array().unwrap().len(), 1);
    assert_eq!(std::fs::read_dir(world.path("")).unwrap().count(), before);
}

#[tokio::test]
async fn a_file_with_a_fault_is_not_replaced_because_it_may_protect_something() {
    let world = World::new().await;
    world.protect(&[ORDERS_IDENTITY]);
    let valid = world.read("policy.json");
    let misspelled = valid.replace("\"requesters\"", "\"requestors\"");
    for text in ["{", "", &misspelled, &valid.replace("\"version\":1", "\"version\":2")] {
        world.write("policy.json", text);
        let ended = world.run(&["policy", "init", "policy.json", "--force"]).await;
        ended.assert_failed(1, &["what the file protects is not known", "hint: correct the file"]);
        assert_eq!(world.read("policy.json"), *text);
    }
    std::fs::create_dir(world.path("folder")).unwrap();
    let ended = world.run(&["policy", "init", "folder", "--force"]).await;
    ended.assert_failed(1, &["cannot be read: it is a folder"]);
    let ended = world.run(&["policy", "init", "new.json", "--force"]).await;
    assert_eq!(ended.code, 0, "{ended:?}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_link_to_a_policy_stays_a_link_and_its_target_keeps_its_permissions() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let world = World::new().await;
    let mode = std::fs::Permissions::from_mode(0o640);
    std::fs::set_permissions(world.path("policy.json"), mode).unwrap();
    symlink(world.path("policy.json"), world.path("link.json")).unwrap();
    let ended = world.run(&["policy", "init", "link.json"]).await;
    ended.assert_failed(1, &["link.json exists"]);
    let ended = world.run(&["policy", "init", "link.json", "--force"]).await;
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(std::fs::symlink_metadata(world.path("link.json")).unwrap().is_symlink());
    let written = std::fs::metadata(world.path("policy.json")).unwrap();
    assert_eq!(written.permissions().mode() & 0o777, 0o640);
    assert_ne!(world.read("policy.json"), POLICY);
}

#[tokio::test]
async fn an_empty_policy_is_written_without_signing_in() {
    let world = world().await;
    let mut command = world.command(&["policy", "init", "policy.json"]);
    command.env_remove("IDENTITY_ENDPOINT");
    crate::world::end(command, "").await.assert_done(&["it allows nothing yet"]);
    world.run(&["policy", "check"]).await.assert_done(&["policy.json is valid"]);
    let ended = world.run(&["policy", "init", "-"]).await;
    assert_eq!(ended.stdout, world.read("policy.json"));
}

#[tokio::test]
async fn standard_output_has_the_policy_and_nothing_else() {
    let world = world().await;
    world.tenant.grant(ORDERS_IDENTITY, ORDERS_API, "Orders.Read").unwrap();
    world.tenant.grant(ORDERS_IDENTITY, MICROSOFT_GRAPH, "User.Read.All").unwrap();
    let ended = world.run(&ADOPT).await;
    assert_eq!(ended.code, 0, "{ended:?}");
    assert_eq!(ended.json()["allow"][0]["roles"], json!(["Orders.Read"]));
    for said in ["question: id-orders", "User.Read.All", "keep it?", "1 rule for 1 role", "next:"] {
        assert!(ended.stderr.contains(said), "{said}: {ended:?}");
    }
    let document = world.json(&ADOPT).await;
    assert_eq!(document["policy"], ended.json());
}

#[tokio::test]
async fn a_policy_allows_what_is_held_except_privileged_roles() {
    let world = world().await;
    for (principal, api, role) in [
        (ORDERS_IDENTITY, ORDERS_API, "Orders.Read"),
        (ORDERS_IDENTITY, ORDERS_API, "Orders.Write"),
        (REPORTS_IDENTITY, ORDERS_API, "Orders.Read"),
        (BILLING_FUNCTION, PAYMENTS_API, "Payments.Read"),
        (BILLING_FUNCTION, CALENDAR_API, "00000000-0000-0000-0000-000000000000"),
        (BILLING_FUNCTION, MICROSOFT_GRAPH, "Sites.Selected"),
        (REPORTS_IDENTITY, MICROSOFT_GRAPH, "User.Read.All"),
    ] {
        world.tenant.grant(principal, api, role).unwrap();
    }
    let adopted = adopt(&world).await;
    assert_agrees(&world, &adopted).await;
    let counts = &adopted["counts"];
    assert_eq!((&counts["allowed"], &counts["brokersOwn"]), (&json!(6), &json!(2)));
    let mut questions = adopted["questions"].as_array().unwrap().iter();
    let question = questions.find(|one| one["principalId"] == REPORTS_IDENTITY).unwrap();
    assert_eq!(
        (&question["role"], &question["rule"]["api"]),
        (&json!("User.Read.All"), &json!("graph"))
    );
    assert!(question["since"].is_string(), "{question}");
    let text = world.read("policy.json");
    assert!(!text.contains("User.Read.All"), "{text}");
    assert!(!text.contains(BROKER_IDENTITY) && !text.contains("id-app-role-broker"), "{text}");
    let again = [&ADOPT[..], &["policy.json", "--force"]].concat();
    world.json(&again).await;
    assert_eq!(world.read("policy.json"), text);
}

#[tokio::test]
async fn the_rule_of_a_question_can_be_added_to_the_policy() {
    let world = world().await;
    world.tenant.grant(ORDERS_IDENTITY, ORDERS_API, "Orders.Read").unwrap();
    world.tenant.grant(REPORTS_IDENTITY, MICROSOFT_GRAPH, "User.Read.All").unwrap();
    let adopted = adopt(&world).await;
    let mut policy: Value = serde_json::from_str(&world.read("policy.json")).unwrap();
    let rules = policy["allow"].as_array_mut().unwrap();
    rules.extend(adopted["questions"].as_array().unwrap().iter().map(|one| one["rule"].clone()));
    world.write("policy.json", &policy.to_string());
    let drift = ["drift", "--broker-identity", "id-app-role-broker"];
    world.run(&drift).await.assert_done(&["0 missing, 0 unexpected, 0 unknown"]);
}

#[tokio::test]
async fn rules_name_the_requesters_that_were_chosen() {
    let world = world().await;
    world.tenant.grant(ORDERS_IDENTITY, ORDERS_API, "Orders.Read").unwrap();
    let requesters = ["--requester", "queue:team-orders", "--requester", "key:pipeline"];
    let policy = world.json(&[&ADOPT[..], &requesters].concat()).await;
    let expected = json!(["queue:team-orders", "key:pipeline"]);
    assert_eq!(policy["policy"]["allow"][0]["requesters"], expected);
}

#[tokio::test]
async fn agents_blueprints_and_applications_get_no_rules() {
    let world = world().await;
    let id = |last: u8| format!("c0a70500-0000-4000-8000-00000000b{last:03}");
    for (last, kind) in [
        (1, ServicePrincipalType::Agent),
        (2, ServicePrincipalType::AgentBlueprint),
        (3, ServicePrincipalType::Application),
    ] {
        let (id, name) = (id(last), format!("Billing Agent {last}"));
        world.tenant.add_service_principal(ServicePrincipal::of_agents(kind, &id, &id, &name));
        world.tenant.grant(&id, ORDERS_API, "Orders.Read").unwrap();
    }
    world.tenant.grant(ORDERS_IDENTITY, ORDERS_API, "Orders.Write").unwrap();
    let adopted = adopt(&world).await;
    assert_agrees(&world, &adopted).await;
    assert_eq!(adopted["counts"]["others"], 2);
    let asked = pairs(&adopted["questions"], |one| &one["role"]);
    assert!(asked.contains(&(id(2), "Orders.Read".to_owned())), "{asked:?}");
    let text = world.read("policy.json");
    assert!((1..4).all(|last| !text.contains(&id(last))), "{text}");
}

#[tokio::test]
async fn an_unnamed_broker_is_a_question_with_a_hint() {
    let world = world().await;
    let ended = world.run(&["policy", "init", "--from-tenant"]).await;
    assert_eq!(ended.code, 0, "{ended:?}");
    for said in ["id-app-role-broker", "AppRoleAssignment.ReadWrite.All", "--broker-identity"] {
        assert!(ended.stderr.contains(said), "{said}: {ended:?}");
    }
    assert_eq!(ended.json()["allow"], json!([]));
}
