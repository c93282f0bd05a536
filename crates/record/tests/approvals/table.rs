//! The table in Azurite.

use std::time::Duration;

use app_roles::{approval::ApprovalState, ids::ApprovalId, requester::Requester};
use azure_rest::{
    client,
    retry::Deadline,
    shared_key::SharedKey,
    tables::{Change, TableError, Tables},
    timing::CallTiming,
};
use record::approvals::{
    APPROVAL_TABLE, ApprovalRow, Approvals, StoredApproval, WaitingOfRequester,
};
use storage_emulator::Azurite;
use time::Duration as Span;

use crate::{
    generators::{STATES, in_state, pending},
    log::Log,
    sizes::largest,
};

/// The table service of a new account.
async fn tables() -> Tables {
    let account = Azurite::shared_account().await.unwrap();
    let (service, timing) = (account.table_endpoint().clone(), CallTiming::default().scaled(0.1));
    let http = client::build(&service, &timing).unwrap();
    let key = SharedKey::parse(account.name(), account.key()).unwrap();
    Tables::with_shared_key(http, service, key, timing)
}

fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(60))
}

async fn stored(approvals: &Approvals, row: &ApprovalRow) -> StoredApproval {
    approvals.insert(row, soon()).await.unwrap();
    approvals.get(row.id, soon()).await.unwrap().unwrap()
}

fn rows(stored: Vec<StoredApproval>) -> Vec<ApprovalRow> {
    stored.into_iter().map(|stored| stored.row).collect()
}

