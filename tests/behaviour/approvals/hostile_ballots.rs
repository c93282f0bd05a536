//! Decisions of real approvers that are malformed, repeated, replayed, or made at once.

use reqwest::Method;
use serde_json::{Value, json};
use tenant_emulator::{Route, contoso::ORDERS_IDENTITY};

use crate::{
    approvals::{
        approval_world::{ANNA, BEN, CHRIS, setup, sync_request},
        hostile_world::write_request_named,
    },
    http::caller::{Answer, send},
    record::intents::AUDIT,
    world::World,
};

impl World {
    /// Posts a body as Ben.
    async fn post_decision(&self, shown: &Value, body: &str) -> Answer {
        let id = shown["approvalId"].as_str().unwrap();
        let call = self.approvals_call(Method::POST, id, BEN);
        send(call.header("content-type", "application/json").body(body.to_owned())).await
    }
}

/// Bodies that are no decision about what is shown: name, body, status and problem.
fn bodies(shown: &Value, other: &Value) -> Vec<(&'static str, String, u16, &'static str)> {
    let digest = shown["digest"].as_str().unwrap();
    let approve = |digest: Value| json!({ "decision": "approve", "digest": digest }).to_string();
    let invalid = [
        ("the digest in upper case", approve(json!(digest.to_uppercase()))),
        ("a digest that lacks a digit", approve(json!(digest[1..]))),
        ("a digest with a space", approve(json!(format!("{digest} ")))),
        ("a digest with a digit more", approve(json!(format!("{digest}0")))),
        ("an empty digest", approve(json!(""))),
        ("a digest that is null", approve(Value::Null)),
        ("a digest that is true", approve(json!(true))),
        ("several digests", approve(json!([digest, other["digest"]]))),
        ("no digest", r#"{"decision":"approve"}"#.to_owned()),
        ("no decision", json!({ "digest": digest }).to_string()),
        ("another decision", json!({ "decision": "Approve", "digest": digest }).to_string()),
        (
            "a decision in the name of another approver",
            json!({ "decision": "approve", "digest": digest, "approver": format!("http:{ANNA}") })
                .to_string(),
        ),
        (
            "two decisions in one",
            format!(r#"{{"decision":"deny","decision":"approve","digest":"{digest}"}}"#),
        ),
        ("several decisions", format!("[{0},{0}]", approve(json!(digest)))),
        ("a list in place of an object", json!(["approve", digest, null]).to_string()),
    ];
    let mut bodies: Vec<_> =
        invalid.into_iter().map(|(name, body)| (name, body, 400, "invalid")).collect();
    let other = approve(other["digest"].clone());
    let zero = approve(json!("0".repeat(64)));
    bodies.push(("the digest of another approval", other, 409, "approval-changed"));
    bodies.push(("a digest of nothing", zero, 409, "approval-changed"));
    bodies
}

#[tokio::test]
async fn what_is_no_decision_on_what_was_shown_does_not_count() {
    let world = setup().await.start().await;
    let other = world.waiting_request(&sync_request()).await;
    let shown = world.waiting_request(&write_request_named("shown")).await;
    world.decide(ANNA, &shown, "approve").await.success(200);
    for (name, body, status, problem) in bodies(&shown, &other) {
        let answer = world.post_decision(&shown, &body).await;
        assert_eq!(answer.status, status, "{name}: {answer:?}");
        answer.problem(status, problem);
        let now = world.shown_to(BEN, shown["approvalId"].as_str().unwrap()).await.success(200);
        assert_eq!(now["decisions"].as_array().unwrap().len(), 1, "{name}");
    }
    world.assert_none_granted("all bodies").await;
}

#[tokio::test]
async fn one_person_is_never_two_approvers() {
    let world = setup().await.start().await;
    let shown = world.waiting_request(&write_request_named("twice at once")).await;
    let both =
        tokio::join!(world.decide(ANNA, &shown, "approve"), world.decide(ANNA, &shown, "approve"),);
    for answer in [both.0, both.1, world.decide(ANNA, &shown, "approve").await] {
        let approval = answer.success(200);
        assert_eq!(approval["state"], "pending", "{approval:#}");
        assert_eq!(approval["decisions"].as_array().unwrap().len(), 1, "{approval:#}");
    }
    world.decide(ANNA, &shown, "deny").await.problem(409, "already-decided");
    world.assert_none_granted("twice at once").await;
}

#[tokio::test]
async fn a_finished_request_takes_no_decision_and_lends_none_to_the_next() {
    let world = setup().await.start().await;
    let denied = world.waiting_request(&sync_request()).await;
    world.decide(BEN, &denied, "deny").await.success(200);
    world.assert_none_granted("a denial").await;
    let next = world.waiting_request(&sync_request()).await;
    assert_ne!(next["approvalId"], denied["approvalId"]);
    assert_eq!(next["digest"], denied["digest"]);
    assert_eq!(next["decisions"], json!([]));
    for person in [ANNA, BEN, CHRIS] {
        world.decide(person, &denied, "approve").await.problem(409, "already-decided");
    }
    world.assert_none_granted("a decision on a denied request").await;
    let next = world.shown_to(ANNA, next["approvalId"].as_str().unwrap()).await.success(200);
    assert_eq!((&next["state"], &next["decisions"]), (&json!("pending"), &json!([])));
}

#[tokio::test]
async fn two_approvals_at_once_are_one_write() {
    let world = setup().await.start().await;
    let shown = world.waiting_request(&sync_request()).await;
    let both =
        tokio::join!(world.decide(ANNA, &shown, "approve"), world.decide(BEN, &shown, "approve"),);
    let mut statuses = [both.0.status, both.1.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409], "{both:?}");
    assert_eq!(world.next_results(1).await[0]["roles"][0]["status"], "assigned");
    assert_eq!(world.tenant.count(Route::CreateAssignment), 1);
    // The first of the two does not approve the second, although both are on record.
    let shown = world.waiting_request(&write_request_named("both")).await;
    let both =
        tokio::join!(world.decide(ANNA, &shown, "approve"), world.decide(BEN, &shown, "approve"),);
    for answer in [both.0, both.1] {
        answer.success(200);
    }
    assert_eq!(world.next_results(1).await[0]["roles"][0]["status"], "assigned");
    assert_eq!(world.tenant.count(Route::CreateAssignment), 2);
    assert_eq!(world.tenant.assignments_of(ORDERS_IDENTITY).len(), 2);
    world.assert_on_record().await;
}

/// A denial that is recorded before the write wins even if it came second, and its approver is told so.
#[tokio::test]
async fn an_approval_and_a_denial_at_once_are_one_of_both() {
    let world = setup().await.start().await;
    let shown = world.waiting_request(&sync_request()).await;
    let (approval, denial) =
        tokio::join!(world.decide(ANNA, &shown, "approve"), world.decide(BEN, &shown, "deny"),);
    let result = world.next_results(1).await.remove(0);
    let is_approved = result["roles"][0]["status"] == "assigned";
    if is_approved {
        assert_eq!(approval.success(200)["state"], "done");
        denial.problem(409, "already-decided");
    } else {
        assert_eq!(denial.success(200)["state"], "denied");
        let told = approval.json();
        let approval = if approval.status == 200 { &told } else { &told["approval"] };
        assert_eq!(approval["state"], "denied", "{told}");
    }
    let status = if is_approved { "assigned" } else { "denied" };
    assert_eq!(result["roles"][0]["status"], status, "{result}");
    assert_eq!(world.tenant.count(Route::CreateAssignment), usize::from(is_approved));
    assert!(!world.rows_of(AUDIT).await.is_empty());
}
