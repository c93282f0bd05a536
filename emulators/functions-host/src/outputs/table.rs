//! Entities for a table (Azure SDK for .NET, `TablesExtensionConfigProvider` and `TableEntityWriter`).

use std::collections::BTreeMap;

use indexmap::IndexMap;
use storage_emulator::{Entity, EntityValue, StorageError, Table};

use super::items::items;
use crate::{binding::BoundTable, ordered_json::Json};

/// Characters that keys must not contain, besides control characters.
const FORBIDDEN_IN_KEYS: [char; 4] = ['/', '\\', '#', '?'];

/// Writes a value of `Outputs`. The error is the reason why the invocation fails. Entities of one
/// partition are inserted in one transaction.
pub(crate) async fn write(output: &BoundTable, value: &Json) -> Result<(), String> {
    let mut partitions: IndexMap<String, Vec<Entity>> = IndexMap::new();
    for item in items(value)? {
        let entity = entity(&item)?;
        partitions.entry(entity.partition_key.clone()).or_default().push(entity);
    }
    for entities in partitions.values() {
        insert(&output.table, entities).await?;
    }
    Ok(())
}

/// Inserts entities, and creates the table first if it does not exist.
async fn insert(table: &Table, entities: &[Entity]) -> Result<(), String> {
    let result = match table.insert_all(entities).await {
        Err(StorageError::NotFound { .. }) => match table.create_if_missing().await {
            Ok(()) => table.insert_all(entities).await,
            Err(error) => Err(error),
        },
        result => result,
    };
    result.map_err(|error| error.to_string())
}

fn entity(item: &[u8]) -> Result<Entity, String> {
    let Ok(Json::Object(members)) = Json::parse(item) else {
        return Err("an entity of the output is not a JSON object".to_owned());
    };
    let (mut partition_key, mut row_key) = (Json::Null, Json::Null);
    let mut properties = BTreeMap::new();
    for (name, value) in members {
        match name.to_ascii_lowercase().as_str() {
            "partitionkey" => partition_key = value,
            "rowkey" => row_key = value,
            "etag" => return Err("this emulator does not support an ETag".to_owned()),
            _ => properties.extend(property(&name, &value)?.map(|value| (name, value))),
        }
    }
    Ok(Entity { partition_key: key(&partition_key)?, row_key: key(&row_key)?, properties })
}

fn key(value: &Json) -> Result<String, String> {
    let is_forbidden = |c: char| c.is_control() || FORBIDDEN_IN_KEYS.contains(&c);
    match value {
        Json::Text(text) if !text.contains(is_forbidden) => Ok(text.clone()),
        other => Err(format!(
            "{} is not a valid value for a partition key or row key. Ensure that the table entity contains valid 'PartitionKey' and 'RowKey' values.",
            other.compact()
        )),
    }
}

/// The value of a property. Whole numbers become 64-bit, dates stay texts, arrays and objects become
/// indented JSON, and null is left out.
fn property(name: &str, value: &Json) -> Result<Option<EntityValue>, String> {
    Ok(Some(match value {
        Json::Null => return Ok(None),
        Json::Bool(value) => EntityValue::Boolean(*value),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => EntityValue::Int64(whole),
            (None, Some(double)) if !number.is_u64() => EntityValue::Double(double),
            _ => return Err(format!("{name} is {number}, which a table cannot store")),
        },
        Json::Text(text) => EntityValue::String(text.clone()),
        Json::Array(_) | Json::Object(_) => EntityValue::String(value.indented()),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Entity, String> {
        entity(json.as_bytes())
    }

    #[test]
    fn items_that_are_not_entities_are_refused() {
        for json in [
            "",
            "[]",
            "1",
            r#"{"RowKey":"r"}"#,
            r#"{"PartitionKey":"p","RowKey":null}"#,
            r#"{"PartitionKey":"p","RowKey":7}"#,
            r#"{"PartitionKey":"p","RowKey":"r","n":9223372036854775808}"#,
            r#"{"PartitionKey":"p","RowKey":"r","ETag":"*"}"#,
        ] {
            read(json).unwrap_err();
        }
    }

    #[test]
    fn keys_with_characters_that_the_service_forbids_are_refused() {
        for key in ["a/b", "a\\\\b", "a#", "?", "\\u0000", "\\u001f", "\\u007f", "\\u009f"] {
            let error = read(&format!(r#"{{"PartitionKey":"p","RowKey":"{key}"}}"#)).unwrap_err();
            let expected = "is not a valid value for a partition key or row key";
            assert!(error.contains(expected), "{error}");
        }
        read(r#"{"partitionKey":"","ROWKEY":"it's à%"}"#).unwrap();
    }

    #[test]
    fn the_type_of_a_value_decides_the_type_of_the_property() {
        let json = r#"{"PartitionKey":"p","RowKey":"r","b":true,"i":5,"d":5.0,"s":"2026-01-02T03:04:05Z","n":null,"o":{"a":[1]}}"#;
        let properties = read(json).unwrap().properties;
        let text = |text: &str| EntityValue::String(text.to_owned());
        let expected = [
            ("b", EntityValue::Boolean(true)),
            ("d", EntityValue::Double(5.0)),
            ("i", EntityValue::Int64(5)),
            ("o", text("{\n  \"a\": [\n    1\n  ]\n}")),
            ("s", text("2026-01-02T03:04:05Z")),
        ];
        assert_eq!(properties, expected.map(|(name, value)| (name.to_owned(), value)).into());
    }
}
