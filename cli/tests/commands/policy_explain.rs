//! `policy explain`: without a sign-in, for all requesters, for reading and the baseline.

use serde_json::{Value, json};

use crate::world::{Ended, World, end, with_baseline};

const RESOURCE: &str = "/subscriptions/c0a70500-0000-4000-8000-000000000002/resourceGroups/rg-orders-dev/\
                        providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-orders";
const API: &str = "c0a70500-0000-4000-8000-0000000000b1";
const TEAM: &str = "queue:app-role-requests";

/// Runs the program without anything to sign in with.
async fn signed_out(world: &World, arguments: &[&str]) -> Ended {
    let mut command = world.command(&[&["policy", "explain"], arguments].concat());
    command.env_remove("IDENTITY_ENDPOINT").env_remove("IDENTITY_HEADER");
    command.env("APP_ROLE_AUTH", "developer").env("PATH", "/nonexistent");
    end(command, "").await
}

#[tokio::test]
async fn names_that_need_no_look_up_are_explained_without_a_sign_in() {
    let world = World::new().await;
    let asked = [RESOURCE, API, "Orders.Read", "--requester", TEAM];
    let ended = signed_out(&world, &[&asked[..], &["--offline"]].concat()).await;
    ended.assert_done(&[
        "allowed by rule \"orders workloads\", without an end",
        "assumed: the principal is a managed identity of this resource",
        "assumed: this tenant owns the API",
    ]);
    assert_eq!(ended.stderr, "");
    let by_itself = signed_out(&world, &asked).await;
    assert_eq!(by_itself.stdout, ended.stdout);
    by_itself.assert_failed(0, &["you are not signed in", "facts are assumed instead"]);
    let answer = signed_out(&world, &[&asked[..], &["--output", "json"]].concat()).await.json();
    assert_eq!(answer["facts"]["source"], "assumed");
    assert!(answer["facts"]["assumptions"].as_array().unwrap().len() > 2, "{answer}");
}

#[tokio::test]
async fn a_display_name_needs_a_sign_in() {
    let world = World::new().await;
    let ended = signed_out(&world, &["id-orders", API, "Orders.Read"]).await;
    ended.assert_failed(1, &["you are not signed in", "--offline"]);
    let ended = signed_out(&world, &["id-orders", API, "Orders.Read", "--offline"]).await;
    ended.assert_failed(
        2,
        &["\"id-orders\" is a display name", "hint: with --offline, name an ARM ID"],
    );
    let ended = signed_out(&world, &[RESOURCE, "Orders API", "Orders.Read", "--offline"]).await;
    ended.assert_failed(2, &["\"Orders API\" is a display name", "an alias, an app ID"]);
}

#[tokio::test]
async fn no_id_that_was_made_up_is_shown() {
    let world = World::new().await;
    let ended = signed_out(
        &world,
        &[RESOURCE, "api://orders", "Orders.Read", "--requester", TEAM, "--offline"],
    )
    .await;
    ended.assert_said(
        3,
        &[
            "no rule for queue:app-role-requests names the API api://orders",
            "\"api\" is not api://orders",
            "assumed: the API is another one than c0a70500-0000-4000-8000-0000000000b1",
        ],
    );
    for word in ended.stdout.split(|one: char| !one.is_ascii_hexdigit() && one != '-') {
        assert!(word.len() != 36 || word.starts_with("c0a70500-"), "{word} in {ended:?}");
    }
}

#[tokio::test]
async fn a_misspelled_role_of_microsoft_graph_is_noticed_offline() {
    let world = World::new().await;
    let ended = signed_out(&world, &[RESOURCE, "graph", "User.Raed.All", "--offline"]).await;
    ended.assert_failed(4, &["defines no app role", "did you mean User.Read.All?"]);
    let known = signed_out(&world, &[RESOURCE, "graph", "User.Read.All", "--offline"]).await;
    known.assert_said(3, &["assumed: Microsoft owns the API"]);
}

#[tokio::test]
async fn the_brokers_own_identity_can_be_named_offline() {
    let world = World::new().await;
    let own = ["--requester", TEAM, "--offline", "--broker-identity", RESOURCE];
    let ended = signed_out(&world, &[&[RESOURCE, API, "Orders.Read"], &own[..]].concat()).await;
    ended.assert_said(3, &["the broker's own identity"]);
}

