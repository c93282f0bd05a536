//! `whoami` and `version`.

use serde_json::{Value, json};
use tenant_emulator::contoso::TENANT_ID;

use crate::{
    fake_broker::{FakeBroker, health, health_with_policy},
    world::{OPERATOR, POLICY, World, end},
};

#[tokio::test]
async fn the_account_is_named_with_its_tenant_and_the_requester_that_it_would_be() {
    let world = World::new().await;
    world.run(&["whoami"]).await.assert_done(&[
        "you are id-operator, a managed identity",
        OPERATOR,
        TENANT_ID,
        &format!("http:{OPERATOR}"),
        "directory roles  not in the token",
    ]);
    let account = world.json(&["whoami"]).await;
    assert_eq!(account["kind"], "managedIdentity");
    assert_eq!(account["directoryRoles"], Value::Null);
    assert_eq!(account["requester"], format!("http:{OPERATOR}"));
}

#[tokio::test]
async fn an_account_that_may_not_read_itself_is_still_told() {
    let account = World::with_roles(&[]).await.json(&["whoami"]).await;
    assert_eq!((&account["objectId"], &account["account"]), (&json!(OPERATOR), &Value::Null));
}

#[tokio::test]
async fn the_version_names_the_commit_the_target_and_the_brokers_policy() {
    let world = World::new().await;
    let version = world.json(&["version"]).await;
    assert_eq!(version["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(version["commit"], env!("APP_ROLE_COMMIT"));
    assert_eq!(version["target"], env!("APP_ROLE_TARGET"));
    assert!(version.get("broker").is_none(), "{version}");
    let mut health = health_with_policy(POLICY);
    let broker = FakeBroker::with_health(health.clone()).await;
    let address = format!("http://{}", broker.address);
    let asked = world.json(&["version", "--broker", &address]).await;
    assert_eq!(asked["broker"]["policySha256"], health["policySha256"]);
    assert_eq!(asked["broker"]["version"], Value::Null);
    health["brokerVersion"] = json!("9.8.7");
    let broker = FakeBroker::with_health(health).await;
    let address = format!("http://{}", broker.address);
    world.run(&["version", "--broker", &address]).await.assert_done(&["broker 9.8.7 at http://"]);
}

#[tokio::test]
async fn a_broker_that_does_not_state_its_policy_is_not_told_to_have_none() {
    let world = World::new().await;
    for (policy, told) in
        [("ok", "which does not state its policy"), ("failed", "no policy in force")]
    {
        let mut health = health("ok");
        health["checks"]["policy"] = json!(policy);
        let broker = FakeBroker::with_health(health).await;
        let address = format!("http://{}", broker.address);
        world.run(&["version", "--broker", &address]).await.assert_done(&[told]);
    }
}

#[tokio::test]
async fn a_broker_that_does_not_answer_does_not_hide_the_programs_version() {
    let world = World::new().await;
    let ended = world.run(&["version", "--broker", "http://127.0.0.1:1"]).await;
    ended.assert_said(1, &[concat!("app-role ", env!("CARGO_PKG_VERSION"))]);
    ended.assert_failed(1, &["127.0.0.1:1", "does not answer"]);
    // Neither a sign-in nor a policy is needed.
    let mut command = world.command(&["version"]);
    command.env_clear();
    end(command, "").await.assert_done(&["app-role "]);
}
