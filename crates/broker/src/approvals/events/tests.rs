use app_roles::{approval::ApprovalState, ids::ObjectId};
use record::approvals::ApproverDecision;
use serde_json::json;
use time::{Duration, OffsetDateTime, macros::datetime};

use super::{
    super::sample_row::{API, APPROVAL, BEGAN, PRINCIPAL, ROLE, row},
    *,
};

const APPROVER: &str = "55555555-5555-5555-5555-555555555555";
const DENIER: &str = "66666666-6666-6666-6666-666666666666";

const ENDED: OffsetDateTime = datetime!(2026-08-20 11:11:12 UTC);

fn decision(approver: &str, vote: Vote) -> ApproverDecision {
    let approver = ObjectId::parse(approver).unwrap();
    ApproverDecision { approver, vote, digest: row().subject.digest(), at: ENDED }
}

fn json(event: &str) -> Value {
    serde_json::from_str(event).unwrap()
}

#[test]
fn a_request_that_waits_is_announced_with_ids_and_names_and_without_reasons() {
    let event = requested(&row(), BEGAN);
    for secret in ["a secret reason", "it can reset passwords", "9f\""] {
        assert!(!event.contains(secret), "{event}");
    }
    assert!(!is_decision(&event) && !is_decision("no JSON"));
    let event = json(&event);
    let digest = row().subject.digest();
    let digits = &digest.as_str()[..8];
    assert_eq!(event["id"], format!("{APPROVAL}-requested-{digits}-1787220672000"));
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
    let (before, after) = (requested(&row(), BEGAN), requested(&changed, BEGAN));
    assert_ne!(json(&after)["id"], json(&before)["id"]);
    assert_eq!(after.len(), before.len());
}

/// A receiver that knows an id drops the event.
#[test]
fn each_question_and_each_decision_has_its_own_id_even_about_the_same_digest() {
    let later = ENDED + Duration::milliseconds(1);
    let mut ids = Vec::new();
    for (state, at) in [
        (ApprovalState::Pending, BEGAN),
        (ApprovalState::Pending, later),
        (ApprovalState::Approved, ENDED),
        (ApprovalState::Approved, later),
        (ApprovalState::Denied, ENDED),
        (ApprovalState::Refused, ENDED),
    ] {
        let mut row = row();
        row.decisions = vec![ApproverDecision { at, ..decision(DENIER, Vote::Deny) }];
        (row.state, row.approved_at, row.finished_at) = (state, Some(at), Some(at));
        let event = || match state {
            ApprovalState::Pending => requested(&row, at),
            _ => decided(&row),
        };
        // The id depends on nothing else, so an event that is made again is the same one.
        assert_eq!(event(), event());
        ids.push(json(&event())["id"].to_string());
    }
    let distinct: std::collections::BTreeSet<_> = ids.iter().collect();
    assert_eq!(distinct.len(), ids.len(), "{ids:?}");
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
        let id = event["id"].as_str().unwrap();
        assert!(id.starts_with(&format!("{APPROVAL}-{decided_as}-")), "{id}");
        assert_eq!(event["type"], "AppRoleBroker.ApprovalDecided");
        assert!(is_decision(&event.to_string()));
        let at = if state == ApprovalState::Expired { row.expires_at } else { ENDED };
        assert_eq!(event["time"], rfc3339(at), "{state:?}");
        assert_eq!(event["data"]["decision"], decided_as);
        let approvers: Vec<_> = approvers.iter().map(|id| format!("http:{id}")).collect();
        assert_eq!(event["data"]["approvers"], json!(approvers), "{state:?}");
    }
}
