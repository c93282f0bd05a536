use std::time::Instant;

use tenant_emulator::{
    Tenant,
    contoso::{ORDERS_API, ORDERS_IDENTITY, ORDERS_READ, ORDERS_WRITE, contoso},
};

use super::*;
use crate::soak::plan::Role;

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
        principal_id: ORDERS_IDENTITY.to_owned(),
        resource_id: ORDERS_API.to_owned(),
        app_role_id: role.to_owned(),
        assignment_id: String::new(),
        client_request_id: None,
        at: Instant::now(),
    }
}

fn book(results: &[(&str, &str)]) -> Book {
    let mut book = Book::default();
    for (id, status) in results {
        book.note(&format!(
            r#"{{"requestId":"{id}","roles":[{{"requested":"Orders.Read","status":"{status}"}}]}}"#
        ));
    }
    book
}

/// A run in which a role was granted, taken away and granted again.
async fn evidence() -> Evidence {
    let tenant = Tenant::start(contoso()).await.unwrap();
    tenant.grant(ORDERS_IDENTITY, ORDERS_API, ORDERS_READ).unwrap();
    Evidence {
        requests: vec![
            request("a", Action::Assign),
            request("b", Action::Revoke),
            request("c", Action::Assign),
        ],
        book: book(&[
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
        memory: Some(Medians { second_quarter: 8_000, last_quarter: 8_100 }),
    }
}

/// The beginnings of the checks that failed.
fn failed(evidence: &Evidence) -> Vec<String> {
    let checks = evidence.checks().into_iter();
    checks.filter(|check| !check.passed()).map(|check| check.what[..3].to_owned()).collect()
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
async fn a_request_without_a_result_is_lost_unless_it_was_given_up() {
    let mut evidence = evidence().await;
    evidence.requests.push(request("d", Action::Assign));
    assert_eq!(failed(&evidence), ["(b)"]);
    evidence.given_up.insert("d".to_owned(), "throttled".to_owned());
    assert!(failed(&evidence).is_empty());
}

#[tokio::test]
async fn a_refusal_of_what_is_allowed_is_a_fault() {
    let mut evidence = evidence().await;
    evidence.requests.push(request("d", Action::Assign));
    evidence.book =
        book(&[("a", "assigned"), ("b", "revoked"), ("c", "assigned"), ("d", "denied")]);
    assert_eq!(failed(&evidence), ["(b)"]);
}

#[tokio::test]
async fn results_of_one_request_that_differ_in_the_state_are_found() {
    let mut evidence = evidence().await;
    evidence.book =
        book(&[("a", "assigned"), ("a", "failed"), ("b", "revoked"), ("c", "assigned")]);
    assert_eq!(failed(&evidence), ["(c)"]);
}

#[tokio::test]
async fn a_last_write_that_no_result_tells_of_is_found() {
    let mut evidence = evidence().await;
    evidence.writes.push(write(WriteKind::Created, ORDERS_WRITE));
    evidence.writes.push(write(WriteKind::Deleted, ORDERS_WRITE));
    let checks = evidence.checks();
    let fault = checks.iter().find(|check| !check.passed()).unwrap().to_string();
    assert!(fault.starts_with("FAILED (d)") && fault.contains("Deleted at last"), "{fault}");
}

#[tokio::test]
async fn memory_that_grew_or_was_not_measured_is_a_fault() {
    for memory in [None, Some(Medians { second_quarter: 8_000, last_quarter: 13_000 })] {
        assert_eq!(failed(&Evidence { memory, ..evidence().await }), ["(e)"]);
    }
}
