//! Single rows: what can be read, and how they grow.

use app_roles::directory::Assignment;
use proptest::{collection::vec, prelude::*};
use record::ends::{
    EndRow,
    rules::{NewEnd, Now, RowChange, Step, next},
};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    invocation::{Invocation, Work},
    world::key,
};

fn at(seconds: i64) -> OffsetDateTime {
    OffsetDateTime::UNIX_EPOCH + Duration::seconds(seconds)
}

fn new_end(end: i64, now: i64) -> NewEnd {
    let work = Work::Grant { end: Some(end), is_duration: false, message: 0 };
    Invocation::new(work, at(now), true).new_end.unwrap()
}

fn after(row: Option<&EndRow>, step: &Step<'_>, now: i64) -> EndRow {
    let now = Now { at: at(now), list_lag: Duration::minutes(5) };
    match next(key(), row, step, now).row {
        RowChange::Put(row) => *row,
        other => panic!("{other:?}"),
    }
}

fn assignment(created: i64) -> Assignment {
    let created = Some(at(created).format(&Rfc3339).unwrap());
    Assignment { id: "an-id".to_owned(), api: key().api, role: key().role, created }
}

/// Rows of each shape.
fn rows() -> [EndRow; 2] {
    let new = new_end(9_000, 100);
    let announced = after(None, &Step::Announced(&new), 100);
    let bound = after(Some(&announced), &Step::Created(&assignment(110), Some(&new)), 120);
    [announced, bound]
}

#[test]
fn a_row_is_unreadable_without_a_column_that_it_needs() {
    for row in rows() {
        let entity = row.to_entity();
        for column in entity.keys().filter(|name| !name.ends_with("@odata.type")) {
            for strange in [None, Some(json!(true)), Some(json!({ "a": [] }))] {
                let mut changed = entity.clone();
                match &strange {
                    None => changed.remove(column),
                    Some(strange) => changed.insert(column.clone(), strange.clone()),
                };
                assert!(EndRow::of_entity(&changed).is_err(), "{column}: {strange:?}");
            }
        }
    }
}

#[test]
fn an_end_that_an_operator_moves_is_moved() {
    for row in rows() {
        let mut entity = row.to_entity();
        entity.insert("endDateTime".to_owned(), "2026-11-26T10:00:00Z".into());
        let moved = EndRow::of_entity(&entity).unwrap();
        assert_eq!(moved.claims.first().map(|claim| claim.end), moved.due_at());
        assert_ne!(moved.due_at(), row.due_at());
    }
}

proptest! {
    #[test]
    fn no_text_in_a_column_makes_reading_panic(which: usize, text: String) {
        for row in rows() {
            let mut entity = row.to_entity();
            let column = entity.keys().nth(which % entity.len()).cloned().unwrap();
            entity.insert(column, Value::from(text.clone()));
            let _ = EndRow::of_entity(&entity);
        }
    }

    #[test]
    fn writes_that_were_cut_leave_a_bounded_row_that_covers_what_each_can_have_made(
        ends in vec(10_000_i64..20_000, 1..60),
    ) {
        let mut row = None;
        for (number, end) in (0..).zip(&ends) {
            let now = number * 100;
            row = Some(after(row.as_ref(), &Step::Announced(&new_end(*end, now)), now));
        }
        let row = row.unwrap();
        prop_assert!(row.claims.len() <= 16, "{}", row.claims.len());
        prop_assert_eq!(EndRow::of_entity(&row.to_entity()), Ok(row.clone()));
        for (number, end) in (0..).zip(&ends) {
            let covered = row.end_of(&assignment(number * 100 + 30));
            prop_assert!(covered.is_some_and(|covered| covered >= at(*end)), "{number}");
        }
    }
}
