//! `assign` and `revoke`: which policy counts, and for whom it is asked.

use serde_json::json;
use tenant_emulator::contoso::{ORDERS_IDENTITY, ORDERS_READ};

use crate::{
    fake_broker::{FakeBroker, health, health_with_policy},
    world::{Ended, OPERATOR, POLICY, World},
};

const DRY_RUN: [&str; 5] = ["assign", "id-orders", "api://orders", "Orders.Read", "--dry-run"];

/// A world without a policy file.
async fn anywhere() -> World {
    let world = World::new().await;
    std::fs::remove_file(world.path("policy.json")).unwrap();
    world
}

/// Plans the everyday grant with more arguments.
async fn plan(world: &World, more: &[&str]) -> Ended {
    world.run(&[&DRY_RUN[..], more].concat()).await
}

#[tokio::test]
async fn without_a_policy_file_everyday_grants_need_no_privileged() {
    let world = anywhere().await;
    for (api, role) in [
        ("api://orders", "Orders.Read"),
        ("api://orders", "Orders.Admin"),
        ("graph", "Sites.Selected"),
    ] {
        let ended = world.run(&["assign", "id-orders", api, role, "--yes"]).await;
        ended.assert_done(&["assigned", "Policy:    none: there is no policy.json"]);
        assert!(!ended.stdout.contains("Requester:"), "no policy is asked: {ended:?}");
        world.run(&["revoke", "id-orders", api, role, "--yes"]).await.assert_done(&["revoked"]);
    }
    let result = world.json(&[&DRY_RUN[..4], &["--yes"]].concat()).await;
    assert_eq!(result.get("policySha256"), None, "{result}");
    assert_eq!(world.holds(ORDERS_IDENTITY), [ORDERS_READ]);
}

#[tokio::test]
async fn without_a_policy_file_dangerous_changes_need_privileged() {
    let world = anywhere().await;
    for (principal, api, role) in [
        ("id-orders", "graph", "RoleManagement.ReadWrite.Directory"),
        ("id-orders", "graph", "Mail.Read"),
        ("id-app-role-broker", "api://orders", "Orders.Read"),
        (OPERATOR, "api://orders", "Orders.Read"),
    ] {
        let ended = world.run(&["assign", principal, api, role, "--yes"]).await;
        ended.assert_said(3, &["denied", "warning: "]);
        ended.assert_failed(3, &["pass --privileged"]);
    }
    assert!(world.is_untouched());
}

#[tokio::test]
async fn a_policy_file_that_was_named_must_be_valid() {
    let world = World::new().await;
    world.write("broken.json", "{");
    for (named, texts) in [
        (&["--policy", "missing.json"][..], &["missing.json cannot be read", "--policy"][..]),
        (&["--policy", "broken.json"], &["broken.json is not a valid policy"]),
    ] {
        for more in [&[][..], &["--privileged"]] {
            plan(&world, &[named, more].concat()).await.assert_failed(1, texts);
        }
    }
    let world = anywhere().await;
    plan(&world, &["--policy", "policy.json"]).await.assert_failed(1, &["cannot be read"]);
    let mut command = world.command(&DRY_RUN);
    command.env("POLICY_FILE", "policy.json");
    crate::world::end(command, "").await.assert_failed(1, &["cannot be read"]);
    assert!(world.is_untouched());
}

