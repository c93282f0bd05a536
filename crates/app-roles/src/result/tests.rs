use super::*;
use crate::{
    directory::{AppRole, Assignment, PrincipalKind},
    ids::AppRoleId,
    names::RoleName,
    outcome::{Code, Status},
    request::MAX_ROLES,
    text::{MAX_DISPLAY_NAME_LENGTH, MAX_ROLE_VALUE_LENGTH, RoleValue},
};

/// A result with texts of maximal length that repeat one character, and with approvers. `names` is the
/// length of the names of principal and API.
fn largest(character: char, approvers: usize, names: usize) -> RequestResult {
    let text = |length: usize| String::from(character).repeat(length);
    let id = "11111111-1111-1111-1111-111111111111";
    let principal = Principal {
        object_id: ObjectId::parse(id).unwrap(),
        client_id: AppId::parse(id).ok(),
        display_name: text(MAX_DISPLAY_NAME_LENGTH),
        kind: PrincipalKind::Application,
        resource_id: None,
        by_client_id: false,
    };
    let value = text(MAX_ROLE_VALUE_LENGTH);
    let role = AppRole {
        value: Some(value.clone()),
        ..AppRole::known_by_id(AppRoleId::parse(id).unwrap())
    };
    let name = RoleValue::parse(&value).map_or(RoleName::DefaultAccess, RoleName::Value);
    let outcome = RoleOutcome {
        suggestions: vec![value; 5],
        rule: Some(text(128)),
        approved_by: Some(vec![format!("http:{id}"); approvers].join(", ")),
        ..RoleOutcome::new(Status::Failed)
    }
    .with_requested_name(&name)
    .with_role(&role)
    .with_code(Code::GraphRefused)
    .with_message(&text(1000))
    .with_assignment(Assignment {
        id: "2jLOCnF3kEmyV7V1jUxRfYxpQWLyMWhCm1KI1oYkTjw".to_owned(),
        api: principal.object_id,
        role: role.id,
        created: Some("2026-08-20T10:11:12.1234567Z".to_owned()),
    });
    RequestResult {
        request_id: Some("x".repeat(128)),
        approval_id: Some(ApprovalId::random()),
        approval_digest: None,
        message_id: Some("x".repeat(128)),
        invocation_id: InvocationId::random(),
        function: "x".repeat(128),
        requester: Requester::Queue("x".repeat(63)),
        action: Some(Action::Assign),
        dry_run: false,
        principal: Some(ResultPrincipal::known(
            principal.object_id,
            &text(names),
            Some(&"/".repeat(1024)),
        )),
        api: Some(ResultApi::known(principal.object_id, AppId::parse(id).unwrap(), &text(names))),
        roles: vec![outcome; MAX_ROLES],
        candidates: vec![(&principal).into(); MAX_CANDIDATES],
        started_at: "2026-08-20T10:11:12.1234567Z".to_owned(),
        duration_ms: 1,
        attempt: 1,
        effective_by: Some("2026-08-21T10:11:12.1234567Z".to_owned()),
        policy_sha256: Some("f".repeat(64)),
        broker_version: "0.1.0",
        truncated: false,
    }
}

#[test]
fn the_largest_possible_result_fits_into_a_message_and_says_that_it_is_truncated() {
    for (character, approvers, truncated) in [
        ('a', 4, false),
        ('a', 20, true),
        ('ü', 4, true),
        ('𝕏', 4, true),
        ('𝕏', 20, true),
        ('"', 20, true),
    ] {
        let json = largest(character, approvers, MAX_DISPLAY_NAME_LENGTH).to_json().unwrap();
        assert!(json.len() <= MAX_RESULT_BYTES, "{character}: {}", json.len());
        let huge = largest(character, approvers, 100_000).to_json().unwrap();
        assert!(huge.len() <= MAX_RESULT_BYTES, "{character}: {}", huge.len());
        assert_eq!(json.contains("\"truncated\":true"), truncated, "{character}: {}", json.len());
        assert_eq!(json.contains("approvedBy"), approvers == 4, "{character} {approvers}");
        assert!(json.contains("\"graphRefused\""));
    }
}
