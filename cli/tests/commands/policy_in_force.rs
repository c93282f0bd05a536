//! `drift` and `plan` say whether the local policy is the one in force.

use serde_json::{Value, json};

use crate::{
    fake_broker::{FakeBroker, health, health_with_policy},
    world::{Ended, POLICY, World, with_baseline},
};

const REQUEST: &str =
    r#"{ "principal": "id-orders", "api": "api://orders", "roles": ["Orders.Read"] }"#;

/// Runs `plan`, or `drift`, with a broker that gives this answer about its health.
async fn run(command: &str, health: Value, more: &[&str]) -> Ended {
    let broker = FakeBroker::with_health(health).await;
    let address = format!("http://{}", broker.address);
    with_address(command, &address, more).await
}

async fn with_address(command: &str, address: &str, more: &[&str]) -> Ended {
    let world = World::new().await;
    let arguments: &[&str] = match command {
        "plan" => &["plan", "-", "--requester", "queue:app-role-requests"],
        _ => &["drift", "--broker-identity", "id-app-role-broker"],
    };
    let broker = ["--broker", address];
    world.run_with(&[arguments, &broker, more].concat(), REQUEST).await
}

#[tokio::test]
async fn another_policy_in_force_is_a_warning_with_both_digests() {
    for command in ["plan", "drift"] {
        let other = health_with_policy(&with_baseline(&["Orders.Read"], &json!({})));
        let digest = other["policySha256"].as_str().unwrap()[..12].to_owned();
        let ended = run(command, other, &[]).await;
        let local = health_with_policy(POLICY)["policySha256"].as_str().unwrap()[..12].to_owned();
        ended.assert_failed(
            0,
            &[
                &format!(
                    "warning: the broker has another policy in force: its SHA-256 is {digest}…"
                ),
                &format!("that of policy.json is {local}…"),
                "hint: deploy the file, or name the deployed one with --policy",
            ],
        );
    }
}

#[tokio::test]
async fn the_policy_in_force_is_confirmed() {
    for command in ["plan", "drift"] {
        let ended = run(command, health_with_policy(POLICY), &[]).await;
        ended.assert_failed(0, &["policy.json is the policy in force, sha256 "]);
        assert!(!ended.stderr.contains("warning"), "{ended:?}");
    }
    let ended = run("drift", health_with_policy(POLICY), &["--output", "json"]).await;
    let policy = ended.json()["policy"].clone();
    assert_eq!(policy["isInForce"], true);
    assert_eq!(policy["sha256"], policy["inForceSha256"]);
}

#[tokio::test]
async fn a_broker_that_cannot_say_it_is_a_warning_and_no_failure() {
    let mut none = health("ok");
    none["checks"]["policy"] = json!("failed");
    for command in ["plan", "drift"] {
        for (health, text) in [
            (health("ok"), "is unknown: the broker does not state its policy"),
            (none.clone(), "the broker has no policy in force, so it denies everything"),
            (json!("<html>"), "is unknown: the answer is not that of a broker"),
        ] {
            run(command, health, &[]).await.assert_failed(0, &["warning: ", text]);
        }
        let ended = with_address(command, "http://127.0.0.1:1", &[]).await;
        ended.assert_failed(0, &["warning: whether policy.json is the policy in force is unknown"]);
    }
    let ended = run("drift", none, &["--output", "json"]).await;
    assert_eq!(ended.json()["policy"]["isInForce"], false);
}

#[tokio::test]
async fn without_a_broker_nothing_is_said_about_the_policy_in_force() {
    let world = World::new().await;
    let drift = world.json(&["drift", "--broker-identity", "id-app-role-broker"]).await;
    assert_eq!(drift.get("policy"), None);
}
