//! Answers that are lost after the change was made, and tables that several instances create at once.

use azure_rest::tables::{Change, TableError, Tables};
use futures_util::future::join_all;
use storage_emulator::Account;

use crate::{
    accounts::{keyed, soon, with_key, with_tokens},
    entities::{TABLE, change, entity, etag, text},
    relay,
};

/// A client of the account through a relay that drops the answer on its first connection.
async fn with_a_lost_answer(account: &Account) -> Tables {
    keyed(account, relay::without_the_first_answer(account.table_endpoint()).await.as_str())
}

#[tokio::test]
async fn an_upsert_whose_answer_was_lost_succeeds() {
    let (tables, account) = with_key().await;
    change(&tables, &[Change::Insert(entity(("p", "old"), "old"))]).await.unwrap();
    for rows in [&["1"][..], &["2", "3"]] {
        let upserts: Vec<_> =
            rows.iter().map(|row| Change::Upsert(entity(("p", row), row))).collect();
        change(&with_a_lost_answer(&account).await, &upserts).await.unwrap();
        for row in rows {
            assert_eq!(text(&tables, ("p", row)).await.as_deref(), Some(*row));
        }
    }
}

#[tokio::test]
async fn an_insert_whose_answer_was_lost_finds_its_own_entity() {
    let (tables, account) = with_key().await;
    change(&tables, &[Change::Insert(entity(("p", "old"), "old"))]).await.unwrap();
    for rows in [&["1"][..], &["2", "3"]] {
        let inserts: Vec<_> =
            rows.iter().map(|row| Change::Insert(entity(("p", row), row))).collect();
        let found = change(&with_a_lost_answer(&account).await, &inserts).await;
        assert!(matches!(found, Err(TableError::Exists)), "{found:?}");
        for row in rows {
            assert_eq!(text(&tables, ("p", row)).await.as_deref(), Some(*row));
        }
    }
}

#[tokio::test]
async fn a_change_by_etag_whose_answer_was_lost_finds_its_own_change() {
    let (tables, account) = with_key().await;
    let keys = ("p", "r");
    change(&tables, &[Change::Insert(entity(keys, "old"))]).await.unwrap();
    let read = tables.get(TABLE, keys, soon()).await.unwrap().unwrap();
    let replace = Change::Replace { entity: entity(keys, "new"), etag: etag(&read) };
    let found = change(&with_a_lost_answer(&account).await, &[replace]).await;
    assert!(matches!(found, Err(TableError::Changed)), "{found:?}");
    assert_eq!(text(&tables, keys).await.as_deref(), Some("new"));
    let delete = Change::Delete { partition_key: "p".into(), row_key: "r".into(), etag: None };
    let found = change(&with_a_lost_answer(&account).await, &[delete]).await;
    assert!(matches!(found, Err(TableError::NotFound)), "{found:?}");
    assert_eq!(text(&tables, keys).await, None);
}

#[tokio::test]
async fn instances_that_create_a_table_at_once_all_write() {
    for tables in [with_key().await.0, with_tokens().await.0] {
        let writes = (0..8).map(|row| {
            let tables = tables.clone();
            async move {
                let row = row.to_string();
                let changes = ["a", "b"].map(|part| Change::Insert(entity((&row, part), part)));
                change(&tables, &changes).await
            }
        });
        for written in join_all(writes).await {
            written.unwrap();
        }
        assert_eq!(tables.query(TABLE, "", soon()).await.unwrap().len(), 16);
    }
}

#[tokio::test]
async fn a_query_follows_the_pages_of_the_service() {
    let (tables, _) = with_key().await;
    let partitions = (0..11).map(|partition: u32| partition.to_string());
    for partition in partitions {
        let rows = (0..100).map(|row| entity((&partition, &format!("{row:02}")), "x"));
        change(&tables, &rows.map(Change::Insert).collect::<Vec<_>>()).await.unwrap();
    }
    let rows = tables.query(TABLE, "", soon()).await.unwrap();
    let mut keys: Vec<_> = rows
        .iter()
        .map(|row| ["PartitionKey", "RowKey"].map(|key| row[key].as_str().unwrap().to_owned()))
        .collect();
    assert!(keys.is_sorted());
    keys.dedup();
    assert_eq!(keys.len(), 1100);
}

#[tokio::test]
async fn a_wrong_key_is_refused_and_not_shown() {
    let (_, account) = with_key().await;
    let service = account.table_endpoint().as_str().parse().unwrap();
    let key = azure_rest::shared_key::SharedKey::parse(account.name(), "d3Jvbmc=").unwrap();
    let timing = azure_rest::timing::CallTiming::default();
    let http = azure_rest::client::build(&service, &timing).unwrap();
    let tables = Tables::with_shared_key(http, service, key, timing);
    let error = change(&tables, &[Change::Insert(entity(("p", "r"), "x"))]).await.unwrap_err();
    let shown = format!("{error} {error:?}");
    assert!(shown.contains("check the AccountKey of AzureWebJobsStorage"), "{shown}");
    assert!(!shown.contains("d3Jvbmc") && !shown.contains("\"wrong\""), "{shown}");
}
