use app_roles::{
    approval::{ApprovalState, ApprovalSubject, SubjectRole},
    ids::{AppId, AppRoleId, ApprovalId, InvocationId, ObjectId},
    request::{Action, Request},
    requester::Requester,
};
use record::approvals::{ApproverDecision, Shown, ShownRole};
use serde_json::{Value, json};
use time::{OffsetDateTime, macros::datetime};

use super::*;

const PRINCIPAL: &str = "11111111-1111-1111-1111-111111111111";
const API: &str = "22222222-2222-2222-2222-222222222222";
const ROLE: &str = "33333333-3333-3333-3333-333333333333";
const APPROVAL: &str = "44444444-4444-4444-4444-444444444444";
const APPROVER: &str = "55555555-5555-5555-5555-555555555555";
const DENIER: &str = "66666666-6666-6666-6666-666666666666";

const BEGAN: OffsetDateTime = datetime!(2026-08-20 10:11:12 UTC);
const ENDED: OffsetDateTime = datetime!(2026-08-20 11:11:12 UTC);

fn row() -> ApprovalRow {
    let request = json!({
        "requestId": "INC-1", "principal": { "objectId": PRINCIPAL }, "api": { "objectId": API },
        "roles": [ROLE], "reason": "a secret reason",
    });
    let object = |id| ObjectId::parse(id).unwrap();
    let role = SubjectRole {
        id: AppRoleId::parse(ROLE).unwrap(),
        rule: "directory sync".to_owned(),
        end: "PT8H".to_owned(),
    };
    ApprovalRow {
        id: ApprovalId::parse(APPROVAL).unwrap(),
        state: ApprovalState::Pending,
        subject: ApprovalSubject {
            action: Action::Assign,
            principal_id: object(PRINCIPAL),
            api_id: object(API),
            requester: "queue:team".to_owned(),
            policy_sha256: Some("9f".to_owned()),
            roles: vec![role],
        },
        request: Request::decode(request.to_string().as_bytes()).unwrap(),
        requester: Requester::Queue("team".to_owned()),
        function: "AssignRole".to_owned(),
        invocation_id: InvocationId::random(),
        message_id: None,
        shown: Shown {
            principal: "id-sync".to_owned(),
            principal_resource_id: None,
            api: "Microsoft Graph".to_owned(),
            api_app_id: AppId::parse(API).unwrap(),
            roles: vec![ShownRole {
                value: Some("User.ReadWrite.All".to_owned()),
                privileged: Some("it can reset passwords".to_owned()),
            }],
        },
        created_at: BEGAN,
        expires_at: datetime!(2026-08-21 10:11:12 UTC),
        decisions: Vec::new(),
        carry_out: None,
        approved_at: None,
        finished_at: None,
        result: Some(r#"{"roles":[]}"#.to_owned()),
        result_is_due: false,
        unsent_events: Vec::new(),
    }
}

fn decision(approver: &str, vote: Vote) -> ApproverDecision {
    let approver = ObjectId::parse(approver).unwrap();
    ApproverDecision { approver, vote, digest: row().subject.digest(), at: ENDED }
}

fn json(event: &str) -> Value {
    serde_json::from_str(event).unwrap()
}

#[test]
fn a_request_that_waits_is_announced_with_ids_and_names_and_without_reasons() {
    let event = requested(&row());
    for secret in ["a secret reason", "it can reset passwords", "9f\""] {
        assert!(!event.contains(secret), "{event}");
    }
    let event = json(&event);
    let digest = row().subject.digest();
    assert_eq!(event["id"], format!("{APPROVAL}-requested-{}", &digest.as_str()[..8]));
    assert_eq!(event["type"], "AppRoleBroker.ApprovalRequested");
    assert_eq!(event["subject"], PRINCIPAL);
    assert_eq!(event["time"], "2026-08-20T10:11:12Z");
    let expected = json!({
        "approvalId": APPROVAL, "action": "assign", "requestId": "INC-1",
        "requester": "queue:team", "principalId": PRINCIPAL, "principalDisplayName": "id-sync",
        "apiId": API, "apiAppId": API, "apiDisplayName": "Microsoft Graph",
        "until": "2026-08-21T10:11:12Z",
        "roles": [{
            "appRoleId": ROLE, "appRoleValue": "User.ReadWrite.All", "privileged": true,
            "rule": "directory sync", "end": "PT8H",
        }],
    });
    assert_eq!(event["data"], expected);
}

#[test]
fn approvers_are_asked_again_if_the_request_means_something_else() {
    let mut changed = row();
    changed.subject.policy_sha256 = Some("9e".to_owned());
    assert_ne!(json(&requested(&changed))["id"], json(&requested(&row()))["id"]);
    assert_eq!(requested(&row()).len(), requested(&changed).len());
}

#[test]
fn each_end_of_waiting_is_one_event_that_says_what_was_decided() {
    let decisions = vec![decision(APPROVER, Vote::Approve), decision(DENIER, Vote::Deny)];
    for (state, decided_as, approvers) in [
        (ApprovalState::Approved, "approved", vec![APPROVER]),
        (ApprovalState::Done, "approved", vec![APPROVER]),
        (ApprovalState::Denied, "denied", vec![DENIER]),
        (ApprovalState::Expired, "expired", vec![]),
        (ApprovalState::Refused, "refused", vec![APPROVER]),
    ] {
        let mut row = row();
        (row.state, row.approved_at, row.finished_at) = (state, Some(ENDED), Some(ENDED));
        let is_of_it =
            |one: &&ApproverDecision| approvers.iter().any(|id| one.approver.to_string() == *id);
        row.decisions = match state {
            ApprovalState::Denied => decisions.clone(),
            _ => decisions.iter().filter(is_of_it).cloned().collect(),
        };
        let event = json(&decided(&row));
        assert_eq!(event["id"], format!("{APPROVAL}-decided"));
        assert_eq!(event["type"], "AppRoleBroker.ApprovalDecided");
        let at = if state == ApprovalState::Expired { row.expires_at } else { ENDED };
        assert_eq!(event["time"], rfc3339(at), "{state:?}");
        assert_eq!(event["data"]["decision"], decided_as);
        let approvers: Vec<_> = approvers.iter().map(|id| format!("http:{id}")).collect();
        assert_eq!(event["data"]["approvers"], json!(approvers), "{state:?}");
    }
}
