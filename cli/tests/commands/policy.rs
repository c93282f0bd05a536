//! `policy`: validation and explanations.

use serde_json::{Value, json};
use tenant_emulator::contoso::{ORDERS_IDENTITY, REPORTS_IDENTITY};

use crate::world::World;

fn explain<'a>(
    principal: &'a str,
    api: &'a str,
    role: &'a str,
    requester: &'a str,
) -> Vec<&'a str> {
    vec!["policy", "explain", principal, api, role, "--requester", requester]
}

const TEAM: &str = "queue:app-role-requests";

#[tokio::test]
async fn a_denial_is_explained_by_the_nearest_rules() {
    let world = World::new().await;
    for (principal, role, requester, missing) in [
        ("id-orders", "Orders.Admin", TEAM, "\"roles\" does not name Orders.Admin"),
        ("id-reports", "Orders.Read", TEAM, "\"principals\" does not cover /subscriptions/"),
        ("id-orders", "Orders.Read", "queue:other", "\"requesters\" lacks queue:other"),
        ("id-orders", "Orders.Read", "cli:c0a70500-0000-4000-8000-000000000200", "lacks cli:"),
    ] {
        let ended = world.run(&explain(principal, "api://orders", role, requester)).await;
        ended.assert_said(3, &["denied", "NEAREST RULES", "orders workloads", missing]);
    }
    let graph = world.run(&explain("id-orders", "graph", "User.Read.All", TEAM)).await;
    graph.assert_said(3, &["noRuleForApi", "\"api\" is not 00000003-", "\"roles\" does not name"]);
}

#[tokio::test]
async fn a_denial_that_no_rule_can_change_is_explained() {
    let world = World::new().await;
    world.protect(&[ORDERS_IDENTITY]);
    let asked = explain("id-orders", "api://orders", "Orders.Read", TEAM);
    world.run(&asked).await.assert_said(3, &["protects the principal", "no rule can allow this"]);
    world.protect(&[]);
    let own = [&asked[..], &["--broker-identity", "id-orders"]].concat();
    world.run(&own).await.assert_said(3, &["the broker's own identity"]);
}

#[tokio::test]
async fn an_allowed_role_is_explained_by_its_rule() {
    let world = World::new().await;
    let asked = explain("id-orders", "api://orders", "orders.read", TEAM);
    world.run(&asked).await.assert_done(&["allowed by rule \"orders workloads\""]);
    assert_eq!(world.json(&asked).await["rule"], "orders workloads");
    let revoke = [&asked[..], &["--action", "revoke"]].concat();
    world.run(&revoke).await.assert_said(3, &["\"actions\" lacks revoke"]);
}

#[tokio::test]
async fn the_json_explanation_has_a_code_and_the_gaps() {
    let world = World::new().await;
    let asked = explain(REPORTS_IDENTITY, "api://orders", "Orders.Read", TEAM);
    let ended = world.run(&[&asked[..], &["--output", "json"]].concat()).await;
    assert_eq!(ended.code, 3);
    let answer = ended.json();
    assert_eq!(answer["decision"], "denied");
    assert_eq!(answer["code"], "noRuleForPrincipal");
    assert_eq!(answer["nearest"][0]["lacks"].as_array().unwrap().len(), 1);
}

/// Writes a policy whose rule has these fields in addition.
fn with_rule_fields(world: &World, more: &Value) {
    let mut policy: Value = serde_json::from_str(&world.read("policy.json")).unwrap();
    policy["allow"][0].as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    world.write("policy.json", &policy.to_string());
}

/// A rule with a limit, a last day and texts.
fn limits() -> Value {
    json!({ "maxDuration": "PT8H", "expires": "2099-12-31", "owner": "team-orders@contoso.com",
            "description": "month end" })
}

#[tokio::test]
async fn the_limits_and_texts_of_rules_are_listed() {
    let world = World::new().await;
    with_rule_fields(&world, &limits());
    let shown = ["LONGEST", "PT8H", "2099-12-31", "team-orders@contoso.com", "month end"];
    world.run(&["policy", "check"]).await.assert_done(&shown);
    let checked = world.json(&["policy", "check"]).await;
    let mut expected = limits();
    expected["rule"] = json!("orders workloads");
    assert_eq!(checked["rules"], json!([expected]));
}

#[tokio::test]
async fn an_expired_rule_and_a_privileged_one_without_a_limit_are_warnings() {
    let world = World::new().await;
    with_rule_fields(&world, &json!({ "expires": "2020-01-01", "privileged": true }));
    let ended = world.run(&["policy", "check"]).await;
    let warned = [
        "warning privilegedWithoutEnd: allow[0] (rule \"orders workloads\"): it grants",
        "warning privilegedWithoutApproval: allow[0]",
        "warning expired: allow[0].expires (rule \"orders workloads\"): it expired on 2020-01-01",
    ];
    ended.assert_done(&warned);
    ended.assert_done(&["policy.json is valid"]);
}