/// A policy with a second requester, which may only read, and with a baseline.
fn policy() -> String {
    let mut policy: Value =
        serde_json::from_str(&with_baseline(&["Orders.Read"], &json!({}))).unwrap();
    let mut reader = policy["allow"][0].clone();
    reader["name"] = json!("orders readers");
    reader["requesters"] = json!(["key:on-duty"]);
    reader["actions"] = json!(["read"]);
    policy["allow"].as_array_mut().unwrap().push(reader);
    policy["allow"][0]["maxDuration"] = json!("PT8H");
    policy.to_string()
}

#[tokio::test]
async fn without_a_requester_each_requester_of_the_policy_is_explained() {
    let world = World::new().await;
    world.write("policy.json", &policy());
    let asked = ["policy", "explain", "id-orders", "api://orders", "Orders.Read"];
    let ended = world.run(&asked).await;
    ended.assert_done(&[
        "REQUESTER                DECISION  RULE              UNTIL",
        "queue:app-role-requests  allowed   orders workloads  20",
        "key:on-duty              denied",
        "rule \"orders readers\": \"actions\" lacks assign",
        "baseline: rule \"every orders identity\" assigns it without a request",
        "looked up: principal id-orders (",
    ]);
    let answer = world.json(&asked).await;
    assert_eq!(answer["requesters"][0]["requester"], TEAM);
    assert_eq!(answer["requesters"][0]["decision"], "allowed");
    assert_eq!(answer["requesters"][1]["decision"], "denied");
    assert_eq!(answer["baseline"]["rule"], "every orders identity");
    assert_eq!(answer["facts"]["source"], "lookedUp");
    assert_eq!(answer["facts"]["api"]["appId"], API);
    let denied =
        world.run(&["policy", "explain", "id-orders", "api://orders", "Orders.Admin"]).await;
    denied.assert_said(3, &["denied", "\"roles\" does not name Orders.Admin"]);
}

#[tokio::test]
async fn reading_is_explained() {
    let world = World::new().await;
    world.write("policy.json", &policy());
    let asked = ["policy", "explain", "id-orders", "api://orders", "Orders.Read"];
    let read = [&asked[..], &["--action", "read"]].concat();
    let ended = world.run(&read).await;
    ended.assert_done(&["key:on-duty              shown     orders readers"]);
    let one = [&read[..], &["--requester", "key:on-duty"]].concat();
    world.run(&one).await.assert_done(&["shown by rule \"orders readers\""]);
    let other = [&read[..], &["--requester", TEAM]].concat();
    world.run(&other).await.assert_said(3, &["denied", "\"actions\" lacks read"]);
}

#[tokio::test]
async fn an_end_can_be_asked_for_as_a_time() {
    let world = World::new().await;
    world.write("policy.json", &policy());
    let asked =
        ["policy", "explain", "id-orders", "api://orders", "Orders.Read", "--requester", TEAM];
    for (more, code, text) in [
        (&["--end", "tomorrow"][..], 2, "--end is not a time of RFC 3339"),
        (&["--end", "2020-01-01T00:00:00Z"], 2, "the time of --end has passed"),
        (&["--end", "2999-01-01T00:00:00Z"], 2, "more than 365 days away"),
        (&["--end", "2999-01-01T00:00:00Z", "--duration", "PT1H"], 2, "cannot be used with"),
        (&["--action", "revoke", "--duration", "PT1H"], 2, "only an assignment ends"),
        (&["--action", "read", "--end", "2999-01-01T00:00:00Z"], 2, "only an assignment ends"),
    ] {
        world.run(&[&asked[..], more].concat()).await.assert_failed(code, &[text]);
    }
    let end = broker::rfc3339(time::OffsetDateTime::now_utc() + time::Duration::days(2));
    let ended = world.run(&[&asked[..], &["--end", &end]].concat()).await;
    ended.assert_said(3, &["durationTooLong", "\"maxDuration\" is only PT8H"]);
}

#[tokio::test]
async fn the_nearest_rules_of_the_baseline_are_among_those_of_a_denial() {
    let world = World::new().await;
    world.write("policy.json", &policy());
    let asked =
        ["policy", "explain", "id-reports", "api://orders", "Orders.Read", "--requester", TEAM];
    let ended = world.run(&asked).await;
    ended.assert_said(
        3,
        &["LIST", "every orders identity  baseline  \"principals\" does not cover"],
    );
    let answer = world.run(&[&asked[..], &["--output", "json"]].concat()).await.json();
    assert_eq!(answer["baseline"]["nearest"][0]["rule"], "every orders identity");
}
