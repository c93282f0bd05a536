use std::time::{Duration, Instant};

use tenant_emulator::{
    Tenant,
    contoso::{ORDERS_API, ORDERS_IDENTITY, ORDERS_READ, ORDERS_WRITE, contoso},
};

use super::*;
use crate::{leftovers::Leftover, plan::Role};

const READ: Role = Role { id: ORDERS_READ, value: "Orders.Read" };

fn request(id: &str, action: Action) -> Request {
    Request {
        id: id.to_owned(),
        action,
        principal: ORDERS_IDENTITY.to_owned(),
        api: ORDERS_API,
        roles: vec![READ],
    }
}

fn write(kind: WriteKind, role: &str) -> AcceptedWrite {
    AcceptedWrite {
        kind,
        assignment_id: String::new(),
        principal_id: ORDERS_IDENTITY.to_owned(),
        resource_id: ORDERS_API.to_owned(),
        app_role_id: role.to_owned(),
        client_request_id: None,
        at: Instant::now(),
    }
}

fn results(statuses: &[(&str, &str)]) -> Results {
    let mut results = Results::default();
    for (id, status) in statuses {
        results.add(&format!(
            r#"{{"requestId":"{id}","roles":[{{"requested":"Orders.Read","status":"{status}"}}]}}"#
        ));
    }
    results
}

/// Handlers that lived long enough, with the medians of two quarters.
fn lived(medians: &[(u64, u64)]) -> LongLived {
    let medians = medians.iter().map(|&(second, last)| QuarterMedians { second, last }).collect();
    LongLived { medians, too_young: 0 }
}

/// A run in which a role was assigned, revoked and assigned again.
async fn evidence() -> Evidence {
    let tenant = Tenant::start(contoso()).await.unwrap();
    tenant.grant(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ).unwrap();
    Evidence {
        requests: vec![
            request("a", Action::Assign),
            request("b", Action::Revoke),
            request("c", Action::Assign),
        ],
        results: results(&[
            ("a", "assigned"),
            ("b", "revoked"),
            ("c", "assigned"),
            ("c", "alreadyAssigned"),
        ]),
        given_up: BTreeMap::new(),
        writes: [WriteKind::Created, WriteKind::Deleted, WriteKind::Created]
            .map(|kind| write(kind, ORDERS_READ))
            .into(),
        assignments: tenant.assignments(),
        left: Leftovers::new(),
        memory: lived(&[(8_000, 8_100)]),
        record: Record::default(),
    }
}

/// The letters of the failed checks.
fn failed(evidence: &Evidence) -> Vec<String> {
    let checks = evidence.checks().into_iter();
    checks.filter(|check| !check.passed()).map(|check| check.what()[..3].to_owned()).collect()
}

#[tokio::test]
async fn a_good_run_passes_every_check() {
    assert!(failed(&evidence().await).is_empty());
}

#[tokio::test]
async fn an_assignment_that_is_missing_or_was_never_written_is_found() {
    let missing = Evidence { assignments: Vec::new(), ..evidence().await };
    assert_eq!(failed(&missing), ["(a)"]);
    let never_written = Evidence { writes: Vec::new(), ..evidence().await };
    assert_eq!(failed(&never_written), ["(a)", "(d)"]);
}

#[tokio::test]
async fn a_request_without_a_result_is_lost_unless_the_broker_gave_up() {
    let mut evidence = evidence().await;
    evidence.requests.push(request("d", Action::Assign));
    assert_eq!(failed(&evidence), ["(b)"]);
    evidence.given_up.insert("d".to_owned(), "throttled".to_owned());
    assert!(failed(&evidence).is_empty());
}

#[tokio::test]
async fn a_request_without_a_result_is_lost_or_is_said_to_be_left() {
    let mut evidence = evidence().await;
    evidence.requests.extend(["d", "e"].map(|id| request(id, Action::Assign)));
    let hidden_for = Duration::from_secs(4);
    evidence.left.insert("d".to_owned(), Leftover { deliveries: 7, hidden_for });
    let checks = evidence.checks();
    let fault = checks.iter().find(|check| !check.passed()).unwrap().to_string();
    assert!(fault.contains("d is not finished: in the queue after 7 deliveries"), "{fault}");
    assert!(fault.contains("e is lost"), "{fault}");
    assert!(fault.contains("1 messages left"), "{fault}");
}

#[tokio::test]
async fn a_message_that_is_left_of_a_finished_request_is_no_fault() {
    let mut evidence = evidence().await;
    let again = Leftover { deliveries: 1, hidden_for: Duration::ZERO };
    evidence.left.insert("a".to_owned(), again);
    assert!(failed(&evidence).is_empty());
}

#[tokio::test]
async fn a_refusal_of_an_allowed_request_is_a_fault() {
    let mut evidence = evidence().await;
    evidence.requests.push(request("d", Action::Assign));
    evidence.results =
        results(&[("a", "assigned"), ("b", "revoked"), ("c", "assigned"), ("d", "denied")]);
    assert_eq!(failed(&evidence), ["(b)"]);
}

#[tokio::test]
async fn results_of_one_request_that_disagree_are_found() {
    let mut evidence = evidence().await;
    evidence.results =
        results(&[("a", "assigned"), ("a", "failed"), ("b", "revoked"), ("c", "assigned")]);
    assert_eq!(failed(&evidence), ["(c)"]);
}

#[tokio::test]
async fn a_result_that_says_unknown_disagrees_with_nothing() {
    let mut evidence = evidence().await;
    evidence.results =
        results(&[("a", "assigned"), ("a", "unknown"), ("b", "revoked"), ("c", "assigned")]);
    assert!(failed(&evidence).is_empty());
}

#[tokio::test]
async fn a_last_write_that_no_result_reports_is_found() {
    let mut evidence = evidence().await;
    evidence.writes.push(write(WriteKind::Created, ORDERS_WRITE));
    evidence.writes.push(write(WriteKind::Deleted, ORDERS_WRITE));
    let checks = evidence.checks();
    let fault = checks.iter().find(|check| !check.passed()).unwrap().to_string();
    assert!(fault.starts_with("FAILED (d)") && fault.contains("last write Deleted"), "{fault}");
}

#[tokio::test]
async fn memory_that_grew_or_was_not_measured_is_a_fault() {
    let grew = lived(&[(8_000, 8_100), (8_000, 13_000)]);
    for memory in [LongLived { too_young: 9, ..lived(&[]) }, grew] {
        assert_eq!(failed(&Evidence { memory, ..evidence().await }), ["(e)"]);
    }
}
