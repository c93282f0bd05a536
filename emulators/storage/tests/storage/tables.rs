//! Azurite's tables.

use storage_emulator::{Account, Entity, EntityValue, StorageError, Table};

use crate::account::account;

fn entity(partition_key: &str, row_key: &str, count: i64) -> Entity {
    let properties = [("Count".to_owned(), EntityValue::Int64(count))].into();
    Entity { partition_key: partition_key.to_owned(), row_key: row_key.to_owned(), properties }
}

async fn table() -> Table {
    let table = account().await.table("Rows");
    table.create_if_missing().await.unwrap();
    table
}

#[tokio::test]
async fn a_table_that_does_not_exist_is_not_found() {
    let table = account().await.table("Absent");
    for error in [
        table.entities().await.unwrap_err(),
        table.insert_all(&[entity("p", "r", 1)]).await.unwrap_err(),
    ] {
        assert!(matches!(error, StorageError::NotFound { .. }), "{error}");
    }
}

#[tokio::test]
async fn a_name_that_the_service_refuses_is_an_error_that_names_the_table() {
    let error = account().await.table("no-such-name").create_if_missing().await.unwrap_err();
    assert!(error.to_string().contains("'no-such-name'"), "{error}");
}

#[tokio::test]
async fn a_wrong_key_opens_nothing() {
    let text = account().await.connection_string();
    let wrong = text.replace("AccountKey=", "AccountKey=AAAA");
    let table = Account::from_connection_string(&wrong).unwrap().table("Rows");
    let error = table.create_if_missing().await.unwrap_err();
    assert!(error.to_string().contains("403"), "{error}");
}

#[tokio::test]
async fn all_entities_are_inserted_or_none() {
    let table = table().await;
    table.create_if_missing().await.unwrap();
    table.insert_all(&[entity("p", "it's", 1)]).await.unwrap();
    let entities = ["a", "it's"].map(|row| entity("p", row, 2));
    let error = table.insert_all(&entities).await.unwrap_err();
    assert!(matches!(&error, StorageError::Conflict { .. }), "{error}");
    assert!(error.to_string().contains("EntityAlreadyExists"), "{error}");
    assert_eq!(table.entities().await.unwrap(), [entity("p", "it's", 1)]);
}

#[tokio::test]
async fn an_entity_is_put_whether_it_exists_or_not() {
    let table = table().await;
    for count in [1, 2] {
        table.put(&entity("p", "it's", count)).await.unwrap();
        assert_eq!(table.entities().await.unwrap(), [entity("p", "it's", count)]);
    }
}

#[tokio::test]
async fn values_come_back_with_their_types() {
    let table = table().await;
    let mut sent = entity("p", "r", i64::MAX);
    for (name, value) in [
        ("Flag", EntityValue::Boolean(true)),
        ("Number", EntityValue::Int32(-1)),
        ("Double", EntityValue::Double(2.0)),
        ("Time", EntityValue::DateTime("2026-11-26T12:00:00.1234567Z".to_owned())),
        ("Text", EntityValue::String("à \"b\"\r\n--changeset".to_owned())),
    ] {
        sent.properties.insert(name.to_owned(), value);
    }
    table.insert_all(&[sent.clone()]).await.unwrap();
    assert_eq!(table.entities().await.unwrap(), [sent]);
}

#[tokio::test]
async fn more_entities_than_one_answer_holds_are_read_to_the_end() {
    let table = table().await;
    for partition in 0..11 {
        let row = |row| entity(&format!("{partition:02}"), &format!("{row:02} +&"), row);
        table.insert_all(&(0..100).map(row).collect::<Vec<_>>()).await.unwrap();
    }
    let entities = table.entities().await.unwrap();
    assert_eq!(entities.len(), 1_100);
    assert!(entities.is_sorted_by_key(|e| (e.partition_key.clone(), e.row_key.clone())));
}
