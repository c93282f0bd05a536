//! Rows that were written are read back.

use azure_rest::tables::Entity;
use proptest::prelude::*;
use record::approvals::ApprovalRow;
use serde_json::json;
use time::Duration;

use crate::generators::{STATES, in_state, pending, row};

fn is_open(row: &ApprovalRow) -> bool {
    row.to_entity().get("isOpen") == Some(&json!(true))
}

#[test]
fn a_row_is_open_until_it_is_finished_and_everything_was_sent() {
    for state in STATES {
        let row = in_state(pending(), state);
        assert_eq!(is_open(&row), !state.is_final(), "{state:?}");
        assert!(is_open(&ApprovalRow { finished_at: None, ..row.clone() }));
        assert!(is_open(&ApprovalRow { result_is_due: true, ..row.clone() }));
        assert!(is_open(&ApprovalRow { unsent_events: vec!["{}".to_owned()], ..row }));
    }
}

#[test]
fn a_time_loses_less_than_the_unit_of_the_table_service() {
    let (row, rest) = (pending(), Duration::nanoseconds(99));
    let later = ApprovalRow { created_at: row.created_at + rest, ..row.clone() };
    assert_eq!(ApprovalRow::of_entity(&later.to_entity()), Ok(row));
}

#[test]
fn columns_that_this_version_does_not_know_are_ignored() {
    let row = pending();
    let mut entity = row.to_entity();
    for (name, value) in [("odata.etag", "W/1"), ("Timestamp", "2026-11-26T10:00:00Z"), ("x", "y")]
    {
        entity.insert(name.to_owned(), value.into());
    }
    assert_eq!(ApprovalRow::of_entity(&entity), Ok(row));
}

/// An entity as it travels to the table service and back.
fn sent(entity: &Entity) -> Entity {
    serde_json::from_str(&serde_json::to_string(entity).unwrap()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn every_row_is_read_back_as_it_was_written(row in row()) {
        prop_assert_eq!(ApprovalRow::of_entity(&sent(&row.to_entity())), Ok(row));
    }
}
