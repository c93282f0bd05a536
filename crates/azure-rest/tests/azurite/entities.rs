//! What is written is read again, and conflicts are told apart.

use azure_rest::tables::{Change, Entity, TableError, Tables, literal};
use serde_json::{Value, json};
use time::macros::datetime;

use crate::accounts::{soon, with_key, with_tokens};

pub(crate) const TABLE: &str = "Rows";

pub(crate) fn entity(keys: (&str, &str), text: &str) -> Entity {
    let json = json!({ "PartitionKey": keys.0, "RowKey": keys.1, "text": text });
    let Value::Object(entity) = json else { unreachable!() };
    entity
}

pub(crate) fn etag(entity: &Entity) -> String {
    entity["odata.etag"].as_str().unwrap().to_owned()
}

pub(crate) async fn change(tables: &Tables, changes: &[Change]) -> Result<(), TableError> {
    tables.change(TABLE, changes, soon()).await
}

pub(crate) async fn text(tables: &Tables, keys: (&str, &str)) -> Option<String> {
    let entity = tables.get(TABLE, keys, soon()).await.unwrap();
    entity.map(|entity| entity["text"].as_str().unwrap().to_owned())
}

/// Each test runs with both kinds of access.
async fn both() -> [Tables; 2] {
    [with_key().await.0, with_tokens().await.0]
}

#[tokio::test]
async fn a_missing_table_is_created_by_an_insert_and_is_empty_when_read() {
    for tables in both().await {
        assert_eq!(text(&tables, ("p", "r")).await, None);
        assert!(tables.query(TABLE, "", soon()).await.unwrap().is_empty());
        change(&tables, &[Change::Insert(entity(("p", "r"), "one"))]).await.unwrap();
        assert_eq!(text(&tables, ("p", "r")).await.as_deref(), Some("one"));
    }
}

#[tokio::test]
async fn a_missing_table_is_created_by_a_transaction_too() {
    for tables in both().await {
        let changes = ["1", "2"].map(|row| Change::Upsert(entity(("p", row), row)));
        change(&tables, &changes).await.unwrap();
        assert_eq!(tables.query(TABLE, "", soon()).await.unwrap().len(), 2);
    }
}

#[tokio::test]
async fn each_change_does_what_its_name_says() {
    for tables in both().await {
        let keys = ("p", "r");
        let delete = |etag| Change::Delete { partition_key: "p".into(), row_key: "r".into(), etag };
        change(&tables, &[Change::Insert(entity(keys, "one"))]).await.unwrap();
        let again = change(&tables, &[Change::Insert(entity(keys, "two"))]).await;
        assert!(matches!(again, Err(TableError::Exists)), "{again:?}");
        let read = tables.get(TABLE, keys, soon()).await.unwrap().unwrap();
        let replace = |text: &str| {
            let mut entity = read.clone();
            entity.insert("text".to_owned(), text.into());
            Change::Replace { entity, etag: etag(&read) }
        };
        change(&tables, &[replace("three")]).await.unwrap();
        let stale = change(&tables, &[replace("four")]).await;
        assert!(matches!(stale, Err(TableError::Changed)), "{stale:?}");
        assert_eq!(text(&tables, keys).await.as_deref(), Some("three"));
        change(&tables, &[Change::Upsert(entity(keys, "five"))]).await.unwrap();
        assert_eq!(text(&tables, keys).await.as_deref(), Some("five"));
        let stale = change(&tables, &[delete(Some(etag(&read)))]).await;
        assert!(matches!(stale, Err(TableError::Changed)), "{stale:?}");
        change(&tables, &[delete(None)]).await.unwrap();
        let missing = change(&tables, &[delete(None)]).await;
        assert!(matches!(missing, Err(TableError::NotFound)), "{missing:?}");
        for stale in [delete(Some(etag(&read))), replace("six")] {
            let stale = change(&tables, &[stale]).await;
            assert!(matches!(stale, Err(TableError::Changed)), "{stale:?}");
        }
    }
}

#[tokio::test]
async fn a_conflict_inside_a_transaction_undoes_all_of_it() {
    for tables in both().await {
        change(&tables, &[Change::Insert(entity(("p", "2"), "there"))]).await.unwrap();
        let stale = etag(&tables.get(TABLE, ("p", "2"), soon()).await.unwrap().unwrap());
        change(&tables, &[Change::Upsert(entity(("p", "2"), "new"))]).await.unwrap();
        let delete = |row: &str, etag| Change::Delete {
            partition_key: "p".into(),
            row_key: row.into(),
            etag,
        };
        let first = Change::Insert(entity(("p", "1"), "one"));
        let conflicts = [
            (Change::Insert(entity(("p", "2"), "two")), TableError::Exists),
            (
                Change::Replace { entity: entity(("p", "2"), "two"), etag: stale.clone() },
                TableError::Changed,
            ),
            (delete("2", Some(stale)), TableError::Changed),
            (delete("3", None), TableError::NotFound),
        ];
        for (conflict, expected) in conflicts {
            for changes in [[first.clone(), conflict.clone()], [conflict.clone(), first.clone()]] {
                let refused = change(&tables, &changes).await.unwrap_err();
                assert_eq!(refused.to_string(), expected.to_string(), "{conflict:?}");
                assert_eq!(text(&tables, ("p", "1")).await, None, "{conflict:?}");
                assert_eq!(text(&tables, ("p", "2")).await.as_deref(), Some("new"));
            }
        }
    }
}

