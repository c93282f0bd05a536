//! Tests of how calls about approvals are read and answered.

use app_roles::{
    approval::{ApprovalState, ApprovalSubject, SubjectRole, Vote},
    approval_view::{ViewedApi, ViewedPrincipal},
    ids::{AppId, AppRoleId, InvocationId, ObjectId},
    request::Action,
};
use functions_handler::http_response::HttpResponse;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const ID: &str = "11111111-1111-1111-1111-111111111111";
const DIGEST: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

/// A call with these members besides those of every call.
fn call(members: &Value) -> HttpRequest {
    let mut call = json!({
        "Method": "POST", "Query": {}, "Params": { "id": ID },
        "Headers": { "Content-Type": ["application/json"] },
    });
    for (name, value) in members.as_object().unwrap() {
        call[name] = value.clone();
    }
    serde_json::from_value(call).unwrap()
}

fn approval() -> ApprovalView {
    let id = ObjectId::parse(ID).unwrap();
    let role = SubjectRole {
        id: AppRoleId::parse(ID).unwrap(),
        rule: "sync".to_owned(),
        end: "PT8H".to_owned(),
    };
    let subject = ApprovalSubject {
        action: Action::Assign,
        principal_id: id,
        api_id: id,
        requester: "key:orders-team".to_owned(),
        policy_sha256: None,
        roles: vec![role],
    };
    ApprovalView {
        approval_id: ApprovalId::parse(ID).unwrap(),
        state: ApprovalState::Pending,
        digest: subject.digest(),
        subject,
        principal: ViewedPrincipal {
            object_id: id,
            display_name: "id-sync".to_owned(),
            resource_id: None,
        },
        api: ViewedApi {
            object_id: id,
            app_id: AppId::parse(ID).unwrap(),
            display_name: "Orders".to_owned(),
        },
        roles: Vec::new(),
        request_id: None,
        reason: None,
        created_at: "2026-08-20T10:11:12Z".to_owned(),
        expires_at: "2026-08-21T10:11:12Z".to_owned(),
        decisions: Vec::new(),
        result: None,
    }
}

/// The response to a decision with this outcome.
fn response(outcome: BallotOutcome) -> HttpResponse {
    let answered = of_outcome(outcome);
    answered.unwrap_or_else(|problem| problem.response(InvocationId::random()))
}

fn body(response: &HttpResponse) -> Value {
    serde_json::from_str(&response.body).unwrap()
}

#[test]
fn what_is_no_decision_is_refused_with_what_to_do() {
    let good = json!({ "decision": "approve", "digest": DIGEST }).to_string();
    let with_body = |body: &str| json!({ "Body": body });
    let with_type = |kind: &str| json!({ "Body": good, "Headers": { "Content-Type": [kind] } });
    let chunked = json!({ "Content-Type": ["application/json"], "Transfer-Encoding": ["chunked"] });
    for (members, kind, text) in [
        (json!({}), ProblemType::Invalid, "the body is empty"),
        (json!({ "Headers": chunked }), ProblemType::LengthRequired, "Content-Length"),
        (with_type("text/plain"), ProblemType::UnsupportedMediaType, "application/json"),
        (with_type("application/x-www-form-urlencoded"), ProblemType::UnsupportedMediaType, ""),
        (with_body("{}"), ProblemType::Invalid, "body: the field `decision` is missing"),
        (with_body(&good.replace("approve", "yes")), ProblemType::Invalid, "decision: must be one"),
        (with_body(&good.replace("9f86", "9F86")), ProblemType::Invalid, "digest: expected"),
        (with_body(&format!("{good}{}", " ".repeat(32 * 1024))), ProblemType::TooLarge, "at most"),
        (json!({ "Body": good, "Query": { "dryRun": "true" } }), ProblemType::Invalid, "the query"),
    ] {
        let problem = decode(&call(&members)).unwrap_err();
        assert_eq!(problem.kind, kind, "{members}");
        assert!(problem.detail.contains(text), "{}", problem.detail);
    }
    let ballot = decode(&call(&json!({ "Body": good, "Query": { "code": "a key" } }))).unwrap();
    assert_eq!((ballot.vote, ballot.digest.as_str()), (Vote::Approve, DIGEST));
}

#[test]
fn a_text_that_is_no_id_is_answered_like_an_approval_that_does_not_exist() {
    for id in ["", "7", "../health", "%00", &ID[1..], &format!("{ID}0"), &format!("{{{ID}}}")] {
        let problem = parse(id).unwrap_err();
        assert_eq!((problem.kind, problem.detail.as_str()), (ProblemType::NotFound, UNKNOWN));
    }
    assert!(parse(ID).is_ok());
}

#[test]
fn an_approver_that_the_rule_does_not_name_learns_no_more_than_that_of_an_unknown_id() {
    let unnamed = response(BallotOutcome::NotAllowed(ApproverObstacle::NotNamed));
    let mut bodies = [body(&unnamed), body(&response(BallotOutcome::NotFound))];
    for body in &mut bodies {
        assert_eq!(body["status"], 404);
        body["instance"].take();
    }
    assert_eq!(bodies[0], bodies[1]);
}

#[test]
fn an_approver_who_may_not_decide_gets_403_with_the_reason() {
    for (obstacle, text) in [
        (ApproverObstacle::IsRequester, "its own requester"),
        (ApproverObstacle::IsPrincipal, "the identity that the role is for"),
        (ApproverObstacle::IsBroker, "the broker's own identity"),
    ] {
        let response = response(BallotOutcome::NotAllowed(obstacle));
        let problem = body(&response);
        assert_eq!(response.status_code, 403);
        assert_eq!(problem["type"], "urn:app-role-broker:problem:not-an-approver");
        assert!(problem["detail"].as_str().unwrap().contains(text), "{problem}");
        assert!(problem.get("approval").is_none(), "{problem}");
    }
}

#[test]
fn a_decision_that_does_not_count_any_more_gets_409_with_the_approval_as_it_is_now() {
    for (outcome, name) in [
        (BallotOutcome::Changed(approval()), "approval-changed"),
        (BallotOutcome::Closed(approval()), "already-decided"),
    ] {
        let response = response(outcome);
        let problem = body(&response);
        assert_eq!((response.status_code, &problem["status"]), (409, &json!(409)));
        assert_eq!(problem["type"], format!("urn:app-role-broker:problem:{name}"));
        assert_eq!(problem["approval"], serde_json::to_value(approval()).unwrap());
    }
}

#[test]
fn a_decision_that_counts_gets_the_approval() {
    let response = response(BallotOutcome::Counted(approval()));
    assert_eq!(response.status_code, OK);
    assert_eq!(body(&response), serde_json::to_value(approval()).unwrap());
}

proptest! {
    #[test]
    fn no_text_makes_reading_an_id_or_a_decision_panic(text: String) {
        let _ = parse(&text);
        let _ = decode(&call(&json!({ "Body": text })));
    }
}