#[tokio::test]
async fn nothing_is_found_before_the_first_row() {
    let approvals = Approvals::new(tables().await);
    assert!(approvals.get(pending().id, soon()).await.unwrap().is_none());
    assert!(approvals.open(soon()).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_row_is_stored_once() {
    let approvals = Approvals::new(tables().await);
    let row = pending();
    approvals.insert(&row, soon()).await.unwrap();
    let other = ApprovalRow { function: "Other".to_owned(), ..row.clone() };
    let again = approvals.insert(&other, soon()).await;
    assert!(matches!(again, Err(TableError::Exists)), "{again:?}");
    assert_eq!(rows(approvals.pending(|_| true, soon()).await.unwrap()), [row]);
}

#[tokio::test]
async fn the_largest_row_is_stored_whole() {
    let approvals = Approvals::new(tables().await);
    let row = largest();
    assert_eq!(stored(&approvals, &row).await.row, row);
}

#[tokio::test]
async fn a_row_is_replaced_only_as_it_was_read() {
    let approvals = Approvals::new(tables().await);
    let first = stored(&approvals, &pending()).await;
    let approved = in_state(first.row.clone(), ApprovalState::Approved);
    approvals.replace(&first, &approved, soon()).await.unwrap();
    let denied = in_state(first.row.clone(), ApprovalState::Denied);
    let late = approvals.replace(&first, &denied, soon()).await;
    assert!(matches!(late, Err(TableError::Changed)), "{late:?}");
    let second = approvals.get(first.row.id, soon()).await.unwrap().unwrap();
    assert_eq!(second.row, approved);
    let done = in_state(second.row.clone(), ApprovalState::Done);
    approvals.replace(&second, &done, soon()).await.unwrap();
    assert_eq!(approvals.get(first.row.id, soon()).await.unwrap().unwrap().row, done);
}

#[tokio::test]
async fn a_row_that_lost_optional_values_does_not_keep_them() {
    let approvals = Approvals::new(tables().await);
    let first = stored(&approvals, &largest()).await;
    let again = pending();
    let again = ApprovalRow { id: first.row.id, message_id: None, ..again };
    approvals.replace(&first, &again, soon()).await.unwrap();
    assert_eq!(approvals.get(again.id, soon()).await.unwrap().unwrap().row, again);
}

#[tokio::test]
async fn pending_rows_come_oldest_first_and_by_their_digest() {
    let approvals = Approvals::new(tables().await);
    let mut expected = Vec::new();
    for hours in [3, 1, 2] {
        let mut row = pending();
        row.created_at += Span::hours(hours);
        row.subject.policy_sha256 = Some(hours.to_string());
        approvals.insert(&row, soon()).await.unwrap();
        for state in STATES.into_iter().filter(|state| *state != ApprovalState::Pending) {
            let other = ApprovalRow { id: pending().id, ..row.clone() };
            approvals.insert(&in_state(other, state), soon()).await.unwrap();
        }
        expected.push(row);
    }
    for row in &expected {
        let digest = row.subject.digest();
        let found = rows(approvals.waiting_with_digest(&digest, soon()).await.unwrap());
        assert!(found.contains(row), "{found:?}");
        // The other one is approved, and not carried out yet.
        assert!(found.iter().all(|one| !one.state.is_final() && one.subject == row.subject));
        assert_eq!(found.len(), 2, "{found:?}");
    }
    let unknown = largest().subject.digest();
    assert!(approvals.waiting_with_digest(&unknown, soon()).await.unwrap().is_empty());
    expected.sort_by_key(|row| row.created_at);
    assert_eq!(rows(approvals.pending(|_| true, soon()).await.unwrap()), expected);
}

#[tokio::test]
async fn only_the_pending_rows_that_are_wanted_are_kept() {
    let approvals = Approvals::new(tables().await);
    let (one, other) = (pending(), pending());
    for row in [&one, &other] {
        approvals.insert(row, soon()).await.unwrap();
    }
    let found = approvals.pending(|row| row.id == one.id, soon()).await.unwrap();
    assert_eq!(rows(found), [one]);
}

#[tokio::test]
async fn the_waiting_requests_of_a_requester_are_counted_up_to_a_limit() {
    let approvals = Approvals::new(tables().await);
    let requester = pending().requester;
    let none = WaitingOfRequester::default();
    assert_eq!(approvals.waiting_of(&requester, 9, soon()).await.unwrap(), none);
    let mut first = None;
    for hours in [3, 1, 2] {
        let mut row = pending();
        row.expires_at += Span::hours(hours);
        first = first.into_iter().chain([row.expires_at]).min();
        approvals.insert(&row, soon()).await.unwrap();
        for state in STATES.into_iter().filter(|state| *state != ApprovalState::Pending) {
            let over = ApprovalRow { id: pending().id, ..row.clone() };
            approvals.insert(&in_state(over, state), soon()).await.unwrap();
        }
        let mut other = ApprovalRow { id: pending().id, ..row };
        other.requester = Requester::Queue("another".to_owned());
        other.subject.requester = other.requester.to_string();
        approvals.insert(&other, soon()).await.unwrap();
    }
    let waiting = approvals.waiting_of(&requester, 9, soon()).await.unwrap();
    assert_eq!(waiting, WaitingOfRequester { count: 3, first_expires_at: first });
    assert_eq!(approvals.waiting_of(&requester, 2, soon()).await.unwrap().count, 2);
}

#[tokio::test]
async fn a_row_is_open_until_nothing_is_left_to_do_and_old_rows_are_found_after_that() {
    let approvals = Approvals::new(tables().await);
    let (mut open, mut finished) = (Vec::new(), Vec::new());
    for state in STATES {
        let row = in_state(pending(), state);
        let unsent =
            ApprovalRow { id: pending().id, unsent_events: vec!["{}".to_owned()], ..row.clone() };
        let is_due = ApprovalRow { id: pending().id, result_is_due: true, ..row.clone() };
        for row in [&row, &unsent, &is_due] {
            approvals.insert(row, soon()).await.unwrap();
        }
        open.extend([unsent.id, is_due.id]);
        if state.is_final() { finished.push(row) } else { open.push(row.id) }
    }
    open.sort();
    finished.sort_by_key(|row| row.id);
    let mut found: Vec<_> = rows(approvals.open(soon()).await.unwrap());
    found.sort_by_key(|row| row.id);
    assert_eq!(found.iter().map(|row| row.id).collect::<Vec<_>>(), open);
    let end = finished[0].finished_at.unwrap();
    assert!(approvals.finished_before(end, 9, soon()).await.unwrap().is_empty());
    let after = end + Span::SECOND;
    assert_eq!(approvals.finished_before(after, 1, soon()).await.unwrap().len(), 1);
    let mut old = rows(approvals.finished_before(after, 9, soon()).await.unwrap());
    old.sort_by_key(|row| row.id);
    assert_eq!(old, finished);
}

#[tokio::test]
async fn a_row_is_forgotten_only_as_it_was_read() {
    let approvals = Approvals::new(tables().await);
    let first = stored(&approvals, &pending()).await;
    let denied = in_state(first.row.clone(), ApprovalState::Denied);
    approvals.replace(&first, &denied, soon()).await.unwrap();
    approvals.forget(&first, soon()).await.unwrap();
    let second = approvals.get(denied.id, soon()).await.unwrap().unwrap();
    approvals.forget(&second, soon()).await.unwrap();
    assert!(approvals.get(denied.id, soon()).await.unwrap().is_none());
    // An answer can be lost, so the deletion is repeated.
    approvals.forget(&second, soon()).await.unwrap();
}

#[tokio::test]
async fn a_row_that_cannot_be_read_is_skipped_logged_and_kept() {
    let (log, _guard) = Log::begin();
    let tables = tables().await;
    let approvals = Approvals::new(tables.clone());
    let (good, bad) = (pending(), pending());
    approvals.insert(&good, soon()).await.unwrap();
    let mut entity = bad.to_entity();
    entity.insert("requester".to_owned(), "queue:another-team".into());
    tables.change(APPROVAL_TABLE, &[Change::Insert(entity.clone())], soon()).await.unwrap();
    // The same approval in a second row: its key is not the one that is written.
    entity.insert("RowKey".to_owned(), "forged".into());
    tables.change(APPROVAL_TABLE, &[Change::Insert(entity)], soon()).await.unwrap();
    assert_eq!(rows(approvals.pending(|_| true, soon()).await.unwrap()), [good]);
    let bad = bad.id.to_string();
    assert_eq!(log.unreadable(), [bad.as_str(), bad.as_str()]);
    assert!(approvals.get(ApprovalId::parse(&bad).unwrap(), soon()).await.unwrap().is_none());
    assert_eq!(log.unreadable().len(), 3);
    let kept = tables.query(APPROVAL_TABLE, "", soon()).await.unwrap();
    assert_eq!(kept.len(), 3);
}
