//! Tests of subjects and digests.

use proptest::prelude::*;
use time::macros::datetime;

use super::*;

const ID: &str = "11111111-1111-1111-1111-111111111111";
const OTHER: &str = "22222222-2222-2222-2222-222222222222";

fn subject() -> ApprovalSubject {
    ApprovalSubject {
        action: Action::Assign,
        principal_id: ObjectId::parse(ID).unwrap(),
        api_id: ObjectId::parse(ID).unwrap(),
        requester: "queue:team".to_owned(),
        policy_sha256: Some("9f".to_owned()),
        roles: vec![role()],
    }
}

fn role() -> SubjectRole {
    let id = AppRoleId::parse(ID).unwrap();
    SubjectRole { id, rule: "sync".to_owned(), end: "PT8H".to_owned() }
}

#[test]
fn every_part_of_a_subject_changes_its_digest() {
    let (other, whole) = (ObjectId::parse(OTHER).unwrap(), subject().digest());
    let other_role = |change: fn(&mut SubjectRole)| {
        let mut changed = subject();
        changed.roles.iter_mut().for_each(change);
        changed
    };
    for changed in [
        ApprovalSubject { action: Action::Revoke, ..subject() },
        ApprovalSubject { principal_id: other, ..subject() },
        ApprovalSubject { api_id: other, ..subject() },
        ApprovalSubject { requester: "queue:other".to_owned(), ..subject() },
        ApprovalSubject { policy_sha256: Some("9e".to_owned()), ..subject() },
        ApprovalSubject { policy_sha256: None, ..subject() },
        ApprovalSubject { roles: vec![role(), role()], ..subject() },
        ApprovalSubject { roles: Vec::new(), ..subject() },
        other_role(|role| role.id = AppRoleId::parse(OTHER).unwrap()),
        other_role(|role| role.rule.push('2')),
        other_role(|role| role.end = "PT9H".to_owned()),
    ] {
        assert_ne!(changed.digest(), whole, "{changed:?}");
    }
    assert_eq!(subject().digest(), whole);
}

#[test]
fn a_digest_is_read_in_its_own_form_only() {
    let digest = subject().digest();
    assert_eq!(ApprovalDigest::parse(digest.as_str()), Ok(digest.clone()));
    let text = digest.to_string();
    for other in [text.to_uppercase(), format!(" {text}"), text.replace('a', "g"), String::new()] {
        if other != text {
            assert!(ApprovalDigest::parse(&other).is_err(), "{other:?}");
        }
    }
    assert!(ApprovalDigest::parse(&text[1..]).is_err());
}

#[test]
fn the_end_of_a_subject_does_not_depend_on_the_time() {
    let hours = |text| AssignmentDuration::parse(text).ok();
    let at = RequestedEnd::At(datetime!(2026-11-26 12:00:00.5 +02));
    let after = RequestedEnd::After(hours("PT1H").unwrap());
    for (requested, limit, end) in [
        (None, None, "none"),
        (None, hours("PT8H"), "PT8H"),
        (Some(after), hours("PT8H"), "PT1H"),
        (Some(after), None, "PT1H"),
        (Some(at), hours("PT8H"), "2026-11-26T10:00:00Z"),
    ] {
        assert_eq!(subject_end(requested, limit), end);
    }
}

proptest! {
    #[test]
    fn a_subject_is_read_back_with_the_same_digest(
        requester: String, rule: String, end: String, policy: Option<String>, roles in 0..4_usize,
    ) {
        let role = SubjectRole { rule, end, ..role() };
        let written = ApprovalSubject {
            requester, policy_sha256: policy, roles: vec![role; roles], ..subject()
        };
        let text = serde_json::to_string(&written).unwrap();
        let read: ApprovalSubject = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(read.digest(), written.digest());
        prop_assert_eq!(read, written);
    }

    #[test]
    fn no_text_makes_a_digest_panic(text: String) {
        let _ = ApprovalDigest::parse(&text);
    }
}
