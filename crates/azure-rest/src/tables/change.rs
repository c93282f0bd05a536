//! Entities, and what can be done to them.

use serde_json::{Map, Value};

/// A row of a table: a flat object with the keys `PartitionKey` and `RowKey`, both of them texts.
///
/// A member `x@odata.type` says the type of `x` where JSON does not show it, for instance `Edm.DateTime`
/// ("Payload format for Table service operations"). An entity that was read has its `odata.etag`, too.
pub type Entity = Map<String, Value>;

/// The most changes in one transaction ("Performing entity group transactions").
pub const MOST_CHANGES: usize = 100;

/// A change of one entity.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// Adds an entity; fails if there is one with its keys ("Insert Entity").
    Insert(Entity),
    /// Adds an entity, or replaces the one with its keys ("Insert Or Replace Entity").
    Upsert(Entity),
    /// Replaces an entity, unless it was changed or deleted since ("Update Entity").
    Replace {
        /// The new entity.
        entity: Entity,
        /// The version that is replaced: `odata.etag` of what was read.
        etag: String,
    },
    /// Deletes an entity ("Delete Entity").
    Delete {
        /// Its partition.
        partition_key: String,
        /// Its key in the partition.
        row_key: String,
        /// The version that is deleted. `None` deletes any version.
        etag: Option<String>,
    },
}

impl Change {
    /// Whether the table is created for this change if it is missing.
    pub(super) fn adds(&self) -> bool {
        matches!(self, Self::Insert(_) | Self::Upsert(_))
    }

    /// Whether this change depends on what was read before.
    pub(super) fn has_etag(&self) -> bool {
        matches!(self, Self::Replace { .. } | Self::Delete { etag: Some(_), .. })
    }
}