#[tokio::test]
async fn a_transaction_mixes_changes_of_all_kinds() {
    for tables in both().await {
        let rows = ["1", "2", "3"].map(|row| Change::Insert(entity(("p", row), "old")));
        change(&tables, &rows).await.unwrap();
        let read = tables.query(TABLE, "", soon()).await.unwrap();
        let replaced = Change::Replace { entity: entity(("p", "1"), "new"), etag: etag(&read[0]) };
        let deleted = |row: usize, etag| Change::Delete {
            partition_key: "p".into(),
            row_key: row.to_string(),
            etag,
        };
        let changes = [
            replaced,
            deleted(2, Some(etag(&read[1]))),
            deleted(3, None),
            Change::Upsert(entity(("p", "4"), "new")),
            Change::Insert(entity(("p", "5"), "new")),
        ];
        change(&tables, &changes).await.unwrap();
        let left = tables.query(TABLE, "text eq 'new'", soon()).await.unwrap();
        let left: Vec<_> = left.iter().map(|entity| entity["RowKey"].as_str().unwrap()).collect();
        assert_eq!(left, ["1", "4", "5"]);
    }
}

#[tokio::test]
async fn a_transaction_has_at_most_a_hundred_changes() {
    let inserts = |count: usize| {
        let rows = (0..count).map(|row| Change::Insert(entity(("p", &format!("{row:03}")), "x")));
        rows.collect::<Vec<_>>()
    };
    for tables in both().await {
        change(&tables, &[]).await.unwrap();
        let TableError::Failed(error) = change(&tables, &inserts(101)).await.unwrap_err() else {
            panic!("a transaction of 101 changes was not refused");
        };
        assert!(!error.may_pass() && error.to_string().contains("101 changes"), "{error}");
        for count in [1, 2, 100] {
            change(&tables, &inserts(count)).await.unwrap();
            let rows = tables.query(TABLE, "", soon()).await.unwrap();
            assert_eq!(rows.len(), count);
            let keys = rows.iter().map(|row| row["RowKey"].as_str().unwrap());
            let deletes: Vec<_> = keys
                .map(|row| Change::Delete {
                    partition_key: "p".into(),
                    row_key: row.into(),
                    etag: None,
                })
                .collect();
            change(&tables, &deletes).await.unwrap();
        }
    }
}

#[tokio::test]
async fn keys_and_texts_come_back_as_they_were() {
    let odd = [
        "O'Brien",
        "''",
        "a b",
        "50%",
        "%27",
        "a+b",
        "a&b=c",
        "a,b;c:d",
        "(1)",
        "[x]{y}|^`",
        "~.-_",
        "Müller",
        "名前",
        "🦀",
        "$batch",
        "\"quoted\"",
        "<tag>",
        "@",
        "!*",
        ".",
        "..",
    ];
    for tables in both().await {
        for (index, key) in odd.iter().enumerate() {
            let keys = (*key, format!("{index}-{key}"));
            let keys = (keys.0, keys.1.as_str());
            change(&tables, &[Change::Insert(entity(keys, key))]).await.unwrap();
            assert_eq!(text(&tables, keys).await.as_deref(), Some(*key));
            change(&tables, &[Change::Upsert(entity(keys, "changed"))]).await.unwrap();
            assert_eq!(text(&tables, keys).await.as_deref(), Some("changed"), "{key}");
            let filter = format!("PartitionKey eq {}", literal::text(key));
            let found = tables.query(TABLE, &filter, soon()).await.unwrap();
            assert_eq!(found.len(), 1, "{key}");
            let (partition_key, row_key) = (keys.0.to_owned(), keys.1.to_owned());
            let delete = Change::Delete { partition_key, row_key, etag: Some(etag(&found[0])) };
            change(&tables, &[delete, Change::Insert(entity((key, "other"), key))]).await.unwrap();
            assert_eq!(text(&tables, keys).await, None, "{key}");
            assert_eq!(text(&tables, (key, "other")).await.as_deref(), Some(*key));
        }
    }
}

#[tokio::test]
async fn texts_come_back_as_they_were() {
    let texts = [
        "",
        "O'Brien said \"no\" \\ \t",
        "Müller 名前 🦀 \u{0}\u{7f}\u{feff}",
        "\r\n--batch_4d2f9c61--\r\n--changeset_b7e05a38--\r\nHTTP/1.1 409 Conflict\r\n\r\n{}",
        &"ü".repeat(32 * 1024),
        &"🦀".repeat(16 * 1024),
    ];
    for tables in both().await {
        let row = |row: usize, text| Change::Upsert(entity(("p", &row.to_string()), text));
        let all: Vec<_> = texts.iter().enumerate().map(|(index, text)| row(index, text)).collect();
        change(&tables, &all).await.unwrap();
        for (index, expected) in texts.iter().enumerate() {
            let keys = ("p", index.to_string());
            assert_eq!(text(&tables, (keys.0, &keys.1)).await.as_deref(), Some(*expected));
            change(&tables, &[row(index, expected)]).await.unwrap();
            assert_eq!(text(&tables, (keys.0, &keys.1)).await.as_deref(), Some(*expected));
        }
    }
}

#[tokio::test]
async fn times_are_compared_as_times() {
    for tables in both().await {
        let times = [
            datetime!(2026-11-26 09:59:59.999 UTC),
            datetime!(2026-11-26 12:00:00 +02:00),
            datetime!(2026-11-26 10:00:00.001 UTC),
        ];
        for (row, time) in times.iter().enumerate() {
            let mut entity = entity(("p", &row.to_string()), "x");
            literal::set_time(&mut entity, "due", *time);
            change(&tables, &[Change::Insert(entity)]).await.unwrap();
        }
        let filter = format!("due le {}", literal::time(datetime!(2026-11-26 10:00 UTC)));
        let due = tables.query(TABLE, &filter, soon()).await.unwrap();
        let due: Vec<_> = due.iter().map(|row| literal::time_of(row, "due").unwrap()).collect();
        assert_eq!(due, times[..2]);
    }
}