#[tokio::test]
async fn one_line_says_which_policy_counts_and_whether_it_is_in_force() {
    let mut none = health("ok");
    none["checks"]["policy"] = json!("failed");
    let same = health_with_policy(POLICY);
    let digest = same["policySha256"].as_str().unwrap()[..12].to_owned();
    let other = health_with_policy(&POLICY.replace("Orders.Write", "Orders.Admin"));
    let others = other["policySha256"].as_str().unwrap()[..12].to_owned();
    let world = World::new().await;
    let nowhere = anywhere().await;
    let local = format!("Policy:    policy.json, sha256 {digest}…");
    plan(&world, &[]).await.assert_done(&[&local]);
    for (world, answer, line) in [
        (&world, &same, format!("policy.json is the policy in force, sha256 {digest}…")),
        (&world, &other, format!("another policy in force: its SHA-256 is {others}…")),
        (&world, &none, "the broker has no policy in force".to_owned()),
        (&world, &health("ok"), "is unknown: the broker does not state its policy".to_owned()),
        (
            &nowhere,
            &same,
            format!("none: there is no policy.json; the broker's has the SHA-256 {digest}…"),
        ),
        (&nowhere, &none, "none: there is no policy.json, and the broker has none".to_owned()),
        (&nowhere, &health("ok"), "and the broker does not state its own".to_owned()),
    ] {
        let broker = FakeBroker::with_health(answer.clone()).await;
        let ended = plan(world, &["--broker", &format!("http://{}", broker.address)]).await;
        ended.assert_done(&["Policy:    ", &line]);
    }
    for world in [world, nowhere] {
        let ended = plan(&world, &["--broker", "http://127.0.0.1:1"]).await;
        ended.assert_done(&["Policy:    ", "unknown: http://127.0.0.1:1", "does not answer"]);
    }
}

#[tokio::test]
async fn the_policy_is_asked_about_the_requester_that_the_operator_would_be() {
    let world = World::new().await;
    let me = format!("http:{OPERATOR}");
    let allowed = "allowed by rule \"orders workloads\"";
    let others = "rule \"orders workloads\" allows other requesters";
    for (requester, more, advice) in [
        (me.as_str(), &[][..], allowed),
        ("queue:app-role-requests", &["--requester", "queue:app-role-requests"], others),
        ("key:orders-team", &["--requester", "key:orders-team"], others),
    ] {
        world.write("policy.json", &POLICY.replace("queue:app-role-requests", &me));
        let ended = plan(&world, more).await;
        ended.assert_done(&[advice, &format!("Requester: {requester}")]);
    }
    world.write("policy.json", POLICY);
    plan(&world, &[]).await.assert_done(&[others]);
    let as_queue = ["--requester", "queue:app-role-requests"];
    plan(&world, &as_queue).await.assert_done(&[allowed]);
    for requester in ["admin", "queue:", "me"] {
        plan(&world, &["--requester", requester]).await.assert_failed(2, &["--requester"]);
    }
}

#[tokio::test]
async fn commands_that_only_read_the_tenant_need_no_policy() {
    let world = anywhere().await;
    world
        .tenant
        .grant(ORDERS_IDENTITY, tenant_emulator::contoso::ORDERS_API, "Orders.Read")
        .unwrap();
    for command in [
        &["list", "id-orders"][..],
        &["holders", "api://orders"],
        &["roles", "api://orders"],
        &["why", "id-orders", "api://orders", "Orders.Read"],
    ] {
        let ended = world.run(command).await;
        ended.assert_done(&["Orders"]);
        assert!(!ended.stderr.contains("policy"), "{command:?}: {ended:?}");
    }
}

#[tokio::test]
async fn the_advice_says_that_a_request_could_never_be_approved() {
    let world = World::new().await;
    let mut policy: serde_json::Value = serde_json::from_str(POLICY).unwrap();
    let own = format!("http:{OPERATOR}");
    policy["allow"][0]["requesters"] = json!([own]);
    policy["allow"][0]["approval"] = json!({ "by": [own] });
    world.write("policy.json", &policy.to_string());
    plan(&world, &[]).await.assert_done(&["denied: rule \"orders workloads\" names too few"]);
    policy["allow"][0]["approval"] = json!({ "by": ["http:c0a70500-0000-4000-8000-0000000000e2"] });
    world.write("policy.json", &policy.to_string());
    plan(&world, &[]).await.assert_done(&["allows it after an approval"]);
}
