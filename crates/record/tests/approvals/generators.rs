//! Rows of each shape.

use app_roles::{
    approval::{ApprovalDigest, ApprovalState, ApprovalSubject, SubjectRole, Vote},
    duration::AssignmentDuration,
    end::RequestedEnd,
    ids::{AppId, AppRoleId, ApprovalId, InvocationId, ObjectId},
    names::{ApiName, PrincipalName, RoleName},
    request::{Action, MAX_ROLES, Request},
    requester::Requester,
    text::{MessageId, Reason, RequestId, printable},
};
use proptest::{collection::vec, option, prelude::*, sample::select};
use record::approvals::{ApprovalRow, ApproverDecision, CarryOut, Shown, ShownRole};
use serde_json::json;
use time::{Duration, OffsetDateTime, macros::datetime};

/// All states.
pub(crate) const STATES: [ApprovalState; 6] = [
    ApprovalState::Pending,
    ApprovalState::Approved,
    ApprovalState::Done,
    ApprovalState::Denied,
    ApprovalState::Expired,
    ApprovalState::Refused,
];

/// The most approvers of a rule.
const MOST_DECISIONS: usize = 20;

const NOW: OffsetDateTime = datetime!(2026-11-26 10:00 UTC);

/// A pending row about one role.
pub(crate) fn pending() -> ApprovalRow {
    let id = "11111111-1111-1111-1111-111111111111";
    let role = SubjectRole {
        id: AppRoleId::parse("33333333-3333-3333-3333-333333333333").unwrap(),
        rule: "sync".to_owned(),
        end: "PT8H".to_owned(),
    };
    let subject = ApprovalSubject {
        action: Action::Assign,
        principal_id: ObjectId::parse(id).unwrap(),
        api_id: ObjectId::parse("22222222-2222-2222-2222-222222222222").unwrap(),
        requester: "queue:app-role-requests".to_owned(),
        policy_sha256: Some("9f".to_owned()),
        roles: vec![role],
    };
    ApprovalRow {
        id: ApprovalId::random(),
        state: ApprovalState::Pending,
        request: request_of(&subject),
        requester: Requester::parse(&subject.requester).unwrap(),
        function: "AssignRole".to_owned(),
        invocation_id: InvocationId::random(),
        message_id: Some(MessageId::parse("7d1b0f0e-0000-4000-8000-000000000001").unwrap()),
        shown: Shown {
            principal: "id-orders".to_owned(),
            principal_resource_id: None,
            api: "Orders API".to_owned(),
            api_app_id: AppId::parse(id).unwrap(),
            roles: vec![ShownRole { value: Some("Orders.Read".to_owned()), privileged: None }],
        },
        subject,
        created_at: NOW,
        expires_at: NOW + Duration::DAY,
        decisions: Vec::new(),
        carry_out: None,
        approved_at: None,
        finished_at: None,
        result: None,
        result_is_due: false,
        unsent_events: Vec::new(),
    }
}

/// A row in a state, with everything that rows in this state have.
pub(crate) fn in_state(row: ApprovalRow, state: ApprovalState) -> ApprovalRow {
    let is_approved = matches!(state, ApprovalState::Approved | ApprovalState::Done);
    ApprovalRow {
        state,
        approved_at: is_approved.then_some(NOW + Duration::HOUR),
        finished_at: state.is_final().then_some(NOW + Duration::hours(2)),
        result: state.is_final().then(|| json!({ "roles": [] }).to_string()),
        ..row
    }
}

/// The request that means what a subject says.
pub(crate) fn request_of(subject: &ApprovalSubject) -> Request {
    Request {
        request_id: Some(RequestId::parse("INC-1").unwrap()),
        action: subject.action,
        principal: PrincipalName::ObjectId(subject.principal_id),
        api: ApiName::ObjectId(subject.api_id),
        roles: subject.roles.iter().map(|role| RoleName::from(role.id)).collect(),
        reason: None,
        end: None,
        not_after: None,
        dry_run: false,
    }
}