#[tokio::test]
async fn an_explanation_says_until_when_a_role_is_allowed_and_who_owns_the_rule() {
    let world = World::new().await;
    with_rule_fields(&world, &limits());
    let asked = explain("id-orders", "api://orders", "Orders.Read", TEAM);
    let shown = ["allowed by rule \"orders workloads\", until 20", "maxDuration: PT8H"];
    world.run(&asked).await.assert_done(&shown);
    world.run(&asked).await.assert_done(&["owner: team-orders", "description: month end"]);
    let answer = world.json(&[&asked[..], &["--duration", "PT1H"]].concat()).await;
    assert_eq!(
        (&answer["decision"], &answer["expires"]),
        (&json!("allowed"), &json!("2099-12-31"))
    );
    assert!(answer["endDateTime"].as_str().unwrap().ends_with('Z'), "{answer}");
    let too_long = [&asked[..], &["--duration", "P1D"]].concat();
    let shown =
        ["durationTooLong", "for PT8H at most", "\"maxDuration\" is only PT8H", "team-orders"];
    world.run(&too_long).await.assert_said(3, &shown);
    with_rule_fields(&world, &json!({ "expires": "2020-01-01" }));
    let shown = ["noRuleForRequester", "\"expires\" is 2020-01-01, which has passed"];
    world.run(&asked).await.assert_said(3, &shown);
}

const LIA: &str = "http:c0a70500-0000-4000-8000-0000000000e1";
const MAX: &str = "http:c0a70500-0000-4000-8000-0000000000e2";

#[tokio::test]
async fn the_approvals_that_rules_ask_for_are_listed() {
    let world = World::new().await;
    with_rule_fields(&world, &json!({ "approval": { "by": [LIA, MAX], "within": "PT8H" } }));
    world.run(&["policy", "check"]).await.assert_done(&["APPROVAL", "1 of 2 within PT8H"]);
    let checked = world.json(&["policy", "check"]).await;
    let expected = json!({ "by": [LIA, MAX], "count": 1, "within": "PT8H" });
    assert_eq!(checked["rules"][0]["approval"], expected);
    let denied = explain("id-orders", "api://orders", "Orders.Admin", TEAM);
    world.run(&denied).await.assert_said(3, &["APPROVAL", "1 of 2 within PT8H"]);
}

#[tokio::test]
async fn a_faulty_approval_is_refused_with_its_path() {
    let world = World::new().await;
    with_rule_fields(&world, &json!({ "approval": { "by": [LIA, "key:approvers"] } }));
    let fault = "allow[0].approval.by[1] (rule \"orders workloads\"): must be http:<object id>";
    world.run(&["policy", "check"]).await.assert_failed(1, &[fault]);
}

#[tokio::test]
async fn an_explanation_says_who_can_approve_a_role() {
    let world = World::new().await;
    with_rule_fields(
        &world,
        &json!({ "requesters": [TEAM, LIA], "approval": { "by": [LIA, MAX] } }),
    );
    let asked = explain("id-orders", "api://orders", "Orders.Read", TEAM);
    let sentence = format!(
        "needs approval by rule \"orders workloads\": allowed once 1 of {LIA}, {MAX} has approved it"
    );
    world.run(&asked).await.assert_done(&[&sentence, "approval: 1 of 2 within P1D"]);
    let answer = world.json(&asked).await;
    assert_eq!(answer["decision"], "needsApproval");
    assert_eq!(answer["rule"], "orders workloads");
    assert_eq!(answer["approval"], json!({ "by": [LIA, MAX], "count": 1, "within": "P1D" }));
    assert_eq!(answer["eligibleApprovers"], json!([LIA, MAX]));
    let own = explain("id-orders", "api://orders", "Orders.Read", LIA);
    let shown = [
        format!("allowed once 1 of {MAX} has approved it"),
        format!("{LIA} does not count: a request cannot be decided on by its own requester"),
    ];
    world.run(&own).await.assert_done(&shown.each_ref().map(String::as_str));
    assert_eq!(world.json(&own).await["eligibleApprovers"], json!([MAX]));
}

#[tokio::test]
async fn an_explanation_says_that_a_request_can_never_be_approved() {
    let world = World::new().await;
    with_rule_fields(&world, &json!({ "requesters": [LIA], "approval": { "by": [LIA] } }));
    let asked = explain("id-orders", "api://orders", "Orders.Read", LIA);
    let shown = [
        "denied (noApprover): rule \"orders workloads\" names too few approvers",
        "1 must approve and 0 can; http:",
        "does not count: a request cannot be decided on by its own requester",
        "\"approval\" names too few approvers who may decide on this request",
    ];
    world.run(&asked).await.assert_said(3, &shown);
    let answer = world.run(&[&asked[..], &["--output", "json"]].concat()).await.json();
    assert_eq!((&answer["decision"], &answer["code"]), (&json!("denied"), &json!("noApprover")));
    let overview = ["policy", "explain", "id-orders", "api://orders", "Orders.Read"];
    world.run(&overview).await.assert_said(3, &["denied", "names too few approvers"]);
    let warning = "what is requested by c0a70500-0000-4000-8000-0000000000e1 can never be approved";
    world.run(&["policy", "check"]).await.assert_done(&[warning]);
}
