//! A row for tests.

use app_roles::{
    approval::{ApprovalState, ApprovalSubject, SubjectRole},
    ids::{AppId, AppRoleId, ApprovalId, InvocationId, ObjectId},
    request::{Action, Request},
    requester::Requester,
};
use record::approvals::{ApprovalRow, Shown, ShownRole};
use serde_json::json;
use time::{OffsetDateTime, macros::datetime};

pub(super) const PRINCIPAL: &str = "11111111-1111-1111-1111-111111111111";
pub(super) const API: &str = "22222222-2222-2222-2222-222222222222";
pub(super) const ROLE: &str = "33333333-3333-3333-3333-333333333333";
pub(super) const APPROVAL: &str = "44444444-4444-4444-4444-444444444444";

/// When the request began to wait.
pub(super) const BEGAN: OffsetDateTime = datetime!(2026-08-20 10:11:12 UTC);

/// A request of a queue that waits for approval.
pub(super) fn row() -> ApprovalRow {
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