fn id() -> impl Strategy<Value = String> {
    proptest::string::string_regex("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
        .unwrap()
}

fn object_id() -> impl Strategy<Value = ObjectId> {
    id().prop_map(|id| ObjectId::parse(&id).unwrap())
}

/// Times in the unit of the table service.
pub(crate) fn moment() -> impl Strategy<Value = OffsetDateTime> {
    (0_i64..4_000_000_000, 0_i64..10_000_000).prop_map(|(seconds, ticks)| {
        OffsetDateTime::UNIX_EPOCH + Duration::seconds(seconds) + Duration::nanoseconds(ticks * 100)
    })
}

fn requester() -> impl Strategy<Value = Requester> {
    prop_oneof![
        "queue:[a-z0-9-]{3,63}",
        "eventgrid:[A-Za-z0-9_-]{1,20}",
        "key:team-[A-Za-z0-9_-]{1,20}",
        id().prop_map(|id| format!("http:{id}")),
        id().prop_map(|id| format!("cli:{id}")),
    ]
    .prop_map(|text| Requester::parse(&text).unwrap())
}

fn printable_text() -> impl Strategy<Value = String> {
    ".{1,40}".prop_map(|text| printable(&text).into_owned())
}

prop_compose! {
    fn subject_role()(
        id in prop_oneof![9 => id(), 1 => Just(AppRoleId::DEFAULT_ACCESS.to_string())],
        rule in any::<String>(),
        end in select(vec!["PT8H", "none", "2026-12-01T00:00:00Z"]),
    ) -> SubjectRole {
        SubjectRole { id: AppRoleId::parse(&id).unwrap(), rule, end: end.to_owned() }
    }
}

prop_compose! {
    fn subject()(
        action in select(vec![Action::Assign, Action::Revoke]),
        (principal_id, api_id) in (object_id(), object_id()),
        requester in requester(),
        policy_sha256 in option::of("[0-9a-f]{64}"),
        roles in vec(subject_role(), 1..=MAX_ROLES),
    ) -> ApprovalSubject {
        let requester = requester.to_string();
        ApprovalSubject { action, principal_id, api_id, requester, policy_sha256, roles }
    }
}

prop_compose! {
    fn request(subject: ApprovalSubject)(
        request_id in option::of("[A-Za-z0-9._:-]{1,128}"),
        reason in option::of(printable_text()),
        end in option::of(prop_oneof![
            moment().prop_map(RequestedEnd::At),
            Just(RequestedEnd::After(AssignmentDuration::DAYS_30)),
        ]),
        not_after in option::of(moment()),
    ) -> Request {
        Request {
            request_id: request_id.map(|id| RequestId::parse(&id).unwrap()),
            reason: reason.map(|reason| Reason::parse(&reason).unwrap()),
            end: end.filter(|_| subject.action == Action::Assign),
            not_after,
            ..request_of(&subject)
        }
    }
}

prop_compose! {
    fn shown(roles: usize)(
        principal: String,
        principal_resource_id in option::of(any::<String>()),
        api: String,
        app_id in id(),
        roles in vec((option::of(any::<String>()), option::of(any::<String>())), roles),
    ) -> Shown {
        let roles = roles.into_iter().map(|(value, privileged)| ShownRole { value, privileged });
        let api_app_id = AppId::parse(&app_id).unwrap();
        Shown { principal, principal_resource_id, api, api_app_id, roles: roles.collect() }
    }
}

fn decisions() -> impl Strategy<Value = Vec<ApproverDecision>> {
    let decision = (select(vec![Vote::Approve, Vote::Deny]), "[0-9a-f]{64}", moment());
    proptest::collection::btree_map(object_id(), decision, 0..=MOST_DECISIONS).prop_map(|all| {
        let all = all.into_iter().map(|(approver, (vote, digest, at))| {
            let digest = ApprovalDigest::parse(&digest).unwrap();
            ApproverDecision { approver, vote, digest, at }
        });
        all.collect()
    })
}

/// What was done about a row.
type Progress = (ApprovalState, Option<CarryOut>, Option<OffsetDateTime>, Option<String>, bool);

fn progress() -> impl Strategy<Value = Progress> {
    let carry_out = (id(), moment()).prop_map(|(id, until)| CarryOut {
        invocation_id: InvocationId::parse(&id).unwrap(),
        until,
    });
    let short = any::<Vec<String>>().prop_map(|texts| json!({ "texts": texts }).to_string());
    let long =
        (0_usize..70_000).prop_map(|length| json!({ "text": "é".repeat(length) }).to_string());
    let result = prop_oneof![9 => short, 1 => long];
    let states = select(STATES.to_vec());
    (states, option::of(carry_out), option::of(moment()), option::of(result), any::<bool>())
}

prop_compose! {
    /// Any row.
    pub(crate) fn row()(subject in subject())(
        request in request(subject.clone()),
        shown in shown(subject.roles.len()),
        subject in Just(subject),
        function in printable_text(),
        message_id in option::of("[!-~]{1,128}"),
        (created_at, expires_at, ended_at) in (moment(), moment(), moment()),
        decisions in decisions(),
        (state, carry_out, approved_at, result, result_is_due) in progress(),
        unsent_events in vec(any::<String>(), 0..4),
        is_recorded in any::<bool>(),
    ) -> ApprovalRow {
        // A denial and an expiry count before their result is on record.
        let is_before_its_result = !is_recorded
            && matches!(state, ApprovalState::Denied | ApprovalState::Expired);
        let is_approved = matches!(state, ApprovalState::Approved | ApprovalState::Done);
        ApprovalRow {
            id: ApprovalId::random(),
            state,
            request,
            requester: Requester::parse(&subject.requester).unwrap(),
            subject,
            function,
            invocation_id: InvocationId::random(),
            message_id: message_id.map(|id| MessageId::parse(&id).unwrap()),
            shown,
            created_at,
            expires_at,
            decisions,
            carry_out,
            approved_at: approved_at.or(is_approved.then_some(ended_at)),
            finished_at: (state.is_final() && !is_before_its_result).then_some(ended_at),
            result,
            result_is_due,
            unsent_events,
        }
    }
}
