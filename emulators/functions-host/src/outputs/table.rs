//! Entities for a table (Azure SDK for .NET, `TablesExtensionConfigProvider` and `TableEntityWriter`).

use std::collections::BTreeMap;

use storage_emulator::{Entity, EntityValue, StorageError, Table, TableOperation};

use super::items::items;
use crate::{binding::BoundTable, ordered_json::Json};

/// The largest number of operations in one transaction.
const LARGEST_BATCH: usize = 100;
/// Characters that keys must not contain, besides control characters.
const FORBIDDEN_IN_KEYS: [char; 4] = ['/', '\\', '#', '?'];

/// Writes a value of `Outputs`. The error is the reason why the invocation fails. Entities of one
/// partition are one transaction, unless there are too many or two have equal row keys.
pub(crate) async fn write(output: &BoundTable, value: &Json) -> Result<(), String> {
    let mut batches: Vec<Vec<TableOperation>> = Vec::new();
    for item in items(value, output.data_type)? {
        let operation = operation(&item)?;
        let Entity { partition_key, row_key, .. } = operation.entity();
        let Some(batch) = batches.iter_mut().find(|batch| is_of(batch, partition_key)) else {
            batches.push(vec![operation]);
            continue;
        };
        let is_full = batch.len() == LARGEST_BATCH;
        if is_full || batch.iter().any(|known| known.entity().row_key == *row_key) {
            flush(&output.table, &std::mem::take(batch)).await?;
        }
        batch.push(operation);
    }
    for batch in batches {
        flush(&output.table, &batch).await?;
    }
    Ok(())
}

fn is_of(batch: &[TableOperation], partition_key: &str) -> bool {
    batch.first().is_some_and(|first| first.entity().partition_key == partition_key)
}

/// Writes a batch, and creates the table first if it does not exist.
async fn flush(table: &Table, batch: &[TableOperation]) -> Result<(), String> {
    let result = match table.transact(batch).await {
        Err(StorageError::NotFound { .. }) => match table.create_if_missing().await {
            Ok(()) => table.transact(batch).await,
            Err(error) => Err(error),
        },
        result => result,
    };
    result.map_err(|error| error.to_string())
}

/// An entity without an `ETag` is inserted; with the `ETag` `*` it may replace an existing one.
fn operation(item: &[u8]) -> Result<TableOperation, String> {
    let Ok(Json::Object(members)) = Json::parse(item) else {
        return Err("an entity of the output is not a JSON object".to_owned());
    };
    let (mut partition_key, mut row_key, mut e_tag) = (Json::Null, Json::Null, Json::Null);
    let mut properties = BTreeMap::new();
    for (name, value) in members {
        match name.to_ascii_lowercase().as_str() {
            "partitionkey" => partition_key = value,
            "rowkey" => row_key = value,
            "etag" => e_tag = value,
            _ => properties.extend(property(&name, &value)?.map(|value| (name, value))),
        }
    }
    let entity =
        Entity { partition_key: key(&partition_key)?, row_key: key(&row_key)?, properties };
    match e_tag {
        Json::Null => Ok(TableOperation::Insert(entity)),
        Json::Text(text) if text.is_empty() => Ok(TableOperation::Insert(entity)),
        Json::Text(text) if text == "*" => Ok(TableOperation::InsertOrReplace(entity)),
        other => Err(format!("the ETag {} is not supported by this emulator", other.compact())),
    }
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

    fn operation_of(json: &str) -> Result<TableOperation, String> {
        operation(json.as_bytes())
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
            r#"{"PartitionKey":"p","RowKey":"r","ETag":"W/\"1\""}"#,
        ] {
            operation_of(json).unwrap_err();
        }
    }

    #[test]
    fn keys_with_characters_that_the_service_forbids_are_refused() {
        for key in ["a/b", "a\\\\b", "a#", "?", "\\u0000", "\\u001f", "\\u007f", "\\u009f"] {
            let json = format!(r#"{{"PartitionKey":"p","RowKey":"{key}"}}"#);
            let error = operation_of(&json).unwrap_err();
            assert!(
                error.contains("is not a valid value for a partition key or row key"),
                "{error}"
            );
        }
        operation_of(r#"{"PartitionKey":"","RowKey":"it's à%"}"#).unwrap();
    }

    #[test]
    fn without_an_e_tag_an_entity_is_inserted_and_with_a_star_it_replaces() {
        let keys = r#""partitionKey":"p","ROWKEY":"r""#;
        let insert = operation_of(&format!(r#"{{{keys},"etag":""}}"#)).unwrap();
        assert!(matches!(insert, TableOperation::Insert(_)), "{insert:?}");
        let replace = operation_of(&format!(r#"{{{keys},"etag":"*"}}"#)).unwrap();
        assert!(matches!(replace, TableOperation::InsertOrReplace(_)), "{replace:?}");
        assert!(replace.entity().properties.is_empty());
    }

    #[test]
    fn the_type_of_a_value_decides_the_type_of_the_property() {
        let json = r#"{"PartitionKey":"p","RowKey":"r","b":true,"i":5,"d":5.0,"s":"2026-01-02T03:04:05Z","n":null,"o":{"a":[1]}}"#;
        let properties = operation_of(json).unwrap().entity().properties.clone();
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
