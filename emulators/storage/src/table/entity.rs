//! Entities and their JSON ("Payload format for Table service operations").

use std::collections::BTreeMap;

use serde_json::{Map, Value};

const TYPE_SUFFIX: &str = "@odata.type";
const PARTITION_KEY: &str = "PartitionKey";
const ROW_KEY: &str = "RowKey";
/// The time of the last write, which the service adds.
const TIMESTAMP: &str = "Timestamp";

/// A row of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Entity {
    /// The partition of the table.
    pub partition_key: String,
    /// The key within the partition.
    pub row_key: String,
    /// All properties except the keys and the service's `Timestamp`.
    pub properties: BTreeMap<String, EntityValue>,
}

/// The value of a property ("Understanding the Table service data model").
#[derive(Clone, Debug, PartialEq)]
pub enum EntityValue {
    /// `Edm.Boolean`.
    Boolean(bool),
    /// `Edm.Int32`.
    Int32(i32),
    /// `Edm.Int64`.
    Int64(i64),
    /// `Edm.Double`.
    Double(f64),
    /// `Edm.DateTime`, as the service writes it: ISO 8601 in UTC.
    DateTime(String),
    /// `Edm.String`: at most 64 KiB of UTF-16.
    String(String),
}

impl EntityValue {
    /// The text of a string or a time; `None` for other types.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) | Self::DateTime(text) => Some(text),
            _ => None,
        }
    }

    /// The value in JSON, and the type's name where JSON does not show the type.
    fn written(&self) -> (Value, Option<&'static str>) {
        match self {
            Self::Boolean(value) => ((*value).into(), None),
            Self::Int32(value) => ((*value).into(), None),
            Self::Int64(value) => (value.to_string().into(), Some("Edm.Int64")),
            Self::Double(value) => ((*value).into(), Some("Edm.Double")),
            Self::String(text) => (text.as_str().into(), None),
            Self::DateTime(text) => (text.as_str().into(), Some("Edm.DateTime")),
        }
    }

    fn read(value: &Value, edm_type: Option<&str>) -> Option<Self> {
        match (edm_type, value) {
            (Some("Edm.Int64"), Value::String(text)) => text.parse().ok().map(Self::Int64),
            (Some("Edm.DateTime"), Value::String(text)) => Some(Self::DateTime(text.clone())),
            (Some("Edm.Double"), value) => value.as_f64().map(Self::Double),
            (None | Some("Edm.String"), Value::String(text)) => Some(Self::String(text.clone())),
            (_, Value::Bool(value)) => Some(Self::Boolean(*value)),
            (_, Value::Number(number)) => match number.as_i64() {
                Some(whole) => i32::try_from(whole).ok().map(Self::Int32),
                None => number.as_f64().map(Self::Double),
            },
            _ => None,
        }
    }
}

impl Entity {
    pub(super) fn json(&self) -> Value {
        let mut members = Map::new();
        members.insert(PARTITION_KEY.to_owned(), self.partition_key.as_str().into());
        members.insert(ROW_KEY.to_owned(), self.row_key.as_str().into());
        for (name, value) in &self.properties {
            let (value, edm_type) = value.written();
            if let Some(edm_type) = edm_type {
                members.insert(format!("{name}{TYPE_SUFFIX}"), edm_type.into());
            }
            members.insert(name.clone(), value);
        }
        Value::Object(members)
    }

    /// Reads an entity; `None` if the JSON is not one.
    pub(super) fn read(json: &Value) -> Option<Self> {
        let members = json.as_object()?;
        let key = |name| members.get(name)?.as_str().map(str::to_owned);
        let is_property = |name: &str| {
            !matches!(name, PARTITION_KEY | ROW_KEY | TIMESTAMP)
                && !name.starts_with("odata.")
                && !name.ends_with(TYPE_SUFFIX)
        };
        let properties =
            members.iter().filter(|(name, _)| is_property(name)).map(|(name, value)| {
                let edm_type = members.get(&format!("{name}{TYPE_SUFFIX}")).and_then(Value::as_str);
                Some((name.clone(), EntityValue::read(value, edm_type)?))
            });
        Some(Self {
            partition_key: key(PARTITION_KEY)?,
            row_key: key(ROW_KEY)?,
            properties: properties.collect::<Option<_>>()?,
        })
    }
}
