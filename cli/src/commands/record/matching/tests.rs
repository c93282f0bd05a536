//! Rows and entries at minutes of one hour, and what stays unexplained.

use proptest::prelude::*;
use serde_json::{Value, json};
use time::macros::datetime;

use super::*;

const ID: &str = "11111111-1111-1111-1111-111111111111";
const OTHER: &str = "22222222-2222-2222-2222-222222222222";

fn at(minute: i64) -> OffsetDateTime {
    datetime!(2026-08-20 10:00 UTC) + Duration::minutes(minute)
}

fn text(minute: i64) -> String {
    crate::timestamps::to_the_second(at(minute))
}

fn entry(minute: i64) -> DirectoryAudit {
    let id = ObjectId::parse(ID).unwrap();
    DirectoryAudit {
        id: format!("entry {minute}"),
        at: Some(at(minute)),
        action: Action::Assign,
        author: Some(id),
        principal: Some(id),
        api: Some(id),
        role: Some(AppRoleId::parse(ID).unwrap()),
        correlation_id: None,
    }
}

fn row(more: &Value) -> Row {
    let mut row = json!({
        "PartitionKey": ID, "principalId": ID, "apiId": ID, "appRoleId": ID, "action": "assign",
        "status": "assigned", "startedAt": text(0), "durationMs": 1000,
    });
    row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let Value::Object(row) = row else { panic!() };
    Row::from(row)
}

fn explains(more: &Value, minute: i64) -> bool {
    let known = Explanation::of_row(&row(more)).into_iter().collect();
    unexplained(vec![entry(minute)], known).is_empty()
}

#[test]
fn a_row_of_another_change_or_without_a_write_explains_nothing() {
    for more in [
        json!({ "action": "revoke" }),
        json!({ "action": "wouldAssign" }),
        json!({ "action": null }),
        json!({ "principalId": OTHER }),
        json!({ "apiId": OTHER }),
        json!({ "appRoleId": OTHER }),
        json!({ "appRoleId": "Orders.Read" }),
        json!({ "status": "alreadyAssigned" }),
        json!({ "status": "denied" }),
        json!({ "status": "notWritten" }),
        json!({ "status": null }),
        json!({ "dryRun": true }),
        json!({ "startedAt": "yesterday" }),
    ] {
        assert!(!explains(&more, 0), "{more}");
    }
    assert!(explains(&json!({}), 0));
}

#[test]
fn clocks_may_differ_by_ten_minutes_before_the_start_and_after_the_end() {
    let long = json!({ "durationMs": 300_000 });
    for (more, minute, is_explained) in [
        (&json!({}), -10, true),
        (&json!({}), -11, false),
        (&json!({}), 10, true),
        (&json!({}), 11, false),
        (&long, 15, true),
        (&long, 16, false),
        (&json!({ "createdDateTime": text(20) }), 30, true),
        (&json!({ "createdDateTime": text(20) }), 31, false),
        (&json!({ "startedAt": null, "createdDateTime": text(20) }), 9, false),
        (&json!({ "principalId": null }), 0, true),
    ] {
        assert_eq!(explains(more, minute), is_explained, "{more} {minute}");
    }
}

#[test]
fn an_entry_that_cannot_be_read_is_unexplained() {
    for unreadable in [
        DirectoryAudit { at: None, ..entry(0) },
        DirectoryAudit { principal: None, ..entry(0) },
        DirectoryAudit { api: None, ..entry(0) },
        DirectoryAudit { role: None, ..entry(0) },
    ] {
        let known = vec![Explanation::of_row(&row(&json!({}))).unwrap()];
        assert_eq!(unexplained(vec![unreadable], known).len(), 1);
    }
}

#[test]
fn a_write_with_several_rows_explains_one_change() {
    let first = row(&json!({ "RowKey": "1", "status": "unknown" }));
    let settled = |status: &str| {
        let more = json!({ "RowKey": "1-settled", "status": status, "settledLater": true,
                           "durationMs": null });
        row(&more)
    };
    let intent =
        |key: &str| row(&json!({ "auditRowKey": key, "intendedAt": text(0), "status": null }));
    for (rows, intents, explained) in [
        (vec![first.clone()], vec![], 1),
        (vec![first.clone()], vec![intent("1")], 1),
        (vec![first.clone()], vec![intent("2")], 2),
        (vec![first.clone(), settled("assigned")], vec![], 1),
        (vec![first.clone(), settled("notWritten")], vec![], 0),
        (vec![settled("assigned")], vec![], 1),
        (vec![], vec![intent("1"), intent("1")], 2),
    ] {
        let left = unexplained(vec![entry(0), entry(1), entry(2)], explanations(&rows, &intents));
        assert_eq!(left.len(), 3 - explained, "{rows:?} {intents:?}");
    }
}

/// The largest number of entries that can be explained, by trying everything.
fn most(entries: &[i64], intervals: &[(i64, i64)]) -> usize {
    let Some((first, rest)) = entries.split_first() else { return 0 };
    let without = most(rest, intervals);
    let fits = |(from, to): (i64, i64)| (from - 10..=to + 10).contains(first);
    let with = (0..intervals.len()).filter(|index| fits(intervals[*index])).map(|index| {
        let mut left = intervals.to_vec();
        left.remove(index);
        1 + most(rest, &left)
    });
    with.max().unwrap_or_default().max(without)
}

proptest! {
    #[test]
    fn as_many_entries_are_explained_as_rows_allow(
        entries in prop::collection::vec(0_i64..60, 0..6),
        rows in prop::collection::vec((0_i64..60, 0_i64..20), 0..5),
    ) {
        let known = rows.iter().map(|(start, took)| {
            let more = json!({ "startedAt": text(*start), "durationMs": took * 60_000 });
            Explanation::of_row(&row(&more)).unwrap()
        });
        let left = unexplained(entries.iter().map(|minute| entry(*minute)).collect(), known.collect());
        let intervals: Vec<_> = rows.iter().map(|(start, took)| (*start, start + took)).collect();
        prop_assert_eq!(entries.len() - left.len(), most(&entries, &intervals));
    }
}
